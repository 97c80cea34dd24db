"""Events of an organization as a file: put together by a job, kept for a week, fetched by a link of five minutes."""

import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import IO, Any
from uuid import UUID

from django.core import signing
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import Q, QuerySet

from platform_core import clock, selectors, transactions, workflow
from platform_core.errors import Conflict, Gone, NotFound
from platform_core.models import AuditEvent, AuditExport, Job
from platform_core.services import audit, audit_documents
from platform_core.workflow import Again, Context, Done, Outcome, Step, Workflow

KIND = "platform_core.export_audit_events"
LIFE = timedelta(days=7)
LINK_LIFE = timedelta(minutes=5)
SALT = "platform_core.audit_export"
BATCH = 1000
TICK = timedelta(microseconds=1)
# So many are put together for one organization at a time.
AT_ONCE = 3
MOMENTS = ("since", "until")

Status = AuditExport.Status


@transaction.atomic
def request_export(
    organization_id: UUID, file_format: str, asked: Mapping[str, Any], *, by: audit.Person
) -> AuditExport:
    """Begin to put a file together of what the filters let through."""
    waiting = AuditExport.objects.filter(organization_id=organization_id, status=Status.PENDING)
    if waiting.count() >= AT_ONCE:
        raise Conflict("Exports of this organization are being put together already. Wait until one is ready.")
    filters = {name: _stored(value) for name, value in asked.items() if value}
    export = AuditExport.objects.create(
        organization_id=organization_id, requested_by_id=by.pk, format=file_format, filters=filters
    )
    workflow.start(KIND, export, organization_id=organization_id, key=f"{KIND}:{export.pk}")
    audit.record("audit_log.export", export, by=by, changes={"format": file_format, "filters": filters})
    return export


def _stored(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


# --- the job ---
def _collect(ctx: Context) -> Outcome:
    """Write the file, under the same name at each try. What it takes the place of goes first."""
    if "discard" in ctx.job.data:
        default_storage.delete(ctx.job.data["discard"])
    export = AuditExport.objects.filter(pk=ctx.job.subject_id, status=Status.PENDING).first()
    if export is None:
        return Done()
    asked = {name: datetime.fromisoformat(v) if name in MOMENTS else v for name, v in export.filters.items()}
    # What happens while it is written is not in it, the record of the export among it.
    events = selectors.audit_events(export.organization_id, asked).filter(created_at__lt=export.created_at)
    mine = AuditExport.objects.filter(pk=export.pk, status=Status.PENDING)
    mine.update(total_count=events.count(), done_count=0)
    name = f"audit-exports/{ctx.job.pk.hex}.{export.format}"
    with tempfile.TemporaryFile() as written:
        count = _write(written, export, events)
        written.seek(0)
        default_storage.delete(name)
        name = default_storage.save(name, File(written))
    ready = {"status": Status.READY, "file": name, "expires_at": export.expires_at or clock.wall() + LIFE}
    # As it was when it was begun: whoever is erased meanwhile moves the end (`redo_without`).
    if mine.filter(expires_at=export.expires_at).update(**ready, done_count=count, total_count=count):
        return Done()
    default_storage.delete(name)
    return Again(1, "Somebody was erased while it was written.") if mine.exists() else Done()


def _write(file: IO[bytes], export: AuditExport, events: QuerySet[AuditEvent]) -> int:
    is_csv = export.format == AuditExport.Format.CSV
    line = audit_documents.csv_line if is_csv else audit_documents.json_line
    if is_csv:
        file.write(audit_documents.csv_header().encode())
    count = 0
    for batch in _batches(events):
        file.write("".join(line(event) for event in batch).encode())
        count += len(batch)
        AuditExport.objects.filter(pk=export.pk).update(done_count=count)
    return count


def _batches(events: QuerySet[AuditEvent]) -> Iterator[list[AuditEvent]]:
    """The oldest first, each batch found by where the one before ended."""
    ordered = events.order_by("created_at", "id")
    batch = list(ordered[:BATCH])
    while batch:
        yield batch
        last = batch[-1]
        later = Q(created_at__gt=last.created_at) | Q(created_at=last.created_at, id__gt=last.pk)
        batch = list(ordered.filter(later, created_at__gte=last.created_at)[:BATCH])


def redo_without(person: models.Model) -> int:
    """Whatever names a person who is being erased is put together anew, and cannot be fetched until then.

    Call it in the transaction that erases them. One that is being written then is not published: its end has moved.
    """
    named = AuditEvent.objects.filter(audit.naming(person)).order_by().values("organization_id").distinct()
    unfinished = AuditExport.objects.filter(organization_id__in=named, status__in=(Status.READY, Status.PENDING))
    found = list(unfinished.select_for_update().order_by("pk"))
    for export in found:
        key = f"{KIND}:{export.pk}:{person.pk}"
        changes: dict[str, Any] = {"expires_at": (export.expires_at or clock.wall() + LIFE) - TICK}
        if export.status == Status.READY:
            changes |= {"status": Status.PENDING, "file": "", "done_count": 0}
            data = {"discard": export.file}
            workflow.start(KIND, export, organization_id=export.organization_id, key=key, data=data)
        AuditExport.objects.filter(pk=export.pk).update(**changes)
    return len(found)


def _fail(job: Job) -> None:
    AuditExport.objects.filter(pk=job.subject_id, status=Status.PENDING).update(status=Status.FAILED)


def _reopen(job: Job) -> None:
    AuditExport.objects.filter(pk=job.subject_id, status=Status.FAILED).update(status=Status.PENDING)


EXPORT_AUDIT_EVENTS = Workflow(
    KIND, steps=[Step("collect", _collect, timeout=3600)], on_fail=_fail, on_cancel=_fail, on_retry=_reopen
)


# --- the file ---
def own(organization_id: UUID, export_id: UUID) -> AuditExport:
    """One of the organization's; another's does not exist."""
    found = AuditExport.objects.filter(organization_id=organization_id, pk=export_id).first()
    if found is None:
        raise NotFound("There is no such export.")
    return found


def link(export: AuditExport, *, by: audit.Person) -> tuple[str, datetime]:
    """A signed token for one person to fetch one file with, and until when."""
    if export.status == Status.EXPIRED:
        raise Gone("This file is no longer kept. Export again.")
    if export.status != Status.READY:
        raise Conflict("The file is not ready.")
    until = clock.wall() + LINK_LIFE
    token = {"export": str(export.pk), "person": str(by.pk), "until": int(until.timestamp())}
    return signing.dumps(token, salt=SALT), until


def by_link(token: str) -> tuple[AuditExport, UUID]:
    """The export that a link is for, and the person whom it was given to."""
    try:
        told = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise NotFound("There is no such link.") from error
    export = AuditExport.objects.filter(pk=told["export"]).first()
    if export is None or export.status != Status.READY or told["until"] <= clock.wall().timestamp():
        raise Gone("This link has run out. Ask for another one.")
    return export, UUID(told["person"])


def fetch(export: AuditExport, *, by: audit.Person) -> IO[bytes]:
    """The file. That somebody took it is recorded."""
    transactions.outside()
    try:
        file: IO[bytes] = default_storage.open(export.file)
    except FileNotFoundError as error:
        raise Gone("This file is no longer kept. Export again.") from error
    with transaction.atomic():
        audit.record("audit_log.download", export, by=by)
    return file


def end_expired() -> dict[str, int]:
    """Delete files whose week is over. Runs by the clock."""
    over = list(AuditExport.objects.filter(status=Status.READY, expires_at__lte=clock.wall()))
    for export in over:
        # The file first: one that is left behind would be found by nobody.
        default_storage.delete(export.file)
        AuditExport.objects.filter(pk=export.pk).update(status=Status.EXPIRED, file="")
    return {"ended": len(over)}

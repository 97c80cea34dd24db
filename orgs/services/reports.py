"""Reports: asked for by members or made by the clock, put together by a job, fetched by a link of five minutes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import IO, TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse

from orgs import reports
from orgs.models import ACTIVE, Membership, Organization, Report
from orgs.models.reports import Format
from orgs.reports import ReportKind, Span
from orgs.services import report_files
from platform_core import clock, scoping, transactions, workflow
from platform_core.errors import Conflict, Gone, InvalidInput, NotAllowed, NotFound
from platform_core.models import Job
from platform_core.services import audit, mail
from platform_core.workflow import Context, Done, Next, Outcome, Step, Workflow

if TYPE_CHECKING:
    from identity.models import User

KIND = "orgs.make_report"
LIFE = timedelta(days=90)
LINK_LIFE = timedelta(minutes=5)
SALT = "orgs.report"
# So many are put together for one organization at a time.
AT_ONCE = 5
LONGEST = timedelta(days=366)
USUAL = timedelta(days=30)
EARLIEST = 2000

Status = Report.Status


@dataclass(frozen=True)
class Wanted:
    """Which report is asked for. Without days, the thirty until yesterday."""

    kind: str
    format: str = Format.PDF
    starts_on: date | None = None
    ends_on: date | None = None

    def span(self, today: date) -> Span:
        """The days; 400 where there are none."""
        last = self.ends_on or today - timedelta(days=1)
        if last.year < EARLIEST:
            raise _no_days("ends_on", f"Not before {EARLIEST}.")
        first = self.starts_on or last - USUAL + timedelta(days=1)
        if first > last:
            raise _no_days("starts_on", "Not after the last day.")
        if last > today:
            raise _no_days("ends_on", "Not after today.")
        if last - first >= LONGEST:
            raise _no_days("starts_on", "At most 366 days.")
        return Span(first, last)


def request(organization: Organization, wanted: Wanted, *, by: "User", permissions: Collection[str]) -> Report:
    """Begin to make a report, for somebody who may read what it will say."""
    kind = reports.find(wanted.kind)
    if kind.permission not in permissions:
        raise NotAllowed("Your role does not let you read this report.")
    span = wanted.span(clock.now().date())
    with transaction.atomic():
        # Of many who ask at once, as many are served as may be.
        Organization.objects.select_for_update().get(pk=organization.pk)
        if Report.objects.filter(organization=organization, status=Status.PENDING).count() >= AT_ONCE:
            raise Conflict("Reports are being made already. Wait until one is ready.")
        report = Report.objects.create(
            organization=organization,
            kind=kind.code,
            format=wanted.format,
            starts_on=span.first,
            ends_on=span.last,
            requested_by=by,
        )
        begin(report)
        changes = {"kind": kind.code, "starts_on": str(span.first), "ends_on": str(span.last)}
        audit.record("report.generate", report, by=by, changes=changes)
    return report


def begin(report: Report) -> None:
    """Start the job, in the transaction that made the row."""
    workflow.start(KIND, report, organization_id=report.organization_id, key=f"{KIND}:{report.pk}")


def readable(permissions: Collection[str]) -> list[ReportKind]:
    """The kinds that somebody with these permissions may read."""
    return [kind for kind in reports.kinds() if kind.permission in permissions]


def own(organization: Organization, report_id: UUID, permissions: Collection[str]) -> Report:
    """One of the organization's that the role may read; any other does not exist."""
    codes = [kind.code for kind in readable(permissions)]
    found = Report.objects.filter(organization=organization, kind__in=codes, pk=report_id).first()
    if found is None:
        raise NotFound("There is no such report.")
    return found


def link(report: Report, *, by: "User") -> tuple[str, datetime]:
    """An address that gives this file to this person, and until when. It needs no other credential."""
    if report.status == Status.EXPIRED:
        raise Gone("This file is no longer kept. Ask for the report again.")
    if report.status != Status.READY:
        raise Conflict("The report is not ready.", code="REPORT_NOT_READY")
    until = clock.wall() + LINK_LIFE
    told = {"report": str(report.pk), "person": str(by.pk), "until": int(until.timestamp())}
    token = signing.dumps(told, salt=SALT)
    return settings.BASE_URL + reverse("portal:report-file", args=[token]), until.replace(microsecond=0)


def fetch(token: str) -> tuple[Report, IO[bytes]]:
    """The file behind a link, while the person whom it was given to may read it. That they took it is recorded."""
    transactions.outside()
    with scoping.system():
        report, member = _by_link(token)
        try:
            file: IO[bytes] = default_storage.open(report.file)
        except FileNotFoundError as error:
            raise Gone("This file is no longer kept. Ask for the report again.") from error
        with transaction.atomic():
            audit.record("report.download", report, by=member.user)
    return report, file


def end_expired() -> dict[str, int]:
    """Delete the files whose time is over. Runs by the clock."""
    over = list(Report.objects.filter(status=Status.READY, expires_at__lte=clock.now()))
    for report in over:
        # The file first: one that is left behind would be found by nobody.
        default_storage.delete(report.file)
        Report.objects.filter(pk=report.pk).update(status=Status.EXPIRED, file="")
    return {"ended": len(over)}


def _by_link(token: str) -> tuple[Report, Membership]:
    try:
        told = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise NotFound("There is no such link.") from error
    report = Report.objects.filter(pk=told["report"]).select_related("organization").first()
    if report is None or report.status != Status.READY or told["until"] <= clock.wall().timestamp():
        raise Gone("This link has run out. Ask for another one.")
    places = Membership.ALL.filter(ACTIVE, organization=report.organization, user=told["person"])
    member = places.select_related("user", "custom_role").first()
    if member is None or not member.user.is_active or not member.may(reports.find(report.kind).permission):
        raise NotFound("There is no such link.")
    return report, member


def _no_days(field: str, message: str) -> InvalidInput:
    return InvalidInput("There are no such days.", details={field: [message]})


# --- the job ---
def _make(ctx: Context) -> Outcome:
    """Write the file, under the same name at each try."""
    report = _wanted(ctx)
    if report is None:
        return Done()
    kind = reports.find(report.kind)
    content = kind.build(report.organization, Span(report.starts_on, report.ends_on))
    pending = Report.objects.filter(pk=report.pk, status=Status.PENDING)

    def tell(done: int, rows: int) -> None:
        pending.update(progress=10 + 80 * done // max(1, rows))

    written = report_files.render(kind, report, content, tell)
    name = f"reports/{report.pk.hex}.{report.format}"
    default_storage.delete(name)
    return Next("announce", {"file": default_storage.save(name, ContentFile(written)), "size": len(written)})


def _announce(ctx: Context) -> Outcome:
    report = _wanted(ctx)
    if report is None:
        return Done()
    now = clock.now()
    with transaction.atomic():
        Report.objects.filter(pk=report.pk).update(
            status=Status.READY,
            progress=100,
            file=ctx.data["file"],
            size=ctx.data["size"],
            ready_at=now,
            expires_at=now + LIFE,
        )
        if report.schedule is not None:
            _tell_recipients(report)
    return Done()


def _wanted(ctx: Context) -> Report | None:
    """The report that the job is for, while it is waited for."""
    waited_for = Report.objects.filter(pk=ctx.job.subject_id, status=Status.PENDING)
    return waited_for.select_related("organization", "schedule").first()


def _tell_recipients(report: Report) -> None:
    """Those who may read it; the mail names it and holds none of it."""
    kind = reports.find(report.kind)
    assert report.schedule is not None  # noqa: S101 - the caller looked
    recipients = report.schedule.recipients.filter(ACTIVE, user__status="active")
    for member in recipients.select_related("user", "custom_role"):
        if member.may(kind.permission):
            context = {
                "name": member.user.name,
                "organization": report.organization.name,
                "title": kind.title,
                "days": report_files.heading_of(kind, report).days,
                "url": settings.BASE_URL + reverse("portal:reports"),
            }
            key = f"report:{report.pk}:{member.pk}"
            mail.queue("orgs/report", member.user.email, context, key=key, organization_id=report.organization_id)


def _fail(job: Job) -> None:
    Report.objects.filter(pk=job.subject_id, status=Status.PENDING).update(status=Status.FAILED)


def _reopen(job: Job) -> None:
    Report.objects.filter(pk=job.subject_id, status=Status.FAILED).update(status=Status.PENDING, progress=0)


MAKE_REPORT = Workflow(
    KIND,
    steps=[Step("make", _make, timeout=900), Step("announce", _announce)],
    on_fail=_fail,
    on_cancel=_fail,
    on_retry=_reopen,
)

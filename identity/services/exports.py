"""Everything that is kept of a person, put together in the background, fetched once with a mailed link."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.urls import reverse

from identity import personal_data
from identity.models import DataExport, User
from identity.services import files, telemetry
from platform_core import clock, scoping, tokens, workflow
from platform_core.errors import Conflict, Gone, NotFound
from platform_core.services import audit, mail
from platform_core.workflow import Context, Done, Next, Outcome, Step, Workflow

KIND = "identity.export_account"
LIFE = timedelta(days=7)
GONE = "This link has been used, or it is too old. Ask for your data again."


def request_export(user: User, *, organization_id: UUID | None = None) -> DataExport:
    """Begin to put a person's data together. One at a time."""
    try:
        with transaction.atomic(), scoping.system():
            export = DataExport.objects.create(user=user)
            workflow.start(KIND, export, organization_id=None, key=f"{KIND}:{export.pk}")
            audit.record("user.export", user, by=user, changes={"export": export.pk})
            telemetry.record("account.exported", user, organization_id=organization_id)
    except IntegrityError as error:
        raise Conflict("Your data is being put together already.") from error
    return export


def own(user: User, export_id: UUID) -> DataExport:
    """One of a person's own; another's does not exist for them."""
    export = user.exports.filter(pk=export_id).first()
    if export is None:
        raise NotFound("There is no such export.")
    return export


def by_token(user: User, token: str) -> DataExport:
    """The export that a mailed link is for. Another's link is unknown; one's own, used or too old, is gone."""
    export = user.exports.filter(token_digest__in=tokens.digests(token)).first()
    if export is None:
        raise NotFound("There is no such link.")
    if export.downloaded_at is not None or export.expires_at is None or export.expires_at <= clock.wall():
        raise Gone(GONE)
    return export


def fetch(user: User, token: str) -> bytes:
    """Use the link up, and give the file. Of two who use it at once one is told that it is gone."""
    export = by_token(user, token)
    content = files.read(export.file)
    unused = DataExport.objects.filter(pk=export.pk, downloaded_at=None)
    with transaction.atomic(), scoping.system():
        if content is None or not unused.update(downloaded_at=clock.wall(), status=DataExport.Status.ENDED, file=""):
            raise Gone(GONE)
        files.discard(export.file, user)
        audit.record("user.fetch_export", user, by=user, changes={"export": export.pk})
    return content


def end_spoiled() -> dict[str, int]:
    """Delete the files of links that have run out. Runs by the clock."""
    spoiled = list(DataExport.objects.spoiled().select_related("user"))
    for export in spoiled:
        with transaction.atomic():
            files.discard(export.file, export.user)
            DataExport.objects.filter(pk=export.pk).update(status=DataExport.Status.ENDED, file="")
    return {"ended": len(spoiled)}


def _collect(ctx: Context) -> Outcome:
    """Write the file, under the same name at each try."""
    export = _wanted(ctx)
    if export is None:
        return Done()
    content = _zipped(personal_data.everything_of(export.user))
    return Next("announce", {"file": files.write(f"exports/{export.pk.hex}.zip", content)})


def _announce(ctx: Context) -> Outcome:
    export = _wanted(ctx)
    if export is None:
        return Done()
    token = tokens.new("exp")
    until = clock.wall() + LIFE
    with transaction.atomic():
        DataExport.objects.filter(pk=export.pk).update(
            status=DataExport.Status.READY,
            file=ctx.data["file"],
            token_digest=tokens.digest(token),
            expires_at=until,
        )
        url = settings.BASE_URL + reverse("portal:fetch-export", args=[token])
        context = {"name": export.user.name, "url": url, "until": f"{until:%-d %B %Y}"}
        mail.queue("identity/export_ready", export.user.email, context, key=f"user.export:{export.pk}")
    return Done()


def _wanted(ctx: Context) -> DataExport | None:
    """The export that the job is for, while it is waited for: the person may have been erased meanwhile."""
    waited_for = DataExport.objects.filter(pk=ctx.job.subject_id, status=DataExport.Status.PENDING)
    return waited_for.exclude(user__status=User.Status.DELETED).select_related("user").first()


def _zipped(data: dict[str, Any]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in data.items():
            archive.writestr(f"{name}.json", json.dumps(rows, indent=2, cls=DjangoJSONEncoder, ensure_ascii=False))
    return packed.getvalue()


EXPORT_ACCOUNT = Workflow(KIND, steps=[Step("collect", _collect, timeout=300), Step("announce", _announce)])

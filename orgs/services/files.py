"""Files of organizations. What no row names any more is deleted by a job: a storage that is away only delays it."""

from collections.abc import Iterable

from django.core.files.storage import default_storage

from orgs.models import Organization
from platform_core import workflow
from platform_core.workflow import Context, Done, Outcome, Step, Workflow

KIND = "orgs.discard_files"


def discard(names: Iterable[str], organization: Organization) -> None:
    """Have files deleted, in the transaction after which no row names them; an empty name is none."""
    found = [name for name in names if name]
    if found:
        key = f"{KIND}:{found[0]}"
        workflow.start(KIND, organization, organization_id=organization.pk, key=key, data={"files": found})


def _delete(ctx: Context) -> Outcome:
    for name in ctx.data["files"]:
        default_storage.delete(name)
    return Done()


DISCARD_FILES = Workflow(KIND, steps=[Step("delete", _delete)])

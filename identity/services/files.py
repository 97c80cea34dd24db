"""Files of people. What no row names any more is deleted by a job: a storage that is away only delays it."""

import contextlib

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from identity.models import User
from platform_core import transactions, workflow
from platform_core.errors import Unavailable
from platform_core.models import new_id
from platform_core.workflow import Context, Done, Outcome, Step, Workflow

KIND = "identity.discard_file"


def keep(folder: str, ending: str, content: bytes) -> str:
    """Store a file under a name that nobody can guess; gives the name."""
    transactions.outside()
    return _save(f"{folder}/{new_id().hex}.{ending}", content)


def write(name: str, content: bytes) -> str:
    """Store a file under this name, over whatever a try before may have left there; gives the name."""
    transactions.outside()
    default_storage.delete(name)
    return _save(name, content)


def _save(name: str, content: bytes) -> str:
    """Whole or not at all: a disk that is full leaves no half of a file behind."""
    try:
        return default_storage.save(name, ContentFile(content))
    except OSError as error:
        with contextlib.suppress(OSError):
            default_storage.delete(name)
        raise Unavailable("The file cannot be kept at the moment. Try again later.") from error


def read(name: str) -> bytes | None:
    """What a file holds; None where there is none."""
    transactions.outside()
    try:
        with default_storage.open(name) as file:
            content: bytes = file.read()
    except FileNotFoundError:
        return None
    return content


def discard(name: str, user: User) -> None:
    """Have a file deleted, in the transaction after which no row names it."""
    if name:
        workflow.start(KIND, user, organization_id=None, key=f"{KIND}:{name}", data={"file": name})


def _delete(ctx: Context) -> Outcome:
    default_storage.delete(ctx.data["file"])
    return Done()


DISCARD_FILE = Workflow(KIND, steps=[Step("delete", _delete)])

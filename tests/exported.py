"""What a person finds in the export of their data."""

import io
import json
import re
import zipfile
from typing import Any

from identity.models import User
from identity.services import exports
from platform_core.models import Mail
from tests.identity.jobs import work


def link_of(user: User) -> str:
    """The token in the mail that the person got."""
    text = Mail.objects.filter(template="identity/export_ready", to=user.email).latest("created_at").text
    found = re.search(r"/accounts/export/(exp_[\w-]+)/", text)
    assert found
    return found[1]


def data_of(user: User) -> dict[str, Any]:
    """Ask for it, let the job run, use the link: by the name of each file, what is in it."""
    exports.request_export(user)
    work()
    with zipfile.ZipFile(io.BytesIO(exports.fetch(user, link_of(user)))) as archive:
        return {name.removesuffix(".json"): json.loads(archive.read(name)) for name in archive.namelist()}

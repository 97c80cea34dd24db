"""The description of the API, as data. PyYAML alone takes seconds for it, its C parser a tenth."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings


def read(text: str) -> dict[str, Any]:
    """A description of this text."""
    found: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return found


@cache
def written() -> dict[str, Any]:
    """The one in docs."""
    return read((Path(settings.BASE_DIR) / "docs" / "openapi.yaml").read_text())

"""JSON that somebody else wrote, or that a failing disk did: a value, or ValueError."""

import json
from typing import Any


def read(text: str | bytes) -> Any:
    """What a text says; ValueError where it is no JSON, also where it is nested deeper than Python's reader goes."""
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are unique: two readers of a repeated one may each believe another value."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is given more than once")
    return found

"""JSON that somebody else wrote. Whatever it says, reading it ends in a value or in ValueError.

Python's own reader also raises RecursionError, where brackets are nested deeper than the stack has room at that
moment; and what it just read may still be too deep for whoever walks it or writes it again further down.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

# Nothing that anybody sends us is a tenth as deep.
DEEPEST = 100
BRANCHES = {dict, list}


def read(text: str, decode: Callable[[str], Any] = json.loads) -> Any:
    """What a text says, as `decode` reads it; ValueError where it is no JSON, or nested too deeply."""
    try:
        found = decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    # Few bodies hold as many brackets, nested or not.
    if text.count("[") + text.count("{") > DEEPEST and _is_deep(found):
        raise ValueError("nested too deeply")
    return found


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for branch in level for inner in _inside(branch) if type(inner) in BRANCHES]
        if not level:
            return False
    return True


def _inside(branch: Any) -> Iterable[Any]:
    return branch.values() if type(branch) is dict else branch

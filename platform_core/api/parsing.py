"""JSON as we take it: nothing that a database or a reader could understand in another way than we did."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import IO, Any

from django.http import QueryDict
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser

from platform_core import foreign_json

# PostgreSQL stores neither a NUL nor half a surrogate pair.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
LARGEST = 2**63 - 1
TOO_LARGE = "This number is too large."
BAD_TEXT = "This text holds characters that cannot be stored."


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are unique: two readers of a repeated name may each believe another value."""
    result = dict(pairs)
    if len(result) != len(pairs):
        # Counted in one pass: a body may hold half a million names.
        times = Counter(UNSTORABLE.sub("\ufffd", name) for name, _ in pairs)
        raise ValidationError({name: ["Given more than once."] for name, count in times.items() if count > 1})
    return result


def _problem(value: Any) -> str:
    match value:
        case str() if UNSTORABLE.search(value):
            return BAD_TEXT
        case float() if not math.isfinite(value):
            return TOO_LARGE
        case int() if abs(value) > LARGEST:
            return TOO_LARGE
    return ""


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from ((str(position), inner) for position, inner in enumerate(value))


def check_values(body: Any) -> None:
    """Refuse, by name, every value that could not be stored as it was sent."""
    if not _all_storable(body):
        raise ValidationError(_unstorable(body))


def _all_storable(body: Any) -> bool:
    """One plain pass, since nearly every body has nothing to name."""
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if UNSTORABLE.search("".join(value)):
                return False
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif _problem(value):
            return False
    return True


def _unstorable(body: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    waiting = [("", body)]
    while waiting:
        path, value = waiting.pop()
        problem = _problem(value)
        if problem:
            found[path or "body"] = [problem]
        for name, inner in _inside(value):
            if UNSTORABLE.search(name):
                # Such a name cannot be part of an answer either: whoever holds it is named.
                found[path or "body"] = [BAD_TEXT]
            else:
                waiting.append((f"{path}.{name}".lstrip("."), inner))
    return found


def check_query(query: QueryDict) -> None:
    """Refuse, by name, query values that could not be stored or compared."""
    bad = {name: [BAD_TEXT] for name, values in query.lists() if any(UNSTORABLE.search(value) for value in values)}
    if bad:
        raise ValidationError(bad)


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


STRICT = partial(json.loads, object_pairs_hook=_object, parse_constant=_constant)


class StrictJSONParser(JSONParser):
    """Bounded, without repeated names, NaN, numbers beyond 64 bits or text that cannot be stored."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            body = foreign_json.read(stream.read().decode(), STRICT)
        except ValueError as error:
            raise ParseError(f"Malformed JSON: {error}") from error
        check_values(body)
        return body

"""Wherever money, an order or a key comes of a POST, it takes an Idempotency-Key or says why it need not."""

import re
from collections.abc import Iterator
from typing import Any

from platform_core import routes
from platform_core.api.access import OPEN
from platform_core.api.surfaces import Surface
from tests.architecture import description

# Whatever these apps take in is about money or orders.
APPS = ("billing.", "tenants.")
# What an answer calls a key that it shows.
KEY = re.compile(r"(secret|api_?key)$", re.IGNORECASE)
DESCRIBED = description.written()
PARAMETER = re.compile(r"<\w+:\w+>|\{\w+\}")

POSTS: dict[str, type[Surface]] = {
    PARAMETER.sub("*", route.path): route.view
    for route in routes.routes()
    if route.method == "POST" and issubclass(route.view, Surface)
}
OPERATIONS = {PARAMETER.sub("*", path): verbs["post"] for path, verbs in DESCRIBED["paths"].items() if "post" in verbs}


def names_in(schema: Any, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Every name that a body of this schema may have."""
    if isinstance(schema, list):
        for each in schema:
            yield from names_in(each, seen)
    elif isinstance(schema, dict):
        named = str(schema.get("$ref", "")).rpartition("/")[2]
        if named and named not in seen:
            yield from names_in(DESCRIBED["components"]["schemas"][named], seen | {named})
        properties = schema.get("properties", {})
        yield from properties if isinstance(properties, dict) else ()
        for each in schema.values():
            yield from names_in(each, seen)


def shows_a_key(path: str) -> bool:
    responses = OPERATIONS.get(path, {}).get("responses", {})
    bodies = [each.get("content", {}) for status, each in responses.items() if status.startswith("2")]
    return any(KEY.search(name) for name in names_in(bodies))


def matters(path: str, view: type[Surface]) -> bool:
    return view.__module__.startswith(APPS) or shows_a_key(path)


def test_it_takes_a_key_or_says_why_not() -> None:
    asked = {path: view for path, view in POSTS.items() if matters(path, view)}

    assert "/api/v1/billing/checkout" in asked
    assert "/api/v1/organizations/*/audit-streams/*/secret" in asked
    assert [path for path, view in asked.items() if view.idempotent == bool(view.repeatable)] == []


def test_nobody_says_why_who_need_not() -> None:
    assert [path for path, view in POSTS.items() if view.repeatable and not matters(path, view)] == []


def test_whoever_takes_a_key_knows_whose_it_is() -> None:
    assert [path for path, view in POSTS.items() if view.idempotent and view.access["POST"] in OPEN] == []


def test_the_description_says_so() -> None:
    told = {
        path
        for path, operation in OPERATIONS.items()
        if "Idempotency-Key" in {parameter["name"] for parameter in operation.get("parameters", ())}
    }

    assert told == {path for path, view in POSTS.items() if view.idempotent}
    assert [path for path in told if not {"409", "422"} <= set(OPERATIONS[path]["responses"])] == []

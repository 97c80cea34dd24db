"""What bodies are shown by."""

from typing import Any

import pytest

from platform_core.api import examples
from platform_core.api.examples import Examples

COMPONENTS: dict[str, Any] = {
    "Bakery": {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid", "readOnly": True},
            "email": {"type": "string", "format": "email"},
            "password": {"type": "string", "writeOnly": True},
            "status": {"type": "string", "enum": ["closed", "active"]},
            "mood": {"type": "string", "enum": ["calm", "busy"]},
            "loaves": {"type": "integer", "minimum": 12},
            "isOpen": {"type": "boolean", "default": False},
            "oven": {"oneOf": [{"$ref": "#/components/schemas/Oven"}, {"type": "null"}]},
            "closedAt": {"type": ["string", "null"], "format": "date-time"},
            "shelves": {"type": "array", "items": {"type": "integer"}},
            "prices": {"type": "object", "additionalProperties": {"type": "integer"}},
            "notes": {"type": "object"},
            "anything": {},
        },
    },
    "Oven": {"type": "object", "properties": {"name": {"type": "string"}, "model": {"type": "integer"}}},
}


@pytest.fixture
def bakery() -> dict[str, Any]:
    return {"$ref": "#/components/schemas/Bakery"}


def test_an_answer_is_shown_by_names_and_kinds(bakery: dict[str, Any]) -> None:
    assert Examples(COMPONENTS, sending=False).of(bakery) == {
        "id": examples.ID,
        "email": "olivia@harbour-coffee.example",
        "status": "active",
        "mood": "calm",
        "loaves": 12,
        "isOpen": False,
        # The name of a language model is no number.
        "oven": {"name": "Olivia Berg", "model": 1},
        "shelves": [1],
        "prices": {"example": 1},
        "closedAt": "2026-03-01T09:30:00Z",
        "notes": {},
        "anything": {},
    }


def test_what_is_sent_has_what_only_callers_know(bakery: dict[str, Any]) -> None:
    shown = Examples(COMPONENTS, sending=True).of(bakery)

    assert shown["password"] == "harbour-lantern-42"
    assert "id" not in shown


def test_a_body_with_an_example_of_its_own_keeps_it(bakery: dict[str, Any]) -> None:
    own = {"schema": bakery, "examples": {"Small": {"value": {}}}}
    operation = {"requestBody": {"content": {"application/json": own}}, "responses": {"204": {"description": ""}}}
    result = {"components": {"schemas": COMPONENTS}, "paths": {"/bakeries": {"post": operation}}}

    examples.add(result)

    assert "example" not in own
    assert operation["responses"] == {"204": {"description": ""}}

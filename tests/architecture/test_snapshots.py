"""What is generated and reviewed is what the code says. `make snapshots` writes it anew."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from platform_core import routes
from tests.architecture import description

CAMEL = re.compile(r"[a-z][A-Za-z0-9]*")


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The description of the API, made now; a warning is an error."""
    file = tmp_path_factory.mktemp("schema") / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(file))
    return file.read_text()


def test_the_route_table() -> None:
    assert routes.table_path().read_text() == routes.table()


def test_the_description_of_the_api(described: str) -> None:
    assert (Path(settings.BASE_DIR) / "docs" / "openapi.yaml").read_text() == described


def _names(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        yield from properties if isinstance(properties, dict) else ()
        for inner in schema.values():
            yield from _names(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _names(inner)


def test_every_name_on_the_wire_is_camel_case(described: str) -> None:
    assert [name for name in _names(description.read(described)) if not CAMEL.fullmatch(name)] == []


def _told(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """The schema of what a GET answers."""
    content = operation["responses"].get("200", {}).get("content", {})
    schema: dict[str, Any] = content.get("application/json", {}).get("schema", {})
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def test_every_list_of_the_platform_says_how_much_there_is(described: str) -> None:
    document = description.read(described)
    answers = {path: _told(document, verbs["get"]) for path, verbs in document["paths"].items() if "get" in verbs}

    lists = {path: schema for path, schema in answers.items() if "items" in schema.get("properties", {})}
    assert len(lists) > 20
    assert [path for path, schema in lists.items() if "meta" not in schema["properties"]] == []
    assert [path for path, schema in answers.items() if schema.get("type") == "array"] == []

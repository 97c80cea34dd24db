"""Every body in the description of the API is shown by an example that is one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from jsonschema import Draft202012Validator

from identity.services import codes
from platform_core import routes
from platform_core.api.access import ANYONE, SERVER, step_up_for
from platform_core.api.surfaces import PeopleSurface, StaffSurface
from tenants.models import Server
from tests import make
from tests.architecture import description, world
from tests.architecture.world import World
from tests.clients import ApiClient, PersonClient, ServerClient
from tests.orgs.names import saying
from tests.sign_ins import step_up

DESCRIBED = description.written()
JSON = "application/json"
# A parameter, as the description and as the routes write it.
ANY = re.compile(r"\{\w+\}|<[^>]+>")
# What a body is refused with that is no such body at all.
NO_SUCH_BODY = ("Unknown field.", "This field is required.", "This field cannot be set.")


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, verbs in DESCRIBED["paths"].items():
        for verb, operation in verbs.items():
            yield f"{verb.upper()} {path}", operation


def sent(operation: dict[str, Any]) -> dict[str, Any]:
    """The JSON that callers send, as it is described; empty where they send none."""
    found: dict[str, Any] = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
    return found


def told(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What a success says, by its status; a status without a body is left out."""
    successes = {status: each for status, each in operation["responses"].items() if status.startswith("2")}
    return {status: each["content"] for status, each in successes.items() if "content" in each}


def shown(media: dict[str, Any]) -> list[Any]:
    return [media["example"]] if "example" in media else [each["value"] for each in media.get("examples", {}).values()]


def answers(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The JSON that a success says, as it is described."""
    return [content[JSON] for content in told(operation).values() if JSON in content]


def without(schema: Any, mark: str) -> Any:
    """The schema as it is in one direction: what is marked is neither there nor wanted."""
    if isinstance(schema, list):
        return [without(each, mark) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: without(each, mark) for name, each in schema.items()}
    if isinstance(schema.get("properties"), dict):
        hidden = {name for name, field in schema["properties"].items() if isinstance(field, dict) and field.get(mark)}
        wanted = [name for name in schema.get("required", []) if name not in hidden]
        plain = {name: each for name, each in plain.items() if name != "required"} | (
            {"required": wanted} if wanted else {}
        )
    return plain


def mistakes(media: dict[str, Any], mark: str) -> list[str]:
    schema = without({**media["schema"], "components": DESCRIBED["components"]}, mark)
    return [error.message for each in shown(media) for error in Draft202012Validator(schema).iter_errors(each)]


def test_every_body_that_is_sent_has_an_example_that_is_one() -> None:
    bodies = {name: sent(operation) for name, operation in operations() if sent(operation)}

    assert len(bodies) > 50
    assert [name for name, media in bodies.items() if not shown(media)] == []
    assert {name: found for name, media in bodies.items() if (found := mistakes(media, "readOnly"))} == {}


def test_every_success_has_a_body_with_an_example_or_none_at_all() -> None:
    answers = {
        f"{name} {status}": content for name, operation in operations() for status, content in told(operation).items()
    }

    assert [
        name for name, operation in operations() if not told(operation) and "204" not in operation["responses"]
    ] == []
    bodies = {name: content[JSON] for name, content in answers.items() if JSON in content}
    assert [name for name, media in bodies.items() if not shown(media)] == []
    assert {name: found for name, media in bodies.items() if (found := mistakes(media, "writeOnly"))} == {}


def codes_in(value: Any) -> Iterator[str]:
    """Whatever an example calls a code, at any depth."""
    if isinstance(value, dict):
        yield from (each for name, each in value.items() if name == "code" and isinstance(each, str))
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from codes_in(inner)


def test_codes_of_digits_are_shown_where_somebody_types_one_and_as_long_as_they_are() -> None:
    """Six of an app, eight that were mailed; whatever else is called a code is a word."""
    medias = [(name, media) for name, each in operations() for media in (sent(each), *answers(each)) if media]
    digits = {
        (name.partition(" ")[2], len(code))
        for name, media in medias
        for example in shown(media)
        for code in codes_in(example)
        if code.isdigit()
    }

    assert digits == {
        ("/api/user/auth/code/verify", codes.DIGITS),
        ("/api/user/auth/verify-email", codes.DIGITS),
        ("/api/v1/auth/2fa/disable", 6),
        ("/api/v1/auth/2fa/verify", 6),
        ("/auth/step-up", 6),
    }


@pytest.fixture
def harbour() -> Iterator[World]:
    """An organization with one of everything, and name servers that answer at once."""
    with saying({}):
        yield world.build()


def ask(route: routes.Route, harbour: World, body: Any) -> Any:
    """What whoever may do it is answered; it is undone."""
    before = transaction.savepoint()
    boss = make.user(is_staff=True, is_superuser=True) if issubclass(route.view, StaffSurface) else harbour.owner
    client = ApiClient() if route.rule == ANYONE else PersonClient(boss)
    if route.rule == SERVER:
        client = ServerClient(Server.objects.get(pk=harbour.rows["servers"].pk), harbour.server_key)
    elif issubclass(route.view, PeopleSurface):
        step_up(boss, step_up_for(route.view, route.method))
    answer = getattr(client, route.method.lower())(harbour.path(route.path), body)
    transaction.savepoint_rollback(before)
    return answer


def test_what_the_examples_send_is_understood(harbour: World) -> None:
    examples = {ANY.sub("*", name): shown(sent(operation)) for name, operation in operations() if sent(operation)}
    refused = {}
    for route in routes.routes():
        for body in examples.get(ANY.sub("*", f"{route.method} {route.path}"), []):
            answer = ask(route, harbour, body)
            if answer.status_code == 400 and any(text in answer.content.decode() for text in NO_SUCH_BODY):
                refused[f"{route.method} {route.path}"] = answer.json()

    assert refused == {}

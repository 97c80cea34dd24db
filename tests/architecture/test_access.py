"""Strangers get nothing, on every route there is: a new one is in here by itself."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from platform_core import clock, routes
from platform_core.api.access import OPEN, step_up_for
from platform_core.api.surfaces import CustomersSurface, StaffSurface
from tests import clients, make
from tests.architecture import world
from tests.architecture.prefixes import PARAMETER
from tests.architecture.world import World
from tests.clients import ApiClient, PersonClient
from tests.sign_ins import enter, step_up

ROUTES = routes.routes()
CLOSED = [route for route in ROUTES if route.rule not in OPEN]
STAFF = [route for route in CLOSED if issubclass(route.view, StaffSurface)]
PERSON = [route for route in CLOSED if issubclass(route.view, CustomersSurface)]
READS = [route for route in PERSON if route.method == "GET"]
REFUSED = {401, 403}
NOBODY = "0190a5d0-0000-7000-8000-000000000000"


def name(route: routes.Route) -> str:
    return f"{route.method} {route.path}"


def each(chosen: list[routes.Route]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("route", chosen, ids=[name(route) for route in chosen])


@pytest.fixture
def theirs() -> World:
    """An organization that the caller has nothing to do with."""
    return world.build()


def call(client: ApiClient, route: routes.Route, theirs: World, **options: Any) -> Any:
    body: dict[str, Any] = {} if route.method in {"GET", "DELETE"} else {"data": {}}
    return getattr(client, route.method.lower())(theirs.path(route.path), **body, **options)


def test_anonymous_callers_are_asked_for_a_credential(anonymous: ApiClient, theirs: World) -> None:
    answers = {name(route): call(anonymous, route, theirs) for route in CLOSED}

    assert {where: answer.status_code for where, answer in answers.items()} == dict.fromkeys(answers, 401)
    assert [where for where, answer in answers.items() if not answer.headers.get("WWW-Authenticate")] == []


def test_a_credential_that_nobody_issued_is_none(anonymous: ApiClient, theirs: World) -> None:
    made_up = {"x-cron-token": "x", "x-platform-internal-token": "x", "Authorization": "Bearer hk_x"}

    found = {name(route): call(anonymous, route, theirs, headers=made_up).status_code for route in CLOSED}

    assert found == dict.fromkeys(found, 401)


def test_a_verb_that_is_not_offered_tells_strangers_nothing(anonymous: ApiClient, theirs: World) -> None:
    closed = [route for route in CLOSED if OPEN.isdisjoint(route.view.access.values())]  # type: ignore[attr-defined]

    found = {name(route): anonymous.options(theirs.path(route.path)).status_code for route in closed}

    assert found == dict.fromkeys(found, 401)


@each([route for route in ROUTES if route.rule in OPEN])
def test_an_open_verb_survives_an_empty_call(anonymous: ApiClient, route: routes.Route, theirs: World) -> None:
    assert call(anonymous, route, theirs).status_code < 500


def test_staff_without_the_permission_are_refused(theirs: World) -> None:
    client = clients.staff()

    found = {name(route): call(client, route, theirs).status_code for route in STAFF if route.rule != "session"}

    assert found == dict.fromkeys(found, 403)


@each(STAFF)
def test_the_permission_is_enough_to_come_in(route: routes.Route, theirs: World) -> None:
    client = clients.staff(*([route.rule] if route.rule != "session" else []))
    step_up(client.user, step_up_for(route.view, route.method))

    assert call(client, route, theirs).status_code not in REFUSED


@each([route for route in STAFF if PARAMETER.search(route.path)])
def test_what_there_is_not_is_not_found_by_those_who_may(route: routes.Route) -> None:
    client = clients.staff(*([route.rule] if route.rule != "session" else []))
    step_up(client.user, step_up_for(route.view, route.method))
    body: dict[str, Any] = {} if route.method in {"GET", "DELETE"} else {"data": {}}

    answer = getattr(client, route.method.lower())(re.sub(PARAMETER, NOBODY, route.path), **body)

    assert answer.status_code == 404, answer.content


def test_every_permission_without_being_staff_is_nothing(theirs: World) -> None:
    client = ApiClient()
    # As staff do: whoever shows none is refused for that alone.
    enter(client, theirs.owner, two_factor_at=clock.wall())
    theirs.owner.user_permissions.set(Permission.objects.all())

    found = {name(route): call(client, route, theirs).status_code for route in STAFF}

    assert found == dict.fromkeys(found, 403)


@each([route for route in PERSON if PARAMETER.search(route.path)])
def test_a_row_of_another_organization_does_not_exist(
    outsider: PersonClient, route: routes.Route, theirs: World
) -> None:
    answer = call(outsider, route, theirs)
    nothing = getattr(outsider, route.method.lower())(re.sub(PARAMETER, NOBODY, route.path))

    assert answer.status_code == 404, answer.content
    assert answer.content == nothing.content


@each([route for route in READS if PARAMETER.search(route.path)])
def test_the_same_row_does_exist_for_its_owner(route: routes.Route, theirs: World) -> None:
    assert call(PersonClient(theirs.owner), route, theirs).status_code == 200


@each([route for route in READS if not PARAMETER.search(route.path)])
def test_what_a_stranger_reads_names_nothing_of_ours(
    outsider: PersonClient, route: routes.Route, theirs: World
) -> None:
    answer = call(outsider, route, theirs)

    text = answer.content.decode()
    assert answer.status_code < 500
    assert [key for key in theirs.ids if str(key) in text] == []


@each([route for route in PERSON if "organization_id" in route.path])
def test_who_has_left_is_a_stranger(route: routes.Route, theirs: World) -> None:
    theirs.owner.memberships.all().delete()

    assert call(PersonClient(theirs.owner), route, theirs).status_code == 404


@each([route for route in CLOSED if route.rule == "server"])
def test_a_person_is_no_server(route: routes.Route, theirs: World) -> None:
    assert call(PersonClient(theirs.owner), route, theirs).status_code == 401
    assert call(clients.staff(), route, theirs).status_code == 401


@each([route for route in CLOSED if route.rule == "server" and route.method == "GET"])
def test_a_server_reads_about_itself_only(anonymous: ApiClient, route: routes.Route, theirs: World) -> None:
    key = "hk_" + "o" * 43
    make.server(make.order(make.organization()), key=key)

    answer = call(anonymous, route, theirs, headers={"Authorization": f"Bearer {key}"})

    assert [row for row in theirs.ids if str(row) in answer.content.decode()] == []

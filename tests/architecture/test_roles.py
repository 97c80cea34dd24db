"""Every verb of an organization, called in every role: there, in another organization, and across the two.

Who may do what is written down here a second time, so that a view that declares the wrong permission fails.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from rest_framework.parsers import MultiPartParser

from orgs.api.surfaces import OrganizationSurface
from orgs.roles import Role
from platform_core import routes
from platform_core.api.access import step_up_for
from platform_core.api.surfaces import CustomerSurface
from tests import make
from tests.architecture import world
from tests.architecture.prefixes import PARAMETER
from tests.architecture.world import World
from tests.clients import PersonClient
from tests.orgs.names import saying
from tests.sign_ins import step_up

ROUTES = [route for route in routes.routes() if issubclass(route.view, (OrganizationSurface, CustomerSurface))]
OF_ONE = [route for route in ROUTES if PARAMETER.search(route.path)]
ROOT = "/api/v1/organizations/<uuid:organization_id>"

EVERYBODY = frozenset(Role)
DECIDING = frozenset({Role.OWNER, Role.ADMIN})
LOG_READERS = EVERYBODY - {Role.BILLING}
BUYERS = frozenset({Role.OWNER, Role.BILLING})
OWNERS = frozenset({Role.OWNER})
# Reading is everybody's and writing theirs who decide; this is the rest.
OTHERWISE = {
    f"GET {ROOT}/invitations": DECIDING,
    f"GET {ROOT}/audit-exports": LOG_READERS,
    f"POST {ROOT}/audit-exports": LOG_READERS,
    f"GET {ROOT}/audit-exports/<uuid:pk>": LOG_READERS,
    f"GET {ROOT}/audit-exports/<uuid:pk>/download": LOG_READERS,
    f"GET {ROOT}/audit-logs": LOG_READERS,
    f"GET {ROOT}/audit-settings": LOG_READERS,
    f"GET {ROOT}/audit-streams": LOG_READERS,
    f"GET {ROOT}/audit-streams/<uuid:pk>": LOG_READERS,
    f"GET {ROOT}/webhook-deliveries": DECIDING,
    f"GET {ROOT}/webhook-deliveries/<uuid:pk>": DECIDING,
    f"GET {ROOT}/webhook-endpoints": DECIDING,
    f"GET {ROOT}/webhook-endpoints/<uuid:pk>": DECIDING,
    f"POST {ROOT}/leave": EVERYBODY,
    f"POST {ROOT}/reports/generate": EVERYBODY,
    f"DELETE {ROOT}": OWNERS,
    f"PATCH {ROOT}/members/<uuid:pk>": OWNERS,
    f"POST {ROOT}/transfer-ownership": OWNERS,
    "POST /api/v1/billing/checkout": BUYERS,
    "POST /api/v1/billing/organizations/<uuid:organization_id>/billing/checkout": BUYERS,
    "PATCH /api/user/billing/details": BUYERS,
    "GET /api/v1/billing/portal": BUYERS,
    "GET /api/v1/billing/organizations/<uuid:organization_id>/billing/portal": BUYERS,
    "POST /api/user/billing/payment-methods": BUYERS,
    "PATCH /api/user/billing/payment-methods/<uuid:pk>": BUYERS,
    "DELETE /api/user/billing/payment-methods/<uuid:pk>": BUYERS,
    "PATCH /api/user/subscription": BUYERS,
    "POST /api/user/subscription/upgrade": BUYERS,
    "POST /api/user/subscription/downgrade": BUYERS,
    "POST /api/user/subscription/cancel": BUYERS,
    "POST /api/user/subscription/resume": BUYERS,
    "POST /api/user/subscription/add-ons": BUYERS,
    # It only tells what a change would cost.
    "POST /api/user/subscription/preview": EVERYBODY,
    "POST /api/user/subscription/add-ons/preview": EVERYBODY,
    # A file that is read, by a verb that makes it.
    "POST /api/user/billing/download-invoice/<uuid:pk>": EVERYBODY,
}


def name(route: routes.Route) -> str:
    return f"{route.method} {route.path}"


def holders(route: routes.Route) -> frozenset[Role]:
    return OTHERWISE.get(name(route), EVERYBODY if route.method == "GET" else DECIDING)


def call(client: PersonClient, route: routes.Route, path: str, **given: Any) -> Any:
    """The answer; whatever the call did is undone."""
    body: dict[str, Any] = {} if route.method in {"GET", "DELETE"} else {"data": given}
    # No block of atomic(): within one, nothing outside may be called.
    before = transaction.savepoint()
    step_up(client.user, step_up_for(route.view, route.method))
    answer = getattr(client, route.method.lower())(path, **body)
    transaction.savepoint_rollback(before)
    return answer


@pytest.fixture
def harbour() -> Iterator[World]:
    """An organization with one of everything, and name servers that answer at once."""
    with saying({}):
        yield world.build()


def test_nothing_is_written_down_that_is_gone() -> None:
    assert set(OTHERWISE) <= {name(route) for route in ROUTES}


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_its_part_and_no_more(role: Role, harbour: World) -> None:
    client = PersonClient(make.person(harbour.organization, role))

    answers = {name(route): call(client, route, harbour.path(route.path)).status_code for route in ROUTES}

    allowed = {name(route) for route in ROUTES if role in holders(route)}
    assert {where for where, status in answers.items() if status == 403} == set(answers) - allowed
    assert {where: status for where, status in answers.items() if status in {401, 404} or status >= 500} == {}


@pytest.mark.parametrize("role", Role)
def test_elsewhere_the_role_is_nothing(role: Role, harbour: World) -> None:
    client = PersonClient(make.person(make.organization(), role))

    # One who may not do it at home is told so there; what is asked about is not told.
    found = {name(route): call(client, route, harbour.path(route.path)).status_code for route in OF_ONE}

    at_home = {name(route) for route in OF_ONE if "organization_id" not in route.path and role not in holders(route)}
    assert found == dict.fromkeys(found, 404) | dict.fromkeys(at_home, 403)


@pytest.mark.parametrize("role", Role)
def test_nothing_of_another_organization_is_reached_by_ones_own_path(role: Role, harbour: World) -> None:
    mine = make.organization()
    client = PersonClient(make.person(mine, role))
    nested = [route for route in OF_ONE if len(PARAMETER.findall(route.path)) > 1]

    found = {}
    for route in nested:
        path = harbour.path(route.path.replace("<uuid:organization_id>", str(mine.pk)))
        found[name(route)] = call(client, route, path).status_code

    assert found == {name(route): 404 if role in holders(route) else 403 for route in nested}


def test_no_body_says_whose_row_it_is_about(harbour: World, outsider: PersonClient) -> None:
    client = PersonClient(harbour.owner)
    elsewhere = str(outsider.organization.pk)
    smuggled = {"organizationId": elsewhere, "organization": elsewhere, "tenant": elsewhere, "userId": elsewhere}
    writing = [
        route
        for route in ROUTES
        if route.method in {"POST", "PUT", "PATCH"} and MultiPartParser not in route.view.parser_classes
    ]

    answers = {name(route): call(client, route, harbour.path(route.path), **smuggled) for route in writing}

    assert {where: answer.status_code for where, answer in answers.items()} == dict.fromkeys(answers, 400)
    named = {where: set(answer.json()["details"]) for where, answer in answers.items()}
    assert {where: fields for where, fields in named.items() if not set(smuggled) <= fields} == {}


def test_no_query_says_whose_rows_are_shown(harbour: World, outsider: PersonClient) -> None:
    theirs = str(harbour.organization.pk)
    smuggled = {"organization": theirs, "organization_id": theirs, "ordering": "user__password", "fields": "password"}
    reading = [route for route in ROUTES if route.method == "GET" and len(PARAMETER.findall(route.path)) <= 1]

    for route in reading:
        answer = outsider.get(PARAMETER.sub(str(outsider.organization.pk), route.path), smuggled)

        assert answer.status_code in {200, 400, 404}, name(route)
        assert [key for key in harbour.ids if str(key) in answer.content.decode()] == [], name(route)

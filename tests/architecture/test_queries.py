"""Every read issues as many queries for three rows as for one, and as many as it did when it was last reviewed.

`make snapshots` writes the counts anew.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from orgs.models import Product
from platform_core import routes
from platform_core.api.access import OPEN
from platform_core.api.surfaces import CustomersSurface, StaffSurface
from platform_core.models import RateCounter
from tests import clients, counted
from tests.architecture import world
from tests.architecture.world import World
from tests.clients import ApiClient, PersonClient

SNAPSHOT = Path(__file__).parent.parent / "snapshots" / "query_counts.json"
READS = [route for route in routes.routes() if route.method == "GET" and route.rule not in OPEN]
UPDATE = bool(os.environ.get("UPDATE_SNAPSHOTS"))


def caller(route: routes.Route, of: World) -> ApiClient:
    """Somebody who may read this."""
    if issubclass(route.view, CustomersSurface):
        return PersonClient(of.owner)
    if issubclass(route.view, StaffSurface):
        return clients.staff(*([route.rule] if "." in route.rule else []))
    headers = {"Authorization": f"Bearer {of.server_key}", "x-platform-internal-token": "test-internal-token"}
    return ApiClient(headers=headers)


def count(route: routes.Route, of: World) -> int:
    """The queries of one call, after one that fills whatever caches there are."""
    client, path = caller(route, of), of.path(route.path)
    assert client.get(path).status_code == 200
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(path).status_code == 200
    # Without Redis the limits are counted in the database, with one statement each time.
    return sum(RateCounter._meta.db_table not in query["sql"] for query in queries)


@pytest.fixture(scope="module")
def counts() -> dict[str, int]:
    """As reviewed."""
    known: dict[str, int] = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.exists() else {}
    return known


def update(label: str, queries: int) -> None:
    """Write one count among the others, in order."""
    known = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.exists() else {}
    SNAPSHOT.parent.mkdir(exist_ok=True)
    SNAPSHOT.write_text(json.dumps(dict(sorted({**known, label: queries}.items())), indent=2) + "\n")


@pytest.mark.parametrize("route", READS, ids=lambda route: route.path)
def test_rows_cost_no_queries(route: routes.Route, counts: dict[str, int]) -> None:
    one = count(route, world.build(1))
    three = count(route, world.build(3))

    assert three == one
    if UPDATE:
        update(route.path, one)
    else:
        assert counts.get(route.path) == one


def test_nothing_is_kept_of_routes_that_are_gone(counts: dict[str, int]) -> None:
    gone = set(counts) - {route.path for route in READS}
    if UPDATE:
        SNAPSHOT.write_text(
            json.dumps({path: n for path, n in json.loads(SNAPSHOT.read_text()).items() if path not in gone}, indent=2)
            + "\n"
        )
    else:
        assert gone == set()


def test_the_endpoints_for_people_ask_eight_times_at_most(settings: Any) -> None:
    assert "tests.counted.EightQueries" in settings.MIDDLEWARE
    paths = {(route.method, route.path.lstrip("/")) for route in routes.routes()}
    assert all(any(path.startswith(area) for _, path in paths) for area in counted.AREAS)


def test_one_that_asks_more_is_refused() -> None:
    def ask(_: Any) -> HttpResponse:
        for _ in range(9):
            Product.objects.count()
        return HttpResponse()

    class Match:
        route = "api/v1/users/me"

    request = RequestFactory().get("/api/v1/users/me")
    request.resolver_match = Match()  # type: ignore[assignment]
    with pytest.raises(counted.TooManyQueries, match="asks 9 times, at most 8"):
        counted.EightQueries(ask)(request)
    Match.route = "api/v1/organizations"
    assert counted.EightQueries(ask)(request).status_code == 200

"""What every test has: both databases, a scope for its own fixtures, callers, and no network."""

import gc
import os
from collections.abc import Callable, Generator, Iterator
from datetime import timedelta

import pytest
from _pytest.runner import runtestprotocol
from django.conf import settings
from django.db import connections
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from identity.services import signing_keys
from orgs.models import Organization
from orgs.roles import Role
from platform_core import clock, context, scoping
from platform_core.services import daily_counts
from tests import (
    caches,
    clean_slate,
    clients,
    clocks,
    emptied,
    foreign_keys,
    hurried,
    joined_updates,
    make,
    mirrors,
    network,
    rendered,
)
from tests.clients import ApiClient, PersonClient, ServerClient

StaffClient = Callable[..., PersonClient]
# For live servers, unittest classes, isolated apps, template errors and sites; and what only they ask for.
UNUSED = frozenset(
    {
        "_django_clear_site_cache",
        "_django_isolate_apps",
        "_django_setup_unittest",
        "_live_server_helper",
        "_template_string_if_invalid_marker",
        "monkeypatch",
        "request",
    }
)
NOTED_SECONDS = 0.005

hypothesis_settings.register_profile(
    "mainstay",
    deadline=None,
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "20")),
    # The database is rolled back after the test, not after each example; tests that mind begin each example empty.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
hypothesis_settings.load_profile("mainstay")

# A fifth of the suite's time went to looking for garbage among all the modules and tests, which stay.
gc.disable()
gc.set_threshold(100_000, 20, 50)


def pytest_configure(config: pytest.Config) -> None:
    """From here on, loopback only; no condition is lost to a race; and nothing that is changed goes unrecorded."""
    config.pluginmanager.register(hurried)
    network.forbid()
    joined_updates.forbid()
    foreign_keys.check_what_was_written()
    mirrors.listen()
    clean_slate.put_back()
    emptied.allow()
    rendered.tell_of_pages_only()
    settings.MIDDLEWARE = [
        "tests.counted.EightQueries",
        *settings.MIDDLEWARE,
        "tests.declared.FailuresAreDeclared",
        "tests.audited.WritesLeaveEvents",
    ]


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is there now is there until the end."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    """What was left open is told of here, once; pytest would look through everything twice more."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Every test may use every database; one that says more of it, such as transaction=True, keeps what it says."""
    marker = item.get_closest_marker("django_db")
    options = {"databases": list(settings.DATABASES), **(marker.kwargs if marker else {})}
    item.add_marker(pytest.mark.django_db(**options), append=False)
    # Tests of one engine's ways run on that engine.
    for vendor, name in (("postgresql", "postgres"), ("sqlite", "sqlite")):
        if item.get_closest_marker(name) and connections["default"].vendor != vendor:
            item.add_marker(pytest.mark.skip(reason=f"needs {vendor}"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what pytest-django prepares for tests that we have none of: it was half of what a test costs."""
    for item in items:
        if isinstance(item, pytest.Function):
            unused = UNUSED if item.get_closest_marker("urls") else UNUSED | {"_django_set_urlconf"}
            unasked = unused.difference(item._fixtureinfo.argnames)
            item.fixturenames = [name for name in item.fixturenames if name not in unasked]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """What a test says is said first; then what went wrong without a word."""
    return (yield from mirrors.watched(item))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """A worker tells of a test's end, and of what went wrong or took long before and after; not that it begins."""
    if not hasattr(item.config, "workerinput"):
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed or report.duration > NOTED_SECONDS:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


@pytest.fixture(autouse=True)
def _system_scope() -> Iterator[None]:
    """Fixtures and assertions see every row; requests begin without a scope, whatever the test has, and uncounted."""
    caches.start_empty()
    with scoping.system():
        yield
    context.end()
    signing_keys.forget()
    daily_counts.forget()
    # The sandbox's clock, if it was advanced, is rolled back; what this thread remembers of it is not.
    clock._offset.value = timedelta(0)


@pytest.fixture
def one_moment() -> Iterator[None]:
    """No time passes: for what counts requests in a window, which is over sooner than a busy machine is through."""
    with clocks.stopped():
        yield


@pytest.fixture
def anonymous() -> ApiClient:
    """Nobody."""
    return ApiClient()


@pytest.fixture
def organization() -> Organization:
    """The organization of `owner` and `member`."""
    return make.organization("Harbour Bakery")


@pytest.fixture
def owner(organization: Organization) -> PersonClient:
    """Its owner."""
    return PersonClient(make.person(organization, Role.OWNER, email="owner@harbour.test"), organization)


@pytest.fixture
def member(organization: Organization) -> PersonClient:
    """A plain member of it."""
    return PersonClient(make.person(organization, Role.MEMBER, email="member@harbour.test"), organization)


@pytest.fixture
def outsider() -> PersonClient:
    """The owner of another organization."""
    other = make.organization("Other Company")
    return PersonClient(make.person(other, Role.OWNER, email="outsider@other.test"), other)


@pytest.fixture
def as_staff() -> StaffClient:
    """Makes a staff member who holds exactly the permissions named: `as_staff("tenants.view_order")`."""
    return clients.staff


@pytest.fixture
def server(organization: Organization) -> ServerClient:
    """A registered server of `organization`, calling with its key."""
    key = "hk_" + "s" * 43
    return ServerClient(make.server(make.order(organization), key=key), key)

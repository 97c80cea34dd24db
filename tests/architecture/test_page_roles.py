"""Every page of an organization, opened and sent in every role: who may is written down a second time."""

from collections.abc import Iterator

import pytest
from django.db import transaction

from orgs.portal.pages import OrganizationPage
from orgs.roles import Role
from platform_core import routes
from platform_core.models import AuditEvent
from tests import make
from tests.architecture import world
from tests.architecture.test_roles import BUYERS, DECIDING, EVERYBODY, LOG_READERS, OWNERS
from tests.architecture.world import World
from tests.orgs.names import saying
from tests.pages import Browser


def _pages() -> Iterator[tuple[str, str]]:
    for path, pattern in routes.patterns():
        view = getattr(pattern.callback, "view_class", None)
        if isinstance(view, type) and issubclass(view, OrganizationPage) and not view.personal:
            yield from ((verb, path) for verb in view.access)


PAGES = sorted(_pages())
# Opening is everybody's and sending theirs who decide; this is the rest.
OTHERWISE = {
    ("GET", "/invitations"): DECIDING,
    ("GET", "/roles/new"): DECIDING,
    ("GET", "/audit-log"): LOG_READERS,
    ("GET", "/audit-log/audit-events/<uuid:pk>"): LOG_READERS,
    ("GET", "/audit-log/audit-exports/<uuid:pk>"): LOG_READERS,
    ("GET", "/audit-log/audit-streams/<uuid:pk>"): LOG_READERS,
    ("GET", "/audit-log/audit-streams/new"): DECIDING,
    ("GET", "/audit-log/exports"): LOG_READERS,
    ("POST", "/audit-log/exports"): LOG_READERS,
    ("GET", "/audit-log/settings"): LOG_READERS,
    ("POST", "/billing-details"): BUYERS,
    ("POST", "/billing/payment-methods"): BUYERS,
    ("POST", "/billing/payment-methods/<uuid:pk>/remove"): BUYERS,
    ("POST", "/billing/payment-methods/<uuid:pk>/use"): BUYERS,
    ("GET", "/billing/<uuid:pk>/cancel"): BUYERS,
    ("POST", "/billing/<uuid:pk>/cancel"): BUYERS,
    ("POST", "/billing/<uuid:pk>/add-ons"): BUYERS,
    ("POST", "/billing/<uuid:pk>/change"): BUYERS,
    ("POST", "/billing/<uuid:pk>/resume"): BUYERS,
    ("GET", "/checkout/<uuid:pk>"): BUYERS,
    ("POST", "/checkout/<uuid:pk>"): BUYERS,
    ("GET", "/checkout"): BUYERS,
    ("POST", "/checkout"): BUYERS,
    ("POST", "/members/leave"): EVERYBODY,
    ("POST", "/members/<uuid:pk>/hand-over"): OWNERS,
    ("POST", "/reports"): EVERYBODY,
    ("POST", "/settings/delete"): OWNERS,
    ("GET", "/settings/webhooks"): DECIDING,
    ("GET", "/settings/webhooks/new"): DECIDING,
    ("GET", "/settings/webhooks/<uuid:pk>"): DECIDING,
    ("GET", "/settings/webhooks/<uuid:pk>/replay"): DECIDING,
    ("GET", "/settings/webhooks/deliveries/<uuid:pk>"): DECIDING,
}
# Whoever may do it at home is led to a proof before the row is looked up.
LED_TO_A_PROOF = {"/members/<uuid:pk>/hand-over"}


@pytest.fixture
def harbour() -> Iterator[World]:
    """An organization with one of everything, and name servers that answer at once."""
    with saying({}):
        yield world.build()


def status(browser: Browser, verb: str, path: str) -> int:
    """Of the answer; whatever the page did is undone."""
    before = transaction.savepoint()
    answer = browser.get(path) if verb == "GET" else browser.post(path, {})
    transaction.savepoint_rollback(before)
    return answer.status_code


def test_nothing_is_written_down_that_is_gone() -> None:
    assert set(OTHERWISE) <= set(PAGES)


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_its_part_and_no_more(role: Role, harbour: World) -> None:
    browser = Browser(make.person(harbour.organization, role))

    found = {(verb, path): status(browser, verb, harbour.path(path)) for verb, path in PAGES}

    allowed = {page for page in PAGES if role in OTHERWISE.get(page, EVERYBODY if page[0] == "GET" else DECIDING)}
    assert {page for page, answer in found.items() if answer == 403} == set(PAGES) - allowed
    assert {page: answer for page, answer in found.items() if (answer == 404 and "<" in page[1]) or answer >= 500} == {}


@pytest.mark.parametrize("role", Role)
def test_elsewhere_the_role_opens_nothing(role: Role, harbour: World) -> None:
    browser = Browser(make.person(make.organization(), role))
    of_one = [(verb, path) for verb, path in PAGES if "<" in path and path not in LED_TO_A_PROOF]

    found = {(verb, path): status(browser, verb, harbour.path(path)) for verb, path in of_one}

    assert {page: answer for page, answer in found.items() if answer not in {403, 404}} == {}


def test_whoever_is_led_to_a_proof_changed_nothing(harbour: World) -> None:
    browser = Browser(make.person(make.organization()))
    happened = AuditEvent.objects.count()

    answers = {path: browser.post(harbour.path(path), {}).status_code for path in LED_TO_A_PROOF}

    assert answers == dict.fromkeys(LED_TO_A_PROOF, 302)
    assert AuditEvent.objects.count() == happened

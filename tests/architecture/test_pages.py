"""Strangers get nothing from the pages either: the portal's and the console's."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse

from platform_core import routes
from platform_core.portal.base import PortalView
from tests import clients
from tests.architecture import world
from tests.architecture.prefixes import PARAMETER
from tests.architecture.source import APPS
from tests.architecture.world import World
from tests.clients import ApiClient, PersonClient
from tests.pages import Browser, opened

# Pages of Django, of allauth, and of the sandbox, which is Stripe's side of the street.
ELSEWHERE = ("/admin/", "/accounts/", "/sandbox/")
# Pages that anybody may open, and why.
OPEN = {
    "landing": "what is sold, and for how much",
    "pricing": "what is sold, and for how much",
    "buy": "a guest buys by an address",
    "checkout": "a guest may begin a purchase",
    "checkout-canceled": "a guest comes back from the payment page",
    "checkout-return": "a guest comes back from the payment page to what this browser began",
    "checkout-claim": "the mailed token is the proof",
    "audit-export-file": "the signed link is the proof, and who it was given to is looked up",
    "invitation-stop": "the signed link is the proof, and it takes nothing but invitations away",
    "report-file": "the signed link is the proof, and who it was given to is looked up",
    "theme": "how pages look is the browser's own business",
}
API = {path for path, _ in routes.api_patterns()}
PAGES = [entry for entry in routes.patterns() if entry[0] not in API and not entry[0].startswith(ELSEWHERE)]


def view_of(pattern: URLPattern) -> Any:
    return getattr(pattern.callback, "view_class", pattern.callback)


CLOSED = [(path, view_of(pattern)) for path, pattern in PAGES if pattern.name not in OPEN]
READ = [(path, view) for path, view in CLOSED if hasattr(view, "get")]

each_closed = pytest.mark.parametrize(("path", "view"), CLOSED, ids=[path for path, _ in CLOSED])
each_row = pytest.mark.parametrize("path", [path for path, _ in READ if PARAMETER.search(path)])
each_list = pytest.mark.parametrize("path", [path for path, _ in READ if not PARAMETER.search(path)])


@pytest.fixture
def theirs() -> World:
    """An organization that the caller has nothing to do with."""
    return world.build()


def test_an_open_page_is_open_for_a_reason() -> None:
    assert set(OPEN) <= {pattern.name for _, pattern in PAGES}


@each_closed
def test_every_other_page_is_the_portals_and_says_who_may_do_what(path: str, view: Any) -> None:
    assert issubclass(view, PortalView)
    assert {verb for verb in ("GET", "POST") if hasattr(view, verb.lower())} == set(view.access)


@each_closed
def test_nobody_is_sent_to_the_sign_in(anonymous: ApiClient, theirs: World, path: str, view: Any) -> None:
    for call in (anonymous.get, anonymous.post):
        answer = call(theirs.path(path))
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/login/?next=")


@each_row
def test_a_page_of_another_organizations_row_does_not_exist(outsider: PersonClient, theirs: World, path: str) -> None:
    assert outsider.get(theirs.path(path)).status_code == 404


@each_row
def test_its_owner_sees_it(theirs: World, path: str) -> None:
    answer = PersonClient(theirs.owner).get(theirs.path(path))

    # A page that leads to a file leads to its link.
    assert answer.status_code == 200 or (answer.status_code == 302 and "/accounts/" not in answer.headers["Location"])


@each_list
def test_a_strangers_page_names_nothing_of_ours(outsider: PersonClient, theirs: World, path: str) -> None:
    answer = outsider.get(path)

    text = answer.content.decode()
    assert answer.status_code < 500
    assert [key for key in theirs.ids if str(key) in text] == []


# The sign-in by passkey stands among allauth's pages.
TARGETS = [
    (path, view)
    for path, pattern in routes.patterns()
    if path not in API and not path.startswith(("/admin/", "/sandbox/"))
    for view in [view_of(pattern)]
    if hasattr(view, "post") and not hasattr(view, "get")
]


@pytest.mark.parametrize(("path", "view"), TARGETS, ids=[path for path, _ in TARGETS])
def test_whoever_opens_what_a_form_is_sent_to_is_led_to_the_form(theirs: World, path: str, view: Any) -> None:
    browser = Browser(theirs.owner) if issubclass(view, PortalView) else Browser()

    led = browser.read(theirs.path(path))

    assert led.status == 302
    assert browser.read(led.location).status == 200
    other = opened(browser.delete(theirs.path(path)))
    assert (other.status, other.heading) == (405, "This address is not for that")
    assert "POST" in other.response["Allow"]


@each_list
def test_no_page_answers_a_verb_it_does_not_know_with_nothing(theirs: World, path: str) -> None:
    answer = opened(PersonClient(theirs.owner).put(path))

    assert (answer.status in (403, 405), bool(answer.heading)) == (True, True)


CONSOLE = sorted(
    (model for model in admin.site._registry if model._meta.app_label in APPS), key=lambda model: model._meta.label
)
each_console = pytest.mark.parametrize("model", CONSOLE, ids=[model._meta.label for model in CONSOLE])


def console(model: type[Model], page: str = "changelist") -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")


def viewer(*models: type[Model]) -> PersonClient:
    """Staff who may see rows of these models only."""
    client = clients.staff()
    for model in models:
        codename, app_label = f"view_{model._meta.model_name}", model._meta.app_label
        permission = Permission.objects.get(content_type__app_label=app_label, codename=codename)
        client.user.user_permissions.add(permission)
    return client


@each_console
def test_the_console_is_for_staff_with_the_permission(
    anonymous: ApiClient, owner: PersonClient, model: type[Model]
) -> None:
    assert anonymous.get(console(model)).status_code == 302
    assert owner.get(console(model)).status_code in {302, 403}
    assert clients.staff().get(console(model)).status_code == 403
    assert viewer(model).get(console(model)).status_code == 200


@each_console
def test_rows_of_the_console_cost_no_queries(model: type[Model]) -> None:
    client, counts = viewer(model), []
    client.get(console(model))
    for rows in (1, 3):
        world.build(rows)
        with CaptureQueriesContext(connection) as queries:
            client.get(console(model))
        counts.append(len(queries))

    assert counts[0] == counts[1]

"""Every page of the URL table, as whoever may see it: a page that is added is walked without anybody saying so."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import allauth.urls
import pytest
from django.contrib import admin
from django.urls import URLPattern, URLResolver, reverse
from playwright.sync_api import Page as BrowserPage

from config.urls import portal
from tests.browser.conftest import Visit
from tests.browser.people import prove, staff_with_a_passkey
from tests.browser.visitor import Visitor

# Pages that only a step of somebody's way leads to, and the test that takes it and looks at the page.
ON_THE_WAY = {
    "account_confirm_email": "test_customer",
    "account_confirm_login_code": "test_anybody, as portal:enter-code",
    "account_reauthenticate": "nothing of ours asks for it: portal:step-up does",
    "account_reset_password_from_key": "test_anybody",
    "account_set_password": "leads to account_change_password for whoever has one",
    "buy": "leads to the payment page",
    "checkout-change": "test_subscription",
    "checkout-claim": "test_customer",
    "checkout-return": "test_customer",
    "confirm-by-code": "test_anybody",
    "console": "leads to the console",
    "credit-note-pdf": "a file",
    "enter-code": "test_anybody",
    "fetch-export": "test_account",
    "invoice-pdf": "a file",
    "order-live": "what a page asks for",
    "audit-event": "test_organization",
    "audit-export-file": "a file",
    "audit-stream": "test_organization",
    "download-audit-export": "leads to a file",
    "invitation": "test_organization",
    "invitation-stop": "test_organization",
    "open-report": "leads to a file",
    "report-file": "a file",
    "replay-webhook": "test_webhooks",
    "role": "test_organization",
    "second-factor": "test_second_factor",
    "security-app": "test_second_factor",
    "security-passkey": "test_second_factor",
    "staff-invitation": "test_staff_invitation",
    "step-up": "test_second_factor",
    "webhook": "test_webhooks",
    "webhook-delivery": "test_webhooks",
    "welcome": "test_customer",
}
# What a stranger saw, in the same run.
SEEN: set[str] = set()
Page = tuple[str, URLPattern]


def flat(patterns: Sequence[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every pattern of a table, with its whole route."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from flat(pattern.url_patterns, route)
        else:
            yield route, pattern


def pages() -> dict[str, Page]:
    """By name, what can be looked at and no other test's way leads to."""
    table = [*flat(portal), *flat(allauth.urls.urlpatterns, "accounts/")]
    return {
        str(pattern.name): (route, pattern)
        for route, pattern in table
        if pattern.name not in ON_THE_WAY and shows_something(pattern)
    }


def shows_something(pattern: URLPattern) -> bool:
    """What only takes forms has no page. A library's functions do not tell."""
    view = getattr(pattern.callback, "view_class", None)
    return view is None or hasattr(view, "get")


def address(route: str, pattern: URLPattern, links: set[str]) -> str | None:
    """Where somebody's link leads; without one, a route without a gap is its own address."""
    led = (each for each in sorted(links) if pattern.resolve(urlsplit(each).path.removeprefix("/")))
    return next(led, None if "<" in route else f"/{route}")


def walk(visitor: Visitor, wanted: dict[str, Page], prefix: str, links: set[str]) -> set[str]:
    """Look at each page that opens for this visitor, following links to those with ids; gives their names."""
    looked_at: set[str] = set()
    tried: set[str] = set()
    visitor.expected.add(403)
    while found := [
        (name, path)
        for name, (route, pattern) in wanted.items()
        if name not in tried and (path := address(route, pattern, links))
    ]:
        for name, path in found:
            tried.add(name)
            page = visitor.open(path)
            prove(page)
            links |= links_on(page)
            if visitor.path == urlsplit(path).path and not page.get_by_text("Error 403").is_visible():
                visitor.gallery(f"{prefix}-{name.replace('_', '-')}")
                looked_at.add(name)
    return looked_at


def links_on(page: BrowserPage) -> set[str]:
    """Where a page leads, within the site."""
    hrefs = page.eval_on_selector_all("a[href]", "(all) => all.map((each) => each.href)")
    return {f"{parts.path}?{parts.query}" if parts.query else parts.path for parts in map(urlsplit, hrefs)}


def test_every_page_that_a_stranger_may_open_is_sound(passer_by: Visit) -> None:
    with passer_by() as stranger:
        seen = walk(stranger, pages(), "stranger", set())

    SEEN.update(seen)
    assert {"landing", "pricing", "account_login", "account_signup"} <= seen


def test_every_other_page_is_sound_for_a_customer_who_has_everything(visit: Visit) -> None:
    with visit() as customer:
        customer.sign_in("owner")
        seen = walk(customer, {name: page for name, page in pages().items() if name not in SEEN}, "customer", set())

    SEEN.update(seen)
    assert {"home", "order", "server", "invoice", "security", "sessions", "profile", "delete-account"} <= seen


def test_every_page_of_the_table_was_seen_and_those_that_are_left_are_for_staff(visit: Visit) -> None:
    with visit() as visitor, staff_with_a_passkey(visitor) as page:
        links = set()
        for who in ("customer", "sven@mainstay.example"):
            visitor.open(f"/admin/identity/user/?q={visitor.demo.login(who)[0] if who == 'customer' else who}")
            page.locator("#result_list tbody th a").first.click()
            page.wait_for_url("**/change/**")
            links |= links_on(page)
        SEEN.update(walk(visitor, {name: page for name, page in pages().items() if name not in SEEN}, "staff", links))

    assert set(pages()) - SEEN == set()


@pytest.mark.parametrize("app", sorted({model._meta.app_label for model in admin.site._registry}))
def test_every_list_of_the_console_and_a_row_of_it_is_sound(visit: Visit, app: str) -> None:
    with visit() as visitor:
        visitor.sign_in("staff", then="/admin/")
        for model in admin.site._registry:
            if model._meta.app_label == app:
                look_at_rows(visitor, f"{app}_{model._meta.model_name}")


def look_at_rows(visitor: Visitor, name: str) -> None:
    """The list, a row's page, and the form for a new row where there is one."""
    place = name.replace("_", "-")
    page = visitor.open(reverse(f"admin:{name}_changelist"))
    visitor.gallery(f"console-{place}-list", sparing=True)
    rows = page.locator("#result_list tbody :is(th, td) a")
    first = rows.first.get_attribute("href") if rows.count() else None
    add = page.locator(f"a[href^='{reverse(f'admin:{name}_add')}']")
    form = add.first.get_attribute("href") if add.count() else None
    if first:
        visitor.gallery(f"console-{place}-row", first, sparing=True)
    if form:
        visitor.gallery(f"console-{place}-new", form, sparing=True)

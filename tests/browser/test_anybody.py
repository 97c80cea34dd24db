"""What anybody sees, and that all of it works by keyboard, without JavaScript, and with less motion."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.people import AUTHENTICATOR
from tests.browser.visitor import SCREENSHOTS, SIZES

ERRORS = {
    "not-found": ("/no/such/page", 404),
    "link-used": ("/accounts/password/reset/key/x-y/", 200),
    "order-of-nobody": ("/checkout/claim/nothing", 404),
}


@pytest.mark.parametrize(("name", "path", "status"), [(name, *what) for name, what in ERRORS.items()])
def test_what_leads_nowhere_is_a_page_too(passer_by: Visit, name: str, path: str, status: int) -> None:
    with passer_by() as visitor:
        visitor.expected.add(status)
        visitor.gallery(f"error-{name}", path)


def test_a_form_from_elsewhere_is_refused_in_words(passer_by: Visit) -> None:
    with passer_by() as visitor:
        visitor.expected.add(403)
        page = visitor.open("/accounts/login/")
        visitor.context.clear_cookies()
        visitor.enter("robin@keel.example", "harbour-lantern-42")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        visitor.gallery("error-forged-form")


def test_a_wrong_password_is_refused_where_it_was_typed(passer_by: Visit) -> None:
    with passer_by() as visitor:
        page = visitor.open("/accounts/login/")
        visitor.enter("nobody@keel.example", "harbour-lantern-42")
        expect(page.get_by_role("alert")).to_be_visible()
        visitor.gallery("sign-in-refused")


def test_form_errors_stand_at_their_fields(passer_by: Visit) -> None:
    with passer_by() as visitor:
        page = visitor.open("/accounts/signup/")
        page.get_by_label("Name").fill("Robin")
        page.get_by_label("Email").fill("robin@keel.example")
        page.get_by_label("Password").fill("12345")
        page.get_by_role("main").get_by_role("button", name="Create account").click()
        field = page.get_by_label("Password")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#id_password1_error")).to_contain_text("too short")
        visitor.gallery("sign-up-refused")


def test_the_first_tab_offers_to_skip_to_the_content(passer_by: Visit) -> None:
    with passer_by() as visitor:
        page = visitor.open("/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_the_theme_changes_in_place_and_stays(passer_by: Visit) -> None:
    with passer_by(color_scheme="light") as visitor:
        page = visitor.open("/pricing")
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.get_by_role("button", name="Follow the system").click()
        page.reload()
        expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")


def test_the_theme_changes_without_javascript_too(passer_by: Visit) -> None:
    with passer_by(java_script_enabled=False) as visitor:
        page = visitor.open("/pricing")
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert page.url.endswith("/pricing")


def test_a_passkey_that_is_refused_says_so(passer_by: Visit) -> None:
    with passer_by() as visitor:
        page = visitor.open("/accounts/login/")
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": {**AUTHENTICATOR, "isUserVerified": False}})
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_text("That was cancelled, or took too long. Try again.")).to_be_visible()
        visitor.gallery("sign-in-passkey-refused")


def test_menus_open_and_close_by_keyboard(visit: Visit) -> None:
    with visit() as visitor:
        visitor.sign_in("owner")
        page = visitor.page
        menu = page.locator("summary[aria-label^='Account']")
        menu.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="Profile")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name="Profile")).to_be_hidden()
        expect(menu).to_be_focused()


def test_on_a_phone_the_navigation_is_a_drawer(visit: Visit) -> None:
    with visit(**SIZES["phone"]) as visitor:
        visitor.sign_in("owner")
        page = visitor.page
        navigation = page.get_by_role("navigation", name="Portal")
        expect(navigation).to_be_hidden()
        page.get_by_role("button", name="Menu").click()
        expect(navigation).to_be_visible()
        page.screenshot(path=SCREENSHOTS / "drawer-phone-light.jpg", type="jpeg")
        navigation.get_by_role("link", name="Invoices").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Invoices")

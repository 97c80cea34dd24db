"""Somebody is invited to the staff, sets up what staff need, sees what their role shows, and leaves again."""

from django.conf import settings
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.people import PASSWORD, new_address, prove, set_up_app, staff_with_a_passkey
from tests.browser.visitor import Visitor


def invite(visitor: Visitor, email: str) -> None:
    """From the console, by whoever may."""
    page = visitor.open("/admin/identity/staffinvitation/add/")
    prove(page)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Role").select_option(label="Support")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("cell", name=email).or_(page.get_by_role("link", name=email)).first).to_be_visible()


def accept(visitor: Visitor, email: str) -> None:
    """By the mailed link, to the door."""
    page = visitor.page
    page.goto(visitor.demo.mailed_link(email, r"http\S+/accounts/staff-invitation/\S+"))
    visitor.gallery("staff-invitation")
    page.get_by_label("Name").fill("Nora Quay")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Accept invitation").click()
    page.wait_for_url("**/accounts/login/**")
    visitor.gallery("staff-door-welcome")


def enrol(visitor: Visitor, email: str) -> list[str]:
    """Without a second factor nothing of staff's opens: the console leads to the page that sets one up."""
    page = visitor.page
    visitor.enter(email, PASSWORD)
    page.wait_for_url("**/security**")
    expect(page.get_by_text("Two-factor authentication is required of you.")).to_be_visible()
    visitor.gallery("security-required")
    return set_up_app(visitor)[1]


def test_from_the_invitation_to_the_console_and_out_again(visit: Visit) -> None:
    email = new_address("nora")
    with visit() as owner, staff_with_a_passkey(owner):
        invite(owner, email)
        owner.gallery("console-invitations", "/admin/identity/staffinvitation/")
    with visit() as visitor:
        accept(visitor, email)
        codes = enrol(visitor, email)
        page = visitor.open("/admin/")
        visitor.gallery("console-support")
        expect(page.get_by_role("link", name="Staff invitations")).to_have_count(0)
        visitor.expected.add(403)
        visitor.open("/admin/identity/staffinvitation/")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        visitor.gallery("console-refused")

        visitor.open("/profile/delete")
        page.get_by_role("textbox", name="Code").fill(codes[0])
        page.get_by_role("button", name="Confirm").click()
        visitor.gallery("delete-account")
        page.get_by_role("button", name="Delete my account for good").click()
        expect(page.get_by_role("heading", name="Your account is deleted")).to_be_visible()
        visitor.gallery("deleted")
        visitor.open("/overview")
        assert visitor.path == "/accounts/login/"


def test_the_console_asks_once_more_whoever_came_in_a_while_ago(visit: Visit) -> None:
    with visit() as visitor, staff_with_a_passkey(visitor) as page:
        visitor.context.clear_cookies(name=settings.CONSOLE_COOKIE_NAME)
        visitor.open("/security/confirm?purpose=console.enter&next=/staff/console")
        prove(page)
        page.wait_for_url("**/admin/")

"""Staff act as a customer: they say why, see what the customer sees, change nothing, and come back."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.people import newcomer, prove, staff_with_a_passkey
from tests.browser.visitor import Visitor

REASON = "Their invoice of June looks wrong to them, ticket 4711."


def open_person(visitor: Visitor, email: str) -> Page:
    """By the console's search, to everything known of somebody."""
    page = visitor.open(f"/admin/identity/user/?q={email}")
    page.get_by_role("link", name=email).click()
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    return page


def begin(visitor: Visitor, email: str) -> None:
    """From the person's page, with a second factor and a reason, to the portal as they see it."""
    page = open_person(visitor, email)
    page.get_by_role("link", name="Act as ").click()
    prove(page)
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Act as ").click()
    page.wait_for_url("**/overview")


def test_staff_look_at_what_a_customer_sees_change_nothing_and_come_back(visit: Visit) -> None:
    with visit() as customer, visit() as visitor, staff_with_a_passkey(visitor) as page:
        email = newcomer(customer)
        begin(visitor, email)
        banner = page.get_by_role("status").filter(has_text="you are acting as")
        expect(banner).to_contain_text(email)
        visitor.gallery("acting-overview")

        visitor.open("/profile")
        expect(banner).to_be_visible()
        visitor.expected.add(403)
        page.get_by_label("First name").fill("Mallory")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Error 403")).to_be_visible()
        expect(banner).to_be_visible()
        visitor.gallery("acting-refused")
        customer.open("/profile")
        expect(customer.page.get_by_label("First name")).to_have_value("Robin")

        banner.get_by_role("button", name="Stop").click()
        page.wait_for_url("**/admin/identity/user/**")
        expect(page.get_by_text(f"You no longer act as {email}.")).to_be_visible()
        visitor.open("/overview")
        expect(banner).to_have_count(0)
        expect(page.get_by_text("your place is the staff console")).to_be_visible()
        visitor.gallery("staff-without-organization")


def test_the_customer_is_told_and_both_are_in_the_log(visit: Visit) -> None:
    with visit() as customer, visit() as visitor, staff_with_a_passkey(visitor):
        email = newcomer(customer)
        begin(visitor, email)
        assert customer.demo.mailed_link(email, "ticket 4711")
        visitor.page.get_by_role("status").get_by_role("button", name="Stop").click()

        page = open_person(visitor, email)
        happened = page.locator("section", has=page.get_by_role("heading", name="What happened to the account"))
        expect(happened.get_by_role("link", name="Impersonation start")).to_be_visible()
        happened.get_by_role("link", name="Impersonation start").first.click()
        expect(page.get_by_text(REASON).first).to_be_visible()


def test_the_page_of_a_person_shows_all_that_is_known_of_them(visit: Visit) -> None:
    with visit() as visitor:
        visitor.sign_in("staff", then="/admin/")
        page = open_person(visitor, visitor.demo.login("customer")[0])
        for heading in ("Organizations", "Subscriptions and usage", "Orders", "Sessions", "What they did"):
            expect(page.get_by_role("heading", name=heading)).to_be_visible()
        expect(page.get_by_role("link", name="Hosting Pro")).to_be_visible()
        visitor.gallery("console-person-customer")
        open_person(visitor, visitor.demo.login("staff")[0])
        visitor.gallery("console-person-staff")

"""Without a mouse: everything is reached by the tabulator, in order, and one always sees where one is."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.people import PASSWORD, new_address, newcomer, sign_out
from tests.browser.test_customer import GOOD
from tests.browser.visitor import Visitor

MOST_STOPS = 60
# What is focused: its name as it is read out, and whether a sighted person sees that it is.
FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return ["", true];
  const label = at.labels?.length ? at.labels[0].innerText : "";
  const name = at.getAttribute("aria-label") || label || at.innerText || at.name || at.id;
  const style = getComputedStyle(at), box = at.getBoundingClientRect();
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  const shown = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
  return [name.trim(), (ring || style.boxShadow !== "none") && shown];
}"""


def tab_to(page: Page, name: str) -> None:
    """On from stop to stop, each of which is seen, until the one of this name."""
    stops: list[str] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        at, is_seen = page.evaluate(FOCUSED)
        assert is_seen, f"The focus on {at!r} is not seen."
        if re.fullmatch(name, at):
            return
        stops.append(at)
    raise AssertionError(f"{name} is not among {stops}")


def type_into(page: Page, label: str, text: str) -> None:
    """Reach a field and fill it."""
    tab_to(page, rf"{label}.*")
    page.keyboard.type(text)


def press(page: Page, name: str) -> None:
    """Reach a button or a link, and use it."""
    tab_to(page, name)
    page.keyboard.press("Enter")


def sign_in(visitor: Visitor, email: str) -> None:
    page = visitor.open("/accounts/login/?next=/overview")
    type_into(page, "Email", email)
    type_into(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Choose your first plan")).to_be_visible()


def buy(page: Page) -> None:
    press(page, "See the plans")
    page.wait_for_url("**/plans")
    press(page, "Buy Hosting Starter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Buy Hosting Starter")
    press(page, "Continue to payment")
    page.wait_for_url("**/sandbox/checkout/*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hosting Starter")
    for label, text in (("Card number", GOOD), ("Expiry", "12 / 34"), ("Security code", "123"), ("Name", "Robin Keel")):
        type_into(page, label, text)
    press(page, r"Subscribe.*")
    page.wait_for_url("**/orders/*")


def invite(page: Page, email: str) -> None:
    press(page, "Members")
    page.wait_for_url("**/members")
    press(page, "Invite")
    page.wait_for_url("**/invitations")
    type_into(page, "Email", email)
    tab_to(page, "Role")
    page.keyboard.press("ArrowUp")
    press(page, "Send invitation")
    expect(page.get_by_text(f"The invitation to {email} is on its way.")).to_be_visible()


def test_signing_in_buying_and_inviting_without_a_mouse(visit: Visit) -> None:
    with visit() as visitor:
        email, page = newcomer(visitor), visitor.page
        sign_out(page)
        sign_in(visitor, email)
        buy(page)
        nora = new_address("nora")
        invite(page, nora)
        expect(page.get_by_role("row").filter(has_text=nora)).to_be_visible()


def test_the_first_stop_leads_past_the_navigation(visit: Visit) -> None:
    with visit() as visitor:
        visitor.sign_in("owner", then="/members")
        page = visitor.page
        press(page, "Skip to content")
        tab_to(page, "Roles")

"""A customer's way from sign-up to the invoice in their folder."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.conftest import Visit
from tests.browser.demo import until
from tests.browser.people import PASSWORD, new_address
from tests.browser.visitor import Visitor, order_id_of

DECLINED, GOOD = "4000 0000 0000 0002", "4242 4242 4242 4242"


def pay(page: Page, card: str) -> None:
    """Fill in the provider's page."""
    page.get_by_label("Card number").fill(card)
    page.get_by_label(re.compile("Expir")).fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on card").fill("Robin Keel")
    page.get_by_role("button", name=re.compile("^Subscribe")).click()


def sign_up(visitor: Visitor) -> str:
    """A new account, whose address is then confirmed by its mailed link; gives the address."""
    email = new_address("robin")
    page = visitor.open("/")
    page.get_by_role("banner").get_by_role("link", name="Create account").click()
    page.get_by_label("Name").fill("Robin Keel")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Create account").click()
    page.wait_for_url("**/overview")
    page.goto(visitor.demo.mailed_link(email, r"http\S+/accounts/confirm-email/\S+"))
    visitor.gallery("confirm-address")
    page.get_by_role("button", name="Yes, confirm it").click()
    page.wait_for_url("**/overview")
    expect(page.get_by_text("Your email address is confirmed.")).to_be_visible()
    expect(page.get_by_role("heading", name="Choose your first plan")).to_be_visible()
    return email


def choose(visitor: Visitor) -> None:
    """To the payment page of Hosting Pro."""
    page = visitor.page
    visitor.gallery("overview-empty")
    page.get_by_role("link", name="See the plans").click()
    for name in ("servers", "usage", "invoices", "plans"):
        visitor.gallery(f"{name}-empty", f"/{name}")
    page.get_by_role("button", name="Buy Hosting Pro").click()
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hosting Pro")


def buy(visitor: Visitor) -> str:
    """Declined, back and forth, then paid; gives the order that came of it."""
    page = visitor.page
    choose(visitor)
    visitor.expected.add(402)
    pay(page, DECLINED)
    expect(page.get_by_role("alert")).to_contain_text("declined")
    visitor.gallery("payment")
    page.get_by_role("link", name=re.compile("Back to")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was charged")
    visitor.gallery("checkout-canceled")
    page.get_by_role("button", name="Try Hosting Pro again").click()
    page.get_by_role("button", name="Continue to payment").click()
    pay(page, GOOD)
    page.wait_for_url("**/orders/*")
    visitor.gallery("order-coming-up")
    return order_id_of(page.url)


def watch(visitor: Visitor) -> None:
    """Every line without a gap until the page turns into the server's address."""
    page = visitor.page
    expect(page.get_by_role("heading", name="Your server is ready")).to_be_visible(timeout=60_000)
    lines = page.locator("#log li span").all_inner_texts()
    assert lines[0].startswith("Server ")
    assert lines[-1].startswith("The order is fulfilled")
    assert len(set(lines)) == len(lines)
    page.reload()
    assert page.locator("#log li span").all_inner_texts() == lines
    visitor.gallery("order-ready")
    page.get_by_role("link", name="See how it is doing").click()
    expect(page.get_by_label("Status").get_by_text("Online")).to_be_visible()


def use(visitor: Visitor, order_id: str) -> None:
    """More than the allotment; the page shows it as the agent reports it."""
    page = visitor.page
    visitor.demo.use_tokens(order_id, "marketing", "deepseek/deepseek-v3.2", 9_000_000)
    visitor.demo.use_tokens(order_id, "sales", "anthropic/claude-haiku-4.5", 7_250_000)
    page.get_by_role("navigation", name="Portal").get_by_role("link", name="Usage").click()
    until(lambda: page.reload() and page.get_by_text("1,250,000 beyond the allotment").is_visible(), "the overage")
    expect(page.get_by_role("img", name="Tokens used: 16,250,000 of 15,000,000, 108%")).to_be_visible()
    page.get_by_text("As a table").click()
    expect(page.get_by_role("cell", name="16,250,000").first).to_be_visible()
    visitor.gallery("usage-beyond")


def month_passes(visitor: Visitor) -> None:
    """The sandbox's clock goes to the renewal; what follows from it happens by itself."""
    page = visitor.open("/sandbox/")
    visitor.gallery("sandbox")
    page.get_by_label("To a moment (UTC)").fill(just_after_the_renewal(visitor))
    page.get_by_role("button", name="Advance", exact=True).click()
    page.wait_for_load_state()


def just_after_the_renewal(visitor: Visitor) -> str:
    """While the provider still keeps the invoice open for additions, as the clock's field wants it."""
    page = visitor.context.new_page()
    page.goto(visitor.demo.url("/overview"))
    renews = page.get_by_text("Renews").locator("time").get_attribute("datetime")
    page.close()
    assert renews is not None
    return f"{datetime.fromisoformat(renews) + timedelta(minutes=2):%Y-%m-%dT%H:%M}"


def keep_the_invoice(visitor: Visitor, folder: Path) -> None:
    """Base and overage on one paid invoice, and the same as a file."""
    page = visitor.open("/invoices")
    until(lambda: page.reload() and page.get_by_text("$132.13").is_visible(), "the renewal's invoice")
    page.get_by_role("row").filter(has_text="$132.13").get_by_role("link").click()
    expect(page.get_by_role("cell", name="1,250,000", exact=True)).to_be_visible()
    until(lambda: page.reload() and page.get_by_text("Paid", exact=True).first.is_visible(), "the payment")
    visitor.gallery("invoice")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    number = page.get_by_role("heading", level=1).inner_text()
    assert file.name == f"invoice-{number}.pdf"
    printed = " ".join(PdfReader(file).pages[0].extract_text().split())
    assert [
        text for text in (number, "Hosting Pro", "1,250,000", "129.00", "3.13", "132.13") if text not in printed
    ] == []


def staff_see_it(staff: Visitor, email: str, order_id: str) -> None:
    """The same purchase from the other side: the person, their organization, its invoice and its order."""
    staff.sign_in("staff", then="/admin/")
    page = staff.open(f"/admin/identity/user/?q={email}")
    page.get_by_role("link", name=email).click()
    expect(page.get_by_role("heading", name="What they did")).to_be_visible()
    page.locator(".panel").get_by_role("link", name="Robin Keel", exact=True).first.click()
    expect(page.get_by_text("$132.13")).to_be_visible()
    expect(page.get_by_text("$129.00")).to_be_visible()
    staff.gallery("console-organization-of-the-customer")
    page.goto(staff.demo.url(f"/admin/tenants/order/{order_id}/change/"))
    expect(page.get_by_text("The order is fulfilled")).to_be_visible()
    expect(page.get_by_role("link", name=email)).to_be_visible()


def test_from_sign_up_to_the_invoice_in_the_folder_and_what_staff_see_of_it(visit: Visit, tmp_path: Path) -> None:
    with visit() as visitor, visit() as staff:
        email = sign_up(visitor)
        order_id = buy(visitor)
        watch(visitor)
        use(visitor, order_id)
        month_passes(visitor)
        keep_the_invoice(visitor, tmp_path)
        staff_see_it(staff, email, order_id)


def test_a_guest_buys_first_and_becomes_a_customer_by_mail(visit: Visit) -> None:
    email = new_address("guest")
    with visit() as visitor:
        page = visitor.open("/pricing")
        page.get_by_role("button", name="Buy Hosting Starter").click()
        page.get_by_role("button", name="Continue to payment").click()
        page.get_by_label("Email").fill(email)
        pay(page, GOOD)
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        visitor.gallery("guest-thanks")
        page.goto(visitor.demo.mailed_link(email, r"http\S+/accounts/welcome/\S+"))
        visitor.gallery("welcome")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Save and sign in").click()
        page.wait_for_url("**/overview")
        page.get_by_role("main").get_by_role("link", name=re.compile("tenants.localhost")).first.click()
        expect(page.get_by_role("heading", name=re.compile("ready|tenants.localhost")).first).to_be_visible()

"""A customer's way with a subscription: more of it, a card that fails and is mended, the end, and money back."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.conftest import Visit
from tests.browser.demo import until
from tests.browser.people import newcomer
from tests.browser.test_customer import GOOD, month_passes, pay
from tests.browser.visitor import Visitor

# It can be saved, and then every charge is refused.
FAILS = "4000 0000 0000 0341"


def subscribe(visitor: Visitor) -> None:
    """A newcomer's first plan."""
    newcomer(visitor)
    page = visitor.open("/plans")
    page.get_by_role("button", name="Buy Hosting Starter").click()
    pay_on = page.get_by_role("button", name="Continue to payment")
    expect(pay_on).to_be_visible()
    visitor.gallery("cart")
    pay_on.click()
    pay(page, GOOD)
    page.wait_for_url("**/orders/*")
    page = visitor.open("/billing")
    expect(page.get_by_role("heading", name="Hosting Starter")).to_be_visible()
    expect(page.get_by_text("Visa ending in 4242")).to_be_visible()
    visitor.gallery("billing")


def upgrade(visitor: Visitor) -> None:
    """What it costs now is shown before it is confirmed, and that is what is charged."""
    page = visitor.page
    page.get_by_role("link", name="Change plan of Hosting Starter").click()
    page.get_by_role("combobox", name="Plan").select_option(label="Hosting Pro")
    page.get_by_role("button", name="Show what it costs").click()
    cost = page.get_by_role("region", name="Hosting Starter → Hosting Pro")
    unused = cost.get_by_role("row").filter(has_text="Unused time on Hosting Starter")
    rest = cost.get_by_role("row").filter(has_text="Remaining time on Hosting Pro")
    due = cents(cost.locator("tfoot").inner_text())
    assert cents(unused.inner_text()) + cents(rest.inner_text()) == due > 0
    visitor.gallery("change-plan")
    page.get_by_role("button", name=f"Confirm and pay ${due / 100:.2f}").click()
    expect(page.get_by_text("You are on Hosting Pro now.")).to_be_visible()
    expect(page.get_by_role("heading", name="Hosting Pro")).to_be_visible()
    visitor.open("/invoices")
    until(lambda: page.reload() and page.get_by_text(f"${due / 100:.2f}").first.is_visible(), "the upgrade's invoice")


def keep_an_invoice(visitor: Visitor, folder: Path) -> str:
    """The newest that is paid, as a file; gives its number."""
    page = visitor.open("/invoices")
    page.get_by_role("row").filter(has_text="Paid").first.get_by_role("link").click()
    number = page.get_by_role("heading", level=1).inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    assert download.value.suggested_filename == f"invoice-{number}.pdf"
    download.value.save_as(folder / "invoice.pdf")
    assert number in PdfReader(folder / "invoice.pdf").pages[0].extract_text()
    return number


def cents(text: str) -> int:
    """The last amount of a row."""
    sign, whole, part = re.findall(r"([-\u2212]?)\$(\d+)\.(\d\d)", text)[-1]
    return (-1 if sign else 1) * (int(whole) * 100 + int(part))


def look_at_more(visitor: Visitor) -> None:
    """A plan that is bought beside one that is held is an offer to change, and may be left."""
    page = visitor.open("/plans")
    page.get_by_role("button", name="Change to Hosting Starter").click()
    page.wait_for_url("**/change?plan=hosting-starter")
    expect(page.get_by_role("region", name="Hosting Pro → Hosting Starter")).to_be_visible()
    visitor.gallery("change-offered")
    page.get_by_role("link", name="Leave it as it is").click()
    expect(page.get_by_role("heading", name="Hosting Pro")).to_be_visible()


def save_card(page: Page, card: str) -> None:
    """Added on the provider's page, and told to us."""
    page.get_by_role("button", name="Add a card or bank account").click()
    page.get_by_label("Card number").fill(card)
    page.get_by_label(re.compile("Expir")).fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on card").fill("Robin Keel")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/billing?*")
    row = page.get_by_role("listitem").filter(has_text=f"ending in {card[-4:]}")
    expect(row.get_by_text("Default")).to_be_visible(timeout=30_000)


def card_fails(visitor: Visitor) -> None:
    """The renewal is refused; the page says so, and until when everything works."""
    page = visitor.open("/billing")
    save_card(page, FAILS)
    month_passes(visitor)
    # The provider keeps the invoice open for an hour, then charges it.
    page.get_by_role("button", name="One hour").click()
    page.wait_for_load_state()
    page = visitor.open("/billing")
    alert = page.get_by_role("alert").filter(has_text="The last payment for Hosting Pro failed.")
    until(lambda: page.reload() and alert.is_visible(), "the refused renewal")
    expect(alert).to_contain_text("Everything works until")
    visitor.gallery("billing-failed")


def mend(visitor: Visitor) -> None:
    """Another card pays what is due at once."""
    page = visitor.open("/billing")
    save_card(page, "5555 5555 5555 4444")
    alert = page.get_by_role("alert").filter(has_text="failed")
    active = page.get_by_label("Hosting Pro").get_by_text("Active")
    until(lambda: page.reload() and active.is_visible(), "the payment")
    expect(alert).not_to_be_visible()
    visitor.gallery("billing-mended")


def cancel(visitor: Visitor) -> None:
    """With the period; it can be taken back until then."""
    page = visitor.page
    page.get_by_role("link", name="Cancel Hosting Pro").click()
    visitor.gallery("cancel-subscription")
    page.get_by_label("Why").fill("We move to our own")
    page.get_by_role("button", name="Cancel Hosting Pro").click()
    expect(page.get_by_text("Hosting Pro ends with its period.")).to_be_visible()
    expect(page.get_by_text(re.compile("Off: ends"))).to_be_visible()
    expect(page.get_by_role("button", name="Resume Hosting Pro")).to_be_visible()
    visitor.gallery("billing-canceled")


def refund(staff: Visitor, number: str) -> None:
    """Staff send a part of it back; a credit note goes with it, and the books show both sides."""
    staff.sign_in("staff", then="/admin/")
    page = staff.open(f"/admin/billing/invoice/?q={number}")
    page.get_by_role("link", name=number).click()
    page.get_by_role("button", name="Refund").click()
    staff.gallery("console-refund")
    page.get_by_label("Amount").fill("12.50")
    page.get_by_label("Reason").fill("An outage in March")
    page.get_by_role("button", name="Refund").click()
    expect(page.get_by_text(f"Refund: {number}: $12.50 succeeded.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"CN-\d{6}")).first).to_be_visible()
    staff.gallery("console-invoice-refunded")
    page = staff.open("/admin/billing/ledgerentry/?transaction__kind__exact=refund&q=Robin")
    sides = [page.get_by_role("row").filter(has_text=account) for account in ("At the payment", "Owed by the customer")]
    for side in sides:
        expect(side.first).to_contain_text("$12.50")
    staff.gallery("console-ledger")
    page = staff.open("/admin/billing/ledgeraccount/")
    expect(page.get_by_text("Invoiced = paid + open + credited + written off")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="unaccounted for")).to_have_count(0)
    staff.gallery("console-conservation")


def refunded(visitor: Visitor, number: str) -> None:
    """The customer sees what went back, and the credit note."""
    page = visitor.open("/invoices")
    page.get_by_role("link", name=number).click()
    expect(page.get_by_role("row").filter(has_text="Refund")).to_contain_text("-$12.50")
    expect(page.get_by_role("row").filter(has_text="An outage in March")).to_contain_text("$12.50")
    visitor.gallery("invoice-refunded")


def test_more_of_it_then_a_card_that_fails_is_mended_then_the_end_and_money_back(visit: Visit, tmp_path: Path) -> None:
    with visit() as visitor, visit() as staff:
        subscribe(visitor)
        upgrade(visitor)
        look_at_more(visitor)
        card_fails(visitor)
        mend(visitor)
        number = keep_an_invoice(visitor, tmp_path)
        visitor.open("/billing")
        cancel(visitor)
        refund(staff, number)
        refunded(visitor, number)

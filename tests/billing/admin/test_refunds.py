"""Staff send money back in the console: in part, whole, never more or twice, and the ledger shows it."""

import pytest

from billing.models import CreditNote, Invoice, LedgerEntry, Payment, Refund
from billing.providers.sandbox.faults import Fault, injected
from billing.providers.sandbox.models import Record
from billing.services import invoice_verification
from platform_core.models import AuditEvent
from tests.billing import shop
from tests.billing.admin.test_questions import KEY, ask
from tests.clients import staff
from tests.pages import Browser

SEES, REFUNDS = ("billing.view_invoice", "billing.view_payment"), "billing.refund_payment"


@pytest.fixture
def invoice() -> Invoice:
    """Hosting Pro, bought and paid for: 129.00."""
    shop.customer()
    return Invoice.objects.get()


@pytest.fixture
def browser() -> Browser:
    return Browser(staff(*SEES, REFUNDS).user)


def sent_back() -> int:
    """At the provider."""
    return sum(refund.data["amount"] for refund in Record.objects.filter(kind="refund"))


def test_a_part_then_the_rest_and_then_it_is_no_longer_offered(invoice: Invoice, browser: Browser) -> None:
    path = f"billing/invoice/{invoice.pk}/do/refund"
    page = ask(browser, path)
    assert 'value="129.00"' in page
    assert "At most $129.00." in page

    assert "$50.00 succeeded" in ask(browser, path, amount="50", reason="An outage", key="a")
    assert 'value="79.00"' in ask(browser, path)
    assert "$79.00 succeeded" in ask(browser, path, amount="79.00", reason="The rest", key="b")

    assert sent_back() == 12_900
    assert [note.total_minor for note in CreditNote.objects.order_by("sequence")] == [5_000, 7_900]
    offered = browser.get(f"/admin/billing/invoice/{invoice.pk}/change/").content.decode()
    assert "/do/refund/" not in offered
    assert "Nothing that was paid for it is left" in ask(browser, path, amount="1", reason="More", key="c")
    assert list(invoice_verification.problems()) == []


def test_the_ledger_shows_it_with_the_refund_behind_it(invoice: Invoice, browser: Browser) -> None:
    ask(browser, f"billing/invoice/{invoice.pk}/do/refund", amount="12.50", reason="x", key="a")

    books = Browser(staff("billing.view_ledgerentry").user)
    rows = books.words("/admin/billing/ledgerentry/?transaction__kind__exact=refund")
    assert rows.count("$12.50") == 2
    refund = Refund.objects.get()
    entries = LedgerEntry.objects.filter(transaction__source_id=refund.pk)
    assert {entry.account.kind: entry.amount_minor for entry in entries} == {
        "receivable": 1_250, "provider_clearing": -1_250,
    }  # fmt: skip
    event = AuditEvent.objects.get(action="refund.request")
    assert (event.changes["amount_minor"], event.changes["reason"], event.actor_type) == (1_250, "x", "staff")


@pytest.mark.parametrize("amount", ["129.01", "0", "-1", "1.234", "1e3", "\u0661", "99999999999999999999"])
def test_what_cannot_be_sent_back_is_refused_beside_its_field(invoice: Invoice, browser: Browser, amount: str) -> None:
    told = ask(browser, f"billing/invoice/{invoice.pk}/do/refund", amount=amount, reason="x", key="a")

    assert "Between $0.01 and $129.00." in told or "Write an amount such as 1234.56." in told
    assert not Refund.objects.exists()


def test_the_same_page_sent_twice_sends_back_once(invoice: Invoice, browser: Browser) -> None:
    path = f"billing/invoice/{invoice.pk}/do/refund"
    found = KEY.search(ask(browser, path))
    assert found is not None

    for _ in range(2):
        assert "$20.00 succeeded" in ask(browser, path, amount="20", reason="x", key=found[1])
    other = ask(browser, path, amount="30", reason="x", key=found[1])

    assert "This key was used for another refund." in other
    assert (sent_back(), Refund.objects.count()) == (2_000, 1)


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.SERVER_ERROR])
def test_a_provider_that_is_down_is_told_and_asking_again_sends_back_once(
    invoice: Invoice, browser: Browser, fault: Fault
) -> None:
    path = f"billing/invoice/{invoice.pk}/do/refund"
    with injected(fault, method="POST", path="/v1/refunds", times=9):
        told = ask(browser, path, amount="20", reason="x", key="a")

    assert 'role="alert"' in told
    assert 'value="20"' in told
    assert Refund.objects.get().status == "requested"
    assert "$20.00 succeeded" in ask(browser, path, amount="20", reason="x", key="a")
    assert sent_back() == 2_000


def test_whoever_may_only_look_may_not(invoice: Invoice) -> None:
    payment = Payment.objects.get()
    stranger = Browser(staff(*SEES, "billing.issue_creditnote").user)

    for path in (f"billing/invoice/{invoice.pk}", f"billing/payment/{payment.pk}"):
        page = stranger.get(f"/admin/{path}/change/")
        assert (page.status_code, "/do/refund/" in page.content.decode()) == (200, False)
        answer = {"answered": "1", "amount": "1", "reason": "x", "key": "a"}
        assert stranger.post(f"/admin/{path}/do/refund/", answer).status_code == 403
    assert not Refund.objects.exists()

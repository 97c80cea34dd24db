"""What was paid is given back once: to the card or into the wallet, in whichever order, and whoever does it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import conservation
from billing.models import CreditNote, Invoice, Payment, ReconciliationFinding, Refund, WalletGrant
from billing.providers import provider
from billing.providers.protocol import ProviderError, RefundFact, RefundSpec
from billing.providers.sandbox.faults import Fault, injected
from billing.providers.sandbox.models import IdempotencyKey
from billing.services import (
    bookkeeping,
    crediting,
    finalizing,
    invoice_verification,
    payments,
    reconciliation,
    refunding,
    wallet,
)
from billing.services.ledger import Account, balance
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from tests import make
from tests.billing import month, shop
from tests.billing.admin.test_questions import ask
from tests.billing.services.test_dunning import refused
from tests.billing.services.test_refunding import answered
from tests.clients import staff
from tests.pages import Browser

PAID = 12_900


@pytest.fixture
def payment() -> Payment:
    """Hosting Pro, bought and paid for: 129.00."""
    month.subscribed()
    return Payment.objects.select_related("invoice").get()


def credit(invoice: Invoice | None, amount: int, key: str = "c") -> CreditNote:
    assert invoice is not None
    return crediting.credit(invoice, amount, reason="broken", key=key, by=None)


def refund(payment: Payment, amount: int | None = None, key: str = "k") -> Refund:
    return refunding.refund(payment, amount, reason="broken", key=key, by=None)


def problems() -> list[str]:
    return [*invoice_verification.problems(), *invoice_verification.of_ledger()]


def test_what_is_in_the_wallet_does_not_go_back_to_the_card_too(payment: Payment) -> None:
    credit(payment.invoice, PAID)

    with pytest.raises(Conflict, match="credited to the customer's wallet: take back there what is not spent"):
        refund(payment)

    assert (Refund.objects.count(), CreditNote.objects.count()) == (0, 1)
    assert provider().payments_of(invoice_id=Invoice.objects.get().provider_invoice_id)[0].refunded_minor == 0
    browser = Browser(staff("billing.view_payment", "billing.refund_payment").user)
    assert "do/refund" not in browser.get(f"/admin/billing/payment/{payment.pk}/change/").content.decode()
    ask(browser, f"billing/payment/{payment.pk}/do/refund", amount="129.00", reason="x", key="k")
    assert not Refund.objects.exists()
    assert problems() == []


def test_what_is_left_may_go_back_and_no_more(payment: Payment) -> None:
    credit(payment.invoice, 5_000)
    with pytest.raises(InvalidInput) as refused_:
        refund(payment, 7_901)
    assert refused_.value.details == {"amountMinor": ["Between 1 and 7900."]}

    assert refund(payment).amount_minor == 7_900

    assert Invoice.objects.get().credited_minor == PAID
    assert problems() == []


def test_a_refund_that_has_no_answer_yet_is_not_credited_too(payment: Payment) -> None:
    refunding._request(payment, 12_000, reason="x", key="k", by=None)

    with pytest.raises(InvalidInput) as refused_:
        credit(payment.invoice, 901)

    assert refused_.value.details == {"amountMinor": ["Between 1 and 900."]}


def test_credits_that_were_taken_back_may_go_to_the_card(payment: Payment) -> None:
    credit(payment.invoice, PAID)
    wallet.take_back(WalletGrant.objects.get(), by=None)
    assert [row.holds for row in conservation.report()] == [True]

    assert (refund(payment).status, CreditNote.objects.count()) == ("succeeded", 1)

    invoice = Invoice.objects.get()
    assert (invoice.credited_minor, invoice.returned_minor, invoice.unsettled_minor) == (PAID, PAID, 0)
    assert balance(Account.RECEIVABLE, "usd", invoice.organization_id) == 0
    assert [row.holds for row in conservation.report()] == [True]
    assert problems() == []
    with pytest.raises(InvalidInput):
        credit(invoice, 1, "again")


def test_what_the_provider_sends_back_after_all_is_owed_and_found(payment: Payment) -> None:
    credit(payment.invoice, 12_000)
    provider().refund(RefundSpec(payment.provider_payment_id, PAID), key="theirs")
    shop.catch_up()

    invoice = Invoice.objects.get()
    assert (invoice.credited_minor, invoice.returned_minor) == (PAID, PAID + 12_000)
    assert list(CreditNote.objects.order_by("sequence").values_list("total_minor", flat=True)) == [12_000, 900]
    assert balance(Account.RECEIVABLE, "usd", invoice.organization_id) == 12_000
    assert problems() == [f"Invoice {invoice.pk} ({invoice}): {PAID + 12_000} was given back, 12000 more than came"]
    reconciliation.run()
    finding = ReconciliationFinding.objects.get()
    assert (finding.object_kind, finding.kind) == ("payment", "differs")
    assert finding.fields == {"returned_minor": [PAID, PAID + 12_000]}


def test_one_that_the_provider_could_not_send_after_all_is_owed_no_longer(payment: Payment) -> None:
    credit(payment.invoice, PAID)
    told = RefundFact("re_x", payment.provider_payment_id, "", "pending", PAID, "usd")
    payments.record_refund(told, observed_at=clock.wall())
    assert Invoice.objects.get().excess_minor == PAID

    payments.record_refund(RefundFact("re_x", told.payment_id, "", "failed", PAID, "usd"), observed_at=clock.wall())

    invoice = Invoice.objects.get()
    assert (invoice.returned_minor, invoice.excess_minor) == (PAID, 0)
    assert balance(Account.RECEIVABLE, "usd", invoice.organization_id) == 0
    assert problems() == []


def test_what_was_paid_twice_goes_back_twice(payment: Payment) -> None:
    second = make.payment(payment.invoice, amount_minor=PAID)
    refund(payment)

    assert refunding.refundable_minor(second) == PAID


def test_an_invoice_that_was_credited_beyond_its_total_is_named(payment: Payment) -> None:
    Invoice.objects.update(credited_minor=PAID + 1)

    assert f"credited with {PAID + 1} of {PAID}" in next(invoice_verification.problems())


steps = st.lists(
    st.tuples(st.sampled_from(["credit", "refund", "ask", "fail", "settle", "take back"]), st.integers(1, 1_500)),
    min_size=1,
    max_size=10,
)


@given(steps, st.sampled_from([0, 1_000]))
def test_no_more_is_given_back_than_was_paid(life: list[tuple[str, int]], credits_minor: int) -> None:
    invoice, owned = paid(credits_minor)
    for verb, amount in life:
        try:
            step(verb, amount, invoice, owned)
        except (InvalidInput, Conflict):
            continue

    invoice.refresh_from_db()
    moved = sum(owned.refunds.filter(status__in=Refund.MOVED).values_list("amount_minor", flat=True))
    credited = sum(invoice.credit_notes.issued().values_list("wallet_minor", flat=True))
    taken = crediting._taken_back(invoice)
    assert invoice.returned_minor == moved + credited - taken <= invoice.total_minor == 2_900
    assert moved <= owned.amount_minor
    assert invoice.credited_minor <= invoice.total_minor
    assert invoice_verification.of_invoice(invoice) == []
    [row] = conservation.report(invoice.organization_id)
    assert row.holds


def paid(credits_minor: int) -> tuple[Invoice, Payment]:
    """29.00 of our own, part of it paid by credits and the rest by card."""
    organization = make.organization()
    if credits_minor:
        terms = wallet.Terms(credits_minor, "x")
        wallet.grant(organization.pk, "usd", terms, key=str(uuid4()), by=None)
    invoice = finalizing.finalize(make.draft(organization))
    invoice.paid_minor = invoice.due_minor
    invoice.status = Invoice.Status.PAID
    invoice.save()
    owned = make.payment(invoice, amount_minor=invoice.paid_minor)
    bookkeeping.post(*bookkeeping.paid(owned))
    return invoice, owned


def step(verb: str, amount: int, invoice: Invoice, owned: Payment) -> None:
    if verb == "credit":
        credit(Invoice.objects.get(pk=invoice.pk), amount, "")
    elif verb in ("refund", "ask"):
        row = refunding._request(owned, amount, reason="x", key="", by=None)
        if verb == "refund":
            answered(row)
    elif verb == "take back":
        grants = WalletGrant.objects.filter(wallet__organization=invoice.organization_id, kind="credit_note")
        for grant in grants.filter(remaining_minor__gt=0)[:1]:
            wallet.take_back(grant, by=None)
    else:
        status = Refund.Status.REQUESTED if verb == "settle" else Refund.Status.SUCCEEDED
        for row in owned.refunds.filter(status=status)[:1]:
            answered(row, "succeeded" if verb == "settle" else "failed")


# --- a key that was forgotten ---


def test_a_refund_that_was_sent_days_ago_is_found_and_not_sent_again(payment: Payment) -> None:
    with injected(Fault.TIMEOUT_AFTER, method="POST", path="/v1/refunds", times=9), pytest.raises(ProviderError):
        refund(payment, 5_000)
    IdempotencyKey.objects.all().delete()
    Refund.objects.update(created_at=clock.now() - timedelta(days=2))

    assert refunding.settle_requested() == {"settled": 1, "failed": 0}

    assert Refund.objects.get().status == "succeeded"
    assert provider().payments_of(invoice_id=Invoice.objects.get().provider_invoice_id)[0].refunded_minor == 5_000


def test_a_credit_note_that_was_made_days_ago_is_found_and_not_made_again() -> None:
    subscription = refused()
    invoice = subscription.invoices.get(status="open")
    fault: Any = injected(Fault.TIMEOUT_AFTER, method="POST", path="/v1/credit_notes", times=9)
    with fault, pytest.raises(ProviderError):
        credit(invoice, 900, "k")
    IdempotencyKey.objects.all().delete()

    assert credit(invoice, 900, "k").status == "issued"

    there = provider().invoices_of(subscription.provider_subscription_id)
    assert [fact.credited_before_minor for fact in there if fact.id == invoice.provider_invoice_id] == [900]

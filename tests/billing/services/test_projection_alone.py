"""What belongs to no subscription: a single payment and what became of it, a card, a customer."""

from typing import Any

import pytest

from billing.models import (
    BillingAccount,
    CreditNote,
    Dispute,
    Invoice,
    LedgerEntry,
    Payment,
    PaymentMethod,
    Purchase,
    Refund,
)
from billing.providers.sandbox import clock as sandbox_clock
from billing.providers.sandbox.errors import CardError
from billing.services import event_kinds, invoice_verification
from orgs.models import Organization
from platform_core.models import ProviderEvent
from tests import kept
from tests.billing import selling, shop
from tests.billing.providers.sandbox.shop import DECLINED, DISPUTED, client


@pytest.fixture
def organization() -> Organization:
    """A consumer's tenant that paid for three of something; we heard everything of it."""

    def buy() -> None:
        selling.funnel()
        selling.one_off()
        selling.bought_once(3)
        shop.catch_up()

    kept.situation("something was bought once", buy)
    return Purchase.objects.get().organization


def balances(organization: Organization) -> dict[str, int]:
    found = LedgerEntry.objects.filter(transaction__organization=organization).balances()
    return {kind: total for (_, kind, _), total in found.items() if total}


def intent() -> str:
    return Payment.objects.get().provider_payment_id


def unsettled() -> set[tuple[str, str]]:
    told = ProviderEvent.objects.exclude(status="PROCESSED").values_list("kind", "status")
    return {(kind, status) for kind, status in told if event_kinds.route_of(kind).reads}


def test_what_is_paid_once_has_an_invoice_and_a_payment(organization: Organization) -> None:
    invoice = Invoice.objects.get()
    assert (invoice.organization, invoice.subscription, invoice.status) == (organization, None, "paid")
    assert (invoice.total_minor, invoice.paid_minor, invoice.number != "") == (5_700, 5_700, True)
    assert [(line.amount_minor, line.quantity) for line in invoice.lines.all()] == [(5_700, 3)]
    payment = Payment.objects.get()
    assert (payment.organization, payment.invoice, payment.status) == (organization, invoice, "succeeded")
    assert (payment.amount_minor, payment.method) == (5_700, "visa 4242")
    fee = payment.fee_minor
    assert balances(organization) == {"revenue": -5_700, "provider_clearing": 5_700 - fee, "fees": fee}
    assert list(invoice_verification.problems()) == []
    assert unsettled() == set()


def test_a_refund_of_it_has_a_credit_note(organization: Organization) -> None:
    client().v1.refunds.create({"payment_intent": intent(), "amount": 1_000})
    shop.catch_up()

    refund = Refund.objects.get()
    assert (refund.organization, refund.status, refund.amount_minor) == (organization, "succeeded", 1_000)
    assert (CreditNote.objects.get().total_minor, CreditNote.objects.get().refund) == (1_000, refund)
    assert balances(organization)["revenue"] == -4_700
    assert unsettled() == set()


def test_a_dispute_of_it_is_opened_and_lost(organization: Organization) -> None:
    selling.bought_once(2, DISPUTED)
    shop.catch_up()
    dispute = Dispute.objects.get()
    assert (dispute.organization, dispute.status, dispute.amount_minor) == (organization, "open", 3_800)

    sandbox_clock.advance(to=dispute.evidence_due_at)
    shop.catch_up()

    dispute.refresh_from_db()
    assert (dispute.status, balances(organization)["bad_debt"]) == ("lost", 3_800)
    assert unsettled() == set()


def test_a_card_that_is_declined_leaves_a_payment_that_failed(organization: Organization) -> None:
    with pytest.raises(CardError):
        selling.bought_once(4, DECLINED)
    shop.catch_up()

    failed = Payment.objects.get(status="failed")
    assert (failed.organization, failed.invoice, failed.amount_minor) == (organization, None, 7_600)
    assert failed.failure == "Your card was declined."
    assert balances(organization)["revenue"] == -5_700


def test_a_card_is_saved_made_the_default_and_detached(organization: Organization) -> None:
    customer = BillingAccount.objects.get().provider_customer_id
    method = client().v1.payment_methods.attach("pm_card_mastercard", {"customer": customer})
    client().v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
    shop.catch_up()
    saved = PaymentMethod.objects.get(provider_payment_method_id=method.id)
    assert (saved.organization, saved.brand, saved.is_default) == (organization, "mastercard", True)

    client().v1.payment_methods.detach(method.id)
    shop.catch_up()

    saved.refresh_from_db()
    assert saved.removed_at is not None
    assert PaymentMethod.objects.present().exclude(pk=saved.pk).filter(organization=organization).exists()
    assert unsettled() == set()


def test_the_detached_card_of_nobody_is_nobodys(organization: Organization) -> None:
    method = client().v1.payment_methods.attach(
        "pm_card_visa", {"customer": client().v1.customers.create({"email": "else@where.test"}).id}
    )
    client().v1.payment_methods.detach(method.id)
    before: Any = list(PaymentMethod.objects.values_list("pk", "removed_at", "observed_at"))

    shop.catch_up()

    assert list(PaymentMethod.objects.values_list("pk", "removed_at", "observed_at")) == before
    assert ("payment_method.attached", "IGNORED") in unsettled()
    assert ("payment_method.detached", "IGNORED") in unsettled()


def test_a_payment_without_a_customer_is_theirs_whose_row_we_have(organization: Organization) -> None:
    """A customer may be deleted; what went back of their payments is still told."""
    client().v1.customers.delete(BillingAccount.objects.get().provider_customer_id)
    client().v1.refunds.create({"payment_intent": intent(), "amount": 700})
    BillingAccount.objects.all().delete()
    shop.catch_up()

    assert Refund.objects.get().organization == organization

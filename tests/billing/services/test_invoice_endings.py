"""Void, or given up."""

from typing import Any

import pytest

from billing.models import Invoice, LegalEntity
from billing.providers import provider
from billing.services import crediting, finalizing, invoice_endings, invoice_verification, wallet
from billing.services.ledger import Account, balance
from orgs.models import Organization
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent
from tests import make
from tests.billing import month
from tests.billing.services.test_dunning import refused


@pytest.fixture
def invoice(organization: Organization) -> Invoice:
    return finalizing.finalize(make.draft(organization))


def test_a_void_invoice_keeps_its_number_and_is_nothing_in_the_books(invoice: Invoice) -> None:
    by = make.user(is_staff=True)

    ended = invoice_endings.void(invoice, reason="wrong customer", by=by)

    assert (ended.status, ended.number, ended.due_minor) == ("void", "INV-000001", 0)
    assert balance(Account.RECEIVABLE, "usd", invoice.organization_id) == 0
    assert balance(Account.REVENUE, "usd") == 0
    assert LegalEntity.objects.get().invoice_count == 1
    event = AuditEvent.objects.get(action="invoice.void")
    assert (event.actor_label, event.changes["reason"]) == (by.email, "wrong customer")
    assert invoice_endings.void(ended, reason="again", by=by) == ended
    assert AuditEvent.objects.filter(action="invoice.void").count() == 1
    assert list(invoice_verification.problems()) == []


def test_what_is_given_up_is_a_loss(invoice: Invoice) -> None:
    ended = invoice_endings.write_off(invoice, reason="bankrupt", by=None)

    assert (ended.status, ended.written_off_minor, ended.unsettled_minor) == ("uncollectible", 2_900, 0)
    assert balance(Account.BAD_DEBT, "usd") == 2_900
    assert invoice_endings.write_off(ended, reason="again", by=None) == ended
    assert balance(Account.BAD_DEBT, "usd") == 2_900


@pytest.mark.parametrize("end", [invoice_endings.void, invoice_endings.write_off])
def test_a_reason_is_needed_and_an_open_invoice(invoice: Invoice, end: Any) -> None:
    with pytest.raises(InvalidInput):
        end(invoice, reason=" ", by=None)
    with pytest.raises(Conflict, match="draft"):
        end(make.draft(invoice.organization), reason="x", by=None)

    assert Invoice.objects.get(pk=invoice.pk).status == "open"


def test_what_is_settled_in_part_is_not_void(invoice: Invoice) -> None:
    crediting.credit(invoice, 100, reason="x", key="", by=None)
    with pytest.raises(Conflict, match="credit note"):
        invoice_endings.void(invoice, reason="x", by=None)

    wallet.grant(invoice.organization_id, "usd", wallet.Terms(100, "x"), key="k", by=None)
    partly = finalizing.finalize(make.draft(invoice.organization))
    with pytest.raises(Conflict, match="credit note"):
        invoice_endings.void(partly, reason="x", by=None)


def test_an_invoice_of_the_providers_ends_there_too() -> None:
    invoice = month.subscribed().invoices.get()

    with pytest.raises(Conflict, match="paid"):
        invoice_endings.void(invoice, reason="x", by=None)


@pytest.mark.parametrize(
    ("end", "status", "action"),
    [
        (invoice_endings.void, "void", "invoice.void"),
        (invoice_endings.write_off, "uncollectible", "invoice.write_off"),
    ],
)
def test_an_open_invoice_of_the_providers_ends_at_the_provider_first(end: Any, status: str, action: str) -> None:
    subscription = refused()
    invoice = subscription.invoices.get(status="open")

    ended = end(invoice, reason="bankrupt", by=None)

    assert ended.status == status
    (there,) = (
        fact
        for fact in provider().invoices_of(subscription.provider_subscription_id)
        if fact.id == invoice.provider_invoice_id
    )
    assert there.status == status
    assert balance(Account.RECEIVABLE, "usd", invoice.organization_id) == 0
    assert AuditEvent.objects.get(action=action).changes["number"] == invoice.number


def stale(invoice: Invoice, **changes: Any) -> Invoice:
    """As somebody still sees it, who read it before it changed."""
    Invoice.objects.filter(pk=invoice.pk).update(**changes)
    return invoice


def test_whoever_comes_second_is_told_what_became_of_it(invoice: Invoice) -> None:
    seen = Invoice.objects.get(pk=invoice.pk)
    invoice_endings.write_off(invoice, reason="bankrupt", by=None)

    with pytest.raises(Conflict, match="It is uncollectible meanwhile"):
        invoice_endings.void(seen, reason="wrong customer", by=None)

    assert Invoice.objects.get(pk=invoice.pk).status == "uncollectible"
    assert balance(Account.BAD_DEBT, "usd") == 2_900
    assert not AuditEvent.objects.filter(action="invoice.void").exists()


@pytest.mark.parametrize("settled", ["paid_minor", "wallet_minor"])
def test_what_was_settled_in_part_meanwhile_is_not_void(invoice: Invoice, settled: str) -> None:
    with pytest.raises(Conflict, match="meanwhile: that takes a credit note"):
        invoice_endings.void(stale(invoice, **{settled: 100}), reason="x", by=None)

    assert Invoice.objects.get(pk=invoice.pk).status == "open"
    assert balance(Account.RECEIVABLE, "usd", invoice.organization_id) == 2_900
    assert not AuditEvent.objects.filter(action="invoice.void").exists()

"""Invoices where somebody else was there before, which only the sandbox can be made to show."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from billing.providers import provider
from billing.providers.protocol import CardDeclined, InvoiceItemSpec, ProviderError
from billing.providers.sandbox import books, clock
from billing.providers.sandbox.models import Record
from billing.providers.stripe.client import build_client
from billing.providers.stripe.provider import StripeProvider
from orgs.models import Organization
from tests.billing import shop


def item(customer_id: str, *, invoice_id: str = "", amount: int = 250) -> InvoiceItemSpec:
    return InvoiceItemSpec(
        customer_id=customer_id,
        subscription_id="",
        invoice_id=invoice_id,
        amount_minor=amount,
        currency="usd",
        description="1000 tokens",
        period_start=datetime(2026, 1, 1, tzinfo=UTC),
        period_end=datetime(2026, 2, 1, tzinfo=UTC),
        metadata={"invoice_item": "i1"},
    )


def renewed(organization: Organization) -> tuple[str, str]:
    """A subscription whose renewal's draft is open: its customer and its id."""
    shop.opened()
    shop.bought(organization)
    fact = provider().snapshot("customer.subscription.updated", Record.objects.get(kind="subscription").object_id)
    assert fact is not None
    assert fact.subscription is not None
    clock.advance(to=fact.subscription.period_end + timedelta(minutes=1))
    return fact.subscription.customer_id, fact.subscription.id


def test_what_somebody_else_did_in_between_is_as_good(organization: Organization) -> None:
    _, subscription = renewed(organization)
    draft = provider().invoices_of(subscription)[0]
    invoices = build_client().v1.invoices

    def overtaken(invoice_id: str, *_: Any) -> stripe.Invoice:
        invoices.finalize_invoice(invoice_id)
        return invoices.finalize_invoice(invoice_id)

    assert StripeProvider()._advance(draft.id, overtaken, "key", reached=("open",)).status == "open"


def test_a_refused_action_that_did_not_happen_is_an_error(organization: Organization) -> None:
    _, subscription = renewed(organization)
    draft = provider().invoices_of(subscription)[0]
    with books.writing() as account:
        invoice = account.get("invoice", draft.id)
        account.change({**invoice, "status": "void"})

    with pytest.raises(ProviderError, match="refused the request"):
        provider().pay_invoice(draft.id, key="pay")


def test_a_customer_without_a_card_is_as_one_whose_card_is_declined(organization: Organization) -> None:
    _, subscription = renewed(organization)
    draft = provider().invoices_of(subscription)[0]

    def refuse(*_: Any) -> stripe.Invoice:
        raise stripe.InvalidRequestError("No card.", None, code="missing")  # type: ignore[no-untyped-call]

    with pytest.raises(CardDeclined, match="There is no card to charge"):
        StripeProvider()._advance(draft.id, refuse, "key", reached=("paid",))


def test_an_invoice_with_more_lines_than_a_page(organization: Organization) -> None:
    customer, subscription = renewed(organization)
    draft = provider().invoices_of(subscription)[0]
    for number in range(12):
        provider().add_invoice_item(item(customer, invoice_id=draft.id, amount=number + 1), key=f"item:{number}")

    lines = provider().invoices_of(subscription)[0].lines

    assert len(lines) == 13
    assert sum(line.amount_minor for line in lines) == 12_900 + 78

"""What is gone at the provider does not come back, whatever arrives late."""

from typing import Any

import pytest

from billing.models import Invoice
from billing.providers.stripe.client import build_client
from orgs.models import Organization
from platform_core.models import AuditEvent, ProviderEvent, ProviderObject
from tests.billing import shop


@pytest.fixture
def draft() -> str:
    """An invoice of our own making, heard of as a draft."""
    organization: Organization = shop.customer()
    subscription = organization.subscriptions.get().provider_subscription_id
    customer = organization.billing_account.provider_customer_id
    client = build_client().v1
    client.invoice_items.create({"customer": customer, "amount": 700, "currency": "eur"})
    made: Any = client.invoices.create(
        {"customer": customer, "auto_advance": False, "metadata": {"subscription": subscription}}
    )
    shop.catch_up()
    assert Invoice.objects.get(provider_invoice_id=made.id).status == "draft"
    return str(made.id)


def test_a_deleted_draft_is_void_here_and_late_news_of_it_are_not_asked_about(draft: str) -> None:
    news = next(event for event in shop.events("invoice.created") if event["data"]["object"]["id"] == draft)
    build_client().v1.invoices.delete(draft)
    shop.catch_up()
    assert Invoice.objects.get(provider_invoice_id=draft).status == "void"
    assert AuditEvent.objects.filter(action="invoice.status", changes={"status": ["draft", "void"]}).count() == 1
    stone = ProviderObject.objects.get(external_id=draft)
    assert (stone.status, stone.deleted_at is not None) == ("DELETED", True)

    shop.hear({**news, "id": "evt_late"})
    shop.work()

    assert ProviderEvent.objects.get(external_id="evt_late").status == "IGNORED"
    assert Invoice.objects.get(provider_invoice_id=draft).status == "void"


def test_a_deleted_customer_is_remembered_as_gone() -> None:
    customer = shop.customer().billing_account.provider_customer_id
    build_client().v1.customers.delete(customer)
    shop.catch_up()

    assert ProviderObject.objects.get(external_id=customer).status == "DELETED"
    assert not list(ProviderEvent.objects.exclude(status__in=("PROCESSED", "IGNORED")).values_list("kind", "error"))

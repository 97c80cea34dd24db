"""`/api/v1/customer/billing` and its history."""

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.models import BillingPeriod, Invoice, InvoiceLine, Subscription
from billing.services import closing
from billing.services.periods import mirror
from billing.services.usage import Bucket, record_buckets
from tests import make
from tests.clients import PersonClient
from tests.clocks import at

BILLING, HISTORY = "/api/v1/customer/billing", "/api/v1/customer/billing/history"
FEBRUARY, MARCH = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def subscription(owner: PersonClient) -> Subscription:
    """January closed with half a million tokens beyond, February open with a million and a quarter so far."""
    subscription = make.subscription(owner.organization, make.hosting_plan(name="Hosting Pro"))
    mirror(subscription)
    with at(FEBRUARY.replace(day=2)):
        for hour, tokens in ((FEBRUARY.replace(month=1), 1_500_000), (FEBRUARY, 1_250_000)):
            record_buckets(subscription, subscription.pk, [Bucket("sales", "small", hour, tokens_input=tokens)])
        Subscription.objects.update(current_period_start=FEBRUARY, current_period_end=MARCH)
        closing.close(subscription.periods.get())
    return subscription


def data(client: PersonClient, path: str, **query: Any) -> Any:
    answer = client.get(path, query)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def test_the_period_in_hand_as_it_stands(member: PersonClient, subscription: Subscription) -> None:
    body = data(member, BILLING)

    assert body.pop("subscription")["id"] == str(subscription.pk)
    assert body == {
        "periodStart": "2026-02-01T00:00:00.000000Z",
        "periodEnd": "2026-03-01T00:00:00.000000Z",
        "currency": "USD",
        "tokenAllotment": 1_000_000,
        "tokensUsed": 1_250_000,
        "overageTokens": 250_000,
        "overageMinor": 500,
        "baseMinor": 2_900,
        "unchargedMinor": 1_000,
    }


def test_who_has_bought_nothing_owes_nothing(outsider: PersonClient, subscription: Subscription) -> None:
    body = data(outsider, BILLING)

    assert (body["subscription"], body["periodStart"], body["baseMinor"]) == (None, None, 0)
    assert data(outsider, HISTORY) == []


def test_another_customers_subscription_does_not_exist(outsider: PersonClient, subscription: Subscription) -> None:
    assert outsider.get(BILLING, {"subscription": str(subscription.pk)}).status_code == 404


def charged(period: BillingPeriod) -> Invoice:
    """An invoice with the period's overage on it."""
    invoice = make.invoice(period.subscription, number="A-2")
    InvoiceLine.objects.create(
        invoice=invoice,
        kind=InvoiceLine.Kind.OVERAGE,
        description="500,000 tokens",
        quantity=500_000,
        amount_minor=1_000,
        period_start=period.starts_at,
        period_end=period.ends_at,
        billing_period=period,
        provider_line_id="il_1",
    )
    return invoice


def test_closed_periods_show_their_figures_terms_and_charges(member: PersonClient, subscription: Subscription) -> None:
    january = subscription.periods.last()
    assert january is not None
    invoice = charged(january)

    (row,) = data(member, HISTORY)

    assert row.pop("closedAt").startswith("2026-02-02T00:00:0")
    assert row == {
        "id": str(january.pk),
        "subscriptionId": str(subscription.pk),
        "plan": "Hosting Pro",
        "status": "closed",
        "periodStart": "2026-01-01T00:00:00.000000Z",
        "periodEnd": "2026-02-01T00:00:00.000000Z",
        "currency": "USD",
        "quantity": 1,
        "baseUnitMinor": 2_900,
        "tokenAllotment": 1_000_000,
        "unitPriceNano": 2_000_000,
        "tokensUsed": 1_500_000,
        "overageTokens": 500_000,
        "overageMinor": 1_000,
        "evidenceSha256": january.evidence["sha256"],
        "invoicedAt": None,
        "charges": [
            {
                "invoiceId": str(invoice.pk),
                "number": "A-2",
                "status": "open",
                "kind": "overage",
                "quantity": 500_000,
                "amountMinor": 1_000,
            }
        ],
    }


def test_the_history_comes_in_numbered_pages(owner: PersonClient, subscription: Subscription) -> None:
    assert owner.get(HISTORY).json()["meta"] == {"page": 1, "pageSize": 25, "total": 1}

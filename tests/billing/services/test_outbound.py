"""What consumers and organizations are told, event by event."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from billing.models import Consumer, Invoice, Payment, Purchase, Subscription
from billing.services import outbound
from billing.signals import subscription_changed
from orgs.models import Organization
from platform_core.models import WebhookDelivery, WebhookMessage
from platform_core.services import webhook_endpoints
from tests import make
from tests.billing import selling
from tests.loopback import serve


def organizations_endpoint(organization: Organization) -> None:
    url = "https://hooks.harbour.test/"
    webhook_endpoints.add(organization.pk, {"url": url}, by=make.user())


def told(audience: Any) -> list[str]:
    return list(WebhookMessage.objects.filter(audience_id=audience.pk).order_by("pk").values_list("event", flat=True))


def test_a_purchase_is_told_to_its_consumer_whole() -> None:
    session = selling.sold()
    consumer, subscription, purchase = Consumer.objects.get(), Subscription.objects.get(), Purchase.objects.get()

    events = selling.told(consumer)

    assert [event["type"] for event in events] == [
        "subscription.activated",
        "invoice.finalized",
        "invoice.paid",
        "payment.succeeded",
        "purchase.completed",
        "checkout.completed",
    ]
    for event in events:
        assert event["version"] == 1
        assert (event["consumerKey"], event["consumerTenantId"]) == ("funnel", "tenant_123")
        assert event["organizationId"] == str(session.organization_id)
    assert events[0]["data"]["previousStatus"] == ""
    assert events[-1]["data"] == {
        "checkoutSessionId": str(session.pk),
        "providerKey": "stripe",
        "providerCheckoutSessionId": session.provider_session_id,
        "purchaseId": str(purchase.pk),
        "subscriptionId": str(subscription.pk),
        "pricingItemCode": selling.CODE,
        "quantity": 1,
    }


def test_what_was_bought_is_told_with_its_price() -> None:
    selling.sold()
    purchase = Purchase.objects.get()

    completed = selling.told(Consumer.objects.get())[-2]["data"]

    assert completed == {
        "purchaseId": str(purchase.pk),
        "kind": "subscription",
        "productCode": "pages",
        "planCode": "pages-team",
        "pricingItemCode": selling.CODE,
        "quantity": 1,
        "currency": "USD",
        "amountMinor": 6_500,
        "subscriptionId": str(purchase.subscription_id),
        "purchasedAt": outbound.moment(purchase.purchased_at),
    }


def test_its_payment_is_told_as_it_came() -> None:
    selling.sold()
    payment = Payment.objects.get()

    (paid,) = [event["data"] for event in selling.told(Consumer.objects.get()) if event["type"] == "payment.succeeded"]

    assert paid == {
        "paymentId": str(payment.pk),
        "providerKey": "stripe",
        "providerPaymentId": payment.provider_payment_id,
        "status": "succeeded",
        "currency": "USD",
        "amountMinor": 6_500,
        "method": "visa 4242",
        "failure": "",
        "invoiceId": str(Invoice.objects.get().pk),
        "subscriptionId": str(Subscription.objects.get().pk),
        "paidAt": outbound.moment(payment.paid_at),
    }


def test_a_subscription_is_told_as_it_is() -> None:
    selling.sold()
    subscription = Subscription.objects.get()

    activated = selling.told(Consumer.objects.get())[0]["data"]

    assert activated == {
        "subscriptionId": str(subscription.pk),
        "providerKey": "stripe",
        "providerSubscriptionId": subscription.provider_subscription_id,
        "productCode": "pages",
        "planCode": "pages-team",
        "pricingItemCode": selling.CODE,
        "status": "active",
        "previousStatus": "",
        "quantity": 1,
        "currentPeriodStart": outbound.moment(subscription.current_period_start),
        "currentPeriodEnd": outbound.moment(subscription.current_period_end),
        "cancelAtPeriodEnd": False,
        "canceledAt": None,
        "endedAt": None,
        "suspendedAt": None,
    }


def test_it_arrives_signed_at_the_consumer() -> None:
    selling.sold()
    consumer = Consumer.objects.get()
    assert consumer.endpoint is not None
    with serve() as server:
        consumer.endpoint.url = f"{server.url}/api/internal/payments/events"
        consumer.endpoint.save()
        selling.work()

    assert {asked.path for asked in server.asked} == {"/api/internal/payments/events"}
    assert [json.loads(asked.body) for asked in server.asked] == selling.told(consumer)
    ids = [asked.headers["webhook-id"] for asked in server.asked]
    assert ids == [event["id"] for event in selling.told(consumer)]
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"DELIVERED"}


def test_the_same_fact_is_told_once() -> None:
    selling.sold()
    before = WebhookMessage.objects.count()

    outbound.purchase_completed(Purchase.objects.get())

    assert WebhookMessage.objects.count() == before


def test_of_what_one_consumer_sold_another_is_not_told() -> None:
    organization = make.organization()
    ours = make.consumer_tenant(make.consumer("one", url="http://127.0.0.1:9/"), organization)
    theirs = make.consumer_tenant(make.consumer("two", url="http://127.0.0.1:9/"), organization)
    organizations_endpoint(organization)
    sold = make.subscription(organization, consumer_tenant=ours)
    own = make.subscription(organization)

    outbound.subscription_changed(sold, "incomplete")
    assert (told(ours.consumer), told(theirs.consumer)) == (["subscription.activated"], [])
    outbound.subscription_changed(own, "incomplete")
    assert (len(told(ours.consumer)), len(told(theirs.consumer)), len(told(organization))) == (2, 1, 2)


def test_an_organization_hears_of_itself_alone() -> None:
    harbour, other = make.organization(), make.organization()
    organizations_endpoint(harbour)
    organizations_endpoint(other)

    outbound.subscription_changed(make.subscription(harbour), "incomplete")

    (message,) = WebhookMessage.objects.all()
    assert (message.audience_id, message.organization_id) == (harbour.pk, harbour.pk)
    assert not {"consumerKey", "consumerTenantId"} & message.payload.keys()


@pytest.mark.parametrize(
    ("previous", "status", "event"),
    [
        ("", "trialing", "subscription.activated"),
        ("incomplete", "active", "subscription.activated"),
        ("trialing", "active", "subscription.updated"),
        ("active", "past_due", "subscription.past_due"),
        ("past_due", "unpaid", "subscription.updated"),
        ("past_due", "active", "subscription.activated"),
        ("active", "paused", "subscription.updated"),
        ("", "incomplete", "subscription.updated"),
        ("past_due", "canceled", "subscription.canceled"),
        ("incomplete", "incomplete_expired", "subscription.canceled"),
    ],
)
def test_what_a_status_is_told_as(previous: str, status: str, event: str) -> None:
    organization = make.organization()
    organizations_endpoint(organization)
    subscription = make.subscription(organization, status=status)

    with transaction.atomic():
        subscription_changed.send(Subscription, subscription=subscription, previous=previous)

    (message,) = WebhookMessage.objects.all()
    assert message.event == event
    assert (message.payload["data"]["status"], message.payload["data"]["previousStatus"]) == (status, previous)
    assert message.event in outbound.EVENTS


def test_a_change_without_another_status_is_an_update() -> None:
    organization = make.organization()
    organizations_endpoint(organization)
    subscription = make.subscription(organization, quantity=3)

    outbound.subscription_updated(subscription)
    subscription.observed_at += timedelta(seconds=1)
    outbound.subscription_updated(subscription)

    assert told(organization) == ["subscription.updated", "subscription.updated"]


def test_invoices_are_told() -> None:
    organization = make.organization()
    organizations_endpoint(organization)
    invoice = make.invoice(make.subscription(organization), number="MS-1")

    outbound.invoice_changed(outbound.INVOICE_FINALIZED, invoice)
    outbound.invoice_changed(outbound.INVOICE_PAID, invoice)
    outbound.invoice_changed(outbound.INVOICE_PAID, invoice)

    assert told(organization) == ["invoice.finalized", "invoice.paid"]
    data = WebhookMessage.objects.filter(event="invoice.paid").get().payload["data"]
    assert data == {
        "invoiceId": str(invoice.pk),
        "number": "MS-1",
        "status": "open",
        "currency": "USD",
        "subtotalMinor": 2_900,
        "discountMinor": 0,
        "taxMinor": 0,
        "totalMinor": 2_900,
        "paidMinor": 0,
        "subscriptionId": str(invoice.subscription_id),
        "periodStart": outbound.moment(invoice.period_start),
        "periodEnd": outbound.moment(invoice.period_end),
        "issuedAt": outbound.moment(invoice.issued_at),
        "paidAt": None,
    }

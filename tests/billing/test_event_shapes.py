"""What is sent is what is described, field by field."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from jsonschema import Draft202012Validator

from billing import event_shapes
from billing.models import Consumer, Payment, Subscription
from billing.providers.protocol import CreditNoteFact, DisputeFact, PaymentFact, RefundFact, Snapshot
from billing.services import outbound, payments
from billing.signals import subscription_restored, subscription_suspended
from platform_core import clock
from platform_core.models import WebhookMessage
from tests import make
from tests.billing import selling


def test_every_event_is_described() -> None:
    assert set(event_shapes.DATA) == set(outbound.EVENTS)
    assert [webhook.name for webhook in event_shapes.WEBHOOKS] == list(outbound.EVENTS)


def test_what_is_sent_is_as_described() -> None:
    selling.sold()
    tenant = Consumer.objects.get().tenants.get()
    invoice = make.invoice(make.subscription(tenant.organization, consumer_tenant=tenant), consumer_tenant=tenant)
    for event in (outbound.INVOICE_VOIDED, outbound.INVOICE_UNCOLLECTIBLE):
        outbound.invoice_changed(event, invoice)
    for signal in (subscription_suspended, subscription_restored):
        signal.send(Subscription, subscription=invoice.subscription)
    money_moves(Payment.objects.get())
    for status, previous in (("active", "active"), ("past_due", "active"), ("canceled", "past_due")):
        sold = make.subscription(tenant.organization, consumer_tenant=tenant, status=status)
        outbound.subscription_changed(sold, previous)

    every = WebhookMessage.objects.filter(audience_id=tenant.consumer_id)
    sent = {message.event: message.payload for message in every}

    assert set(sent) == set(outbound.EVENTS)
    for event, payload in sent.items():
        Draft202012Validator(event_shapes.envelope(event)).validate(payload)


def money_moves(paid: Payment) -> None:
    """All that may become of a payment, as its provider tells it."""
    assert paid.invoice is not None
    names = (paid.provider_payment_id, paid.provider_charge_id)
    dispute = DisputeFact("dp_1", *names, "needs_response", 100, "usd", "fraudulent")
    note = CreditNoteFact(
        "cn_1", "", paid.invoice.provider_invoice_id, "cus_1", "issued", "post_payment", "usd", 9, 0, 9
    )
    first = Snapshot(
        clock.wall() + timedelta(days=1),
        payments=[PaymentFact("pi_9", "ch_9", "failed", 100, "usd", invoice_id=paid.invoice.provider_invoice_id)],
        refunds=[RefundFact("re_1", *names, "succeeded", 100, "usd"), RefundFact("re_2", *names, "failed", 100, "usd")],
        disputes=[dispute],
        credit_notes=[note],
    )
    over = replace(dispute, status="won", is_open=False)
    then = replace(first, observed_at=clock.wall() + timedelta(days=2), disputes=[over])
    with transaction.atomic():
        for told in (first, replace(then, credit_notes=[replace(note, status="void")])):
            payments.record(told, organization=paid.organization)


@pytest.mark.parametrize("event", list(outbound.EVENTS))
def test_nothing_else_is_as_described(event: str) -> None:
    assert not Draft202012Validator(event_shapes.envelope(event)).is_valid({"type": event, "data": {}})

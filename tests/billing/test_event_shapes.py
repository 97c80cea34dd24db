"""What is sent is what is described, field by field."""

import pytest
from jsonschema import Draft202012Validator

from billing import event_shapes
from billing.models import Consumer
from billing.services import outbound
from platform_core.models import WebhookMessage
from tests import make
from tests.billing import selling


def test_every_event_is_described() -> None:
    assert set(event_shapes.DATA) == set(outbound.EVENTS)
    assert [webhook.name for webhook in event_shapes.WEBHOOKS] == list(outbound.EVENTS)


def test_what_is_sent_is_as_described() -> None:
    selling.sold()
    tenant = Consumer.objects.get().tenants.get()
    invoice = make.invoice(make.subscription(tenant.organization, consumer_tenant=tenant), number="MS-1")
    outbound.invoice_finalized(invoice)
    outbound.invoice_paid(invoice)
    assert invoice.subscription is not None
    for status, previous in (("active", "active"), ("past_due", "active"), ("canceled", "past_due")):
        sold = make.subscription(tenant.organization, consumer_tenant=tenant, status=status)
        outbound.subscription_changed(sold, previous)

    sent = {message.event: message.payload for message in WebhookMessage.objects.all()}

    assert set(sent) == set(outbound.EVENTS)
    for event, payload in sent.items():
        Draft202012Validator(event_shapes.envelope(event)).validate(payload)


@pytest.mark.parametrize("event", list(outbound.EVENTS))
def test_nothing_else_is_as_described(event: str) -> None:
    assert not Draft202012Validator(event_shapes.envelope(event)).is_valid({"type": event, "data": {}})

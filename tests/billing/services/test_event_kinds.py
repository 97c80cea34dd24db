"""Which kinds of events are acted upon, and that what they are about is found."""

import json
from typing import Any

import pytest

from billing.models import Subscription
from billing.providers.sandbox.models import Record
from billing.services import event_kinds
from platform_core.models import ProviderEvent
from tests.billing import shop

READ, IGNORED = event_kinds.Route(), event_kinds.Route(reads=False)
# By what the events of a kind are about. Those of a dispute and of a refund are told in test_projection_alone.
ABOUT = {
    "charge": ("charge.succeeded", "charge.failed", "charge.pending", "charge.updated", "charge.refunded"),
    "checkout.session": (
        "checkout.session.completed",
        "checkout.session.expired",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
    ),
    "customer": ("customer.updated",),
    "discount": ("customer.discount.created", "customer.discount.updated", "customer.discount.deleted"),
    "invoice": (
        "invoice.finalized",
        "invoice.marked_uncollectible",
        "invoice.overdue",
        "invoice.paid",
        "invoice.payment_action_required",
        "invoice.payment_failed",
        "invoice.payment_succeeded",
        "invoice.updated",
        "invoice.voided",
        "invoice.will_be_due",
    ),
    "payment_intent": (
        "payment_intent.canceled",
        "payment_intent.payment_failed",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
    ),
    "payment_method": (
        "payment_method.attached",
        "payment_method.automatically_updated",
        "payment_method.detached",
        "payment_method.updated",
    ),
    "subscription": (
        "customer.subscription.created",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.resumed",
        "customer.subscription.trial_will_end",
        "customer.subscription.updated",
    ),
}
KINDS = [(kind, about) for about, kinds in ABOUT.items() for kind in kinds]
OTHERS = {
    "charge.dispute.closed": READ,
    "charge.dispute.created": READ,
    "charge.dispute.funds_reinstated": READ,
    "charge.dispute.funds_withdrawn": READ,
    "charge.dispute.updated": READ,
    "charge.refund.updated": READ,
    "credit_note.created": READ,
    "credit_note.voided": READ,
    "refund.created": READ,
    "refund.failed": READ,
    "setup_intent.succeeded": READ,
    "subscription_schedule.released": READ,
    "customer.created": IGNORED,
    "customer.deleted": event_kinds.Route(reads=False, buries=True),
    "invoice.created": event_kinds.Route(bills=True),
    "invoice.deleted": event_kinds.Route(buries=True),
    "invoice.upcoming": IGNORED,
    "payment_intent.created": IGNORED,
    "payout.paid": IGNORED,
    "price.created": IGNORED,
    "setup_intent.created": IGNORED,
    "treasury.invented": IGNORED,
}


@pytest.mark.parametrize(("kind", "route"), [*((kind, READ) for kind, _ in KINDS), *OTHERS.items()])
def test_the_longest_beginning_decides(kind: str, route: event_kinds.Route) -> None:
    assert event_kinds.route_of(kind) == route


def about(kind: str, subscription: Subscription) -> Any:
    if kind == "discount":
        of = subscription.provider_subscription_id
        customer = subscription.organization.billing_account.provider_customer_id
        return {"id": "di_1", "object": "discount", "customer": customer, "subscription": of}
    return Record.objects.filter(kind=kind).latest("sequence").data


def test_whatever_is_told_of_a_subscription_finds_it() -> None:
    """Each kind by itself: nothing else that waits leads to the same reading."""
    subscription = shop.customer("pages-team").subscriptions.get()
    told = shop.events("checkout.session.completed")[0]
    for number, (kind, of) in enumerate(KINDS):
        event = told | {"id": f"evt_{number}", "type": kind, "data": {"object": about(of, subscription)}}
        assert shop.hear(json.loads(json.dumps(event))) == 200
        assert shop.work() == 1, kind

    tried = ProviderEvent.objects.filter(external_id__in=[f"evt_{number}" for number in range(len(KINDS))])
    assert {(event.kind, event.status, event.error) for event in tried} == {
        (kind, "PROCESSED", "") for kind, _ in KINDS
    }
    subscription.refresh_from_db()
    assert subscription.status == "active"

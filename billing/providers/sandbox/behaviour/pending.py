"""Pending updates: what a subscription will be once the invoice of the change is paid, and until when that may be.

https://docs.stripe.com/billing/subscriptions/pending-updates
"""

from billing.providers.sandbox.books import Books
from billing.providers.sandbox.parameters import merged
from billing.providers.sandbox.shapes import Json


def waits_for(subscription: Json | None, invoice: Json) -> bool:
    """Whether the subscription changes with this invoice's payment."""
    plan = subscription["_pending"] if subscription else None
    return plan is not None and bool(plan["invoice"] == invoice["id"])


def apply(books: Books, invoice: Json) -> None:
    """The invoice is paid: the subscription is what it was to be."""
    subscription = books.find("subscription", invoice["_subscription"])
    if subscription is None or not waits_for(subscription, invoice):
        return
    plan = subscription["_pending"]
    metadata = merged(subscription["metadata"], plan["metadata"])
    subscription.update(**plan["fields"], metadata=metadata, pending_update=None, _pending=None)
    gone = [books.get("subscription_item", each) for each in plan["gone"]]
    books.change(subscription, "customer.subscription.updated", also=plan["items"], without=gone)
    books.announce("customer.subscription.pending_update_applied", subscription)


def forget(books: Books, invoice: Json) -> None:
    """Nobody asks for the invoice any more: the subscription stays what it is."""
    subscription = books.find("subscription", invoice["_subscription"])
    if subscription is None or not waits_for(subscription, invoice):
        return
    subscription.update(pending_update=None, _pending=None)
    books.change(subscription, "customer.subscription.updated")
    books.announce("customer.subscription.pending_update_expired", subscription)

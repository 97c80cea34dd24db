"""What each kind of event is a reason for: the one table from a provider's word to what we do about it."""

from dataclasses import dataclass
from functools import lru_cache

# How a purchase is read when an event names it by way of another object.
PURCHASE = "customer.subscription.updated"
# How an invoice or a payment is read by itself, with whatever it belongs to.
BY_INVOICE, BY_PAYMENT = "invoice.updated", "payment_intent.succeeded"


@dataclass(frozen=True)
class Route:
    """What an event of a kind leads to. `reads`: the purchase that its object belongs to is read and projected."""

    reads: bool = True
    # The object is gone for good: what comes late about it changes nothing.
    buries: bool = False
    # A draft takes additions for an hour: a renewal is billed as soon as we hear of it.
    bills: bool = False

    @property
    def is_acted_upon(self) -> bool:
        """Whether anything follows from it at all."""
        return self.reads or self.buries


READ = Route()
IGNORED = Route(reads=False)
# The longest beginning that fits decides. What no beginning fits is stored and left alone.
ROUTES: dict[str, Route] = {
    # A payment, its refunds and disputes; that the provider's fee is known now is told as an update.
    "charge.": READ,
    "checkout.session.": READ,
    "credit_note.": READ,
    "customer.deleted": Route(reads=False, buries=True),
    # Of a subscription; a customer's own discount changes the customer, and is told as that too.
    "customer.discount.": READ,
    "customer.subscription.": READ,
    "customer.updated": READ,
    "invoice.": READ,
    "invoice.created": Route(bills=True),
    "invoice.deleted": Route(buries=True),
    # A preview of a renewal, which names no invoice.
    "invoice.upcoming": IGNORED,
    "payment_intent.": READ,
    # Nobody has tried to pay yet.
    "payment_intent.created": IGNORED,
    "payment_method.": READ,
    "refund.": READ,
    "setup_intent.succeeded": READ,
    "subscription_schedule.": READ,
}
# Read first: what they are about holds most of what the others are about.
PURCHASES = ("checkout.session.", "customer.subscription.", "invoice.")


@lru_cache(maxsize=1024)
def route_of(kind: str) -> Route:
    """What is done about an event of this kind."""
    fitting = [beginning for beginning in ROUTES if kind.startswith(beginning)]
    return ROUTES[max(fitting, key=len)] if fitting else IGNORED

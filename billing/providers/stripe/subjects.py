"""Of the object in an event: by what it is read, and whose it is. Pure functions of what was sent; nobody is asked."""

from typing import Any

from billing.providers.stripe.normalize import Raw, dig, id_of, subscription_of

# What names the owner, the widest first: a refund or a dispute knows only the payment.
OWNERS = ("customer", "payment_intent", "charge")


def subject_of(obj: Raw) -> str:
    """A purchase is read by its subscription, whichever of its objects an event is about."""
    match obj.get("object"):
        case "invoice":
            return subscription_of(obj) or _id(obj)
        case "checkout.session" | "discount":
            return id_of(obj.get("subscription")) or _id(obj)
    return _id(obj)


def owner_of(obj: Raw, previous: Any) -> str:
    """The customer, as far as the object names one: now, or before the change that the event is about."""
    if obj.get("object") == "customer":
        return _id(obj)
    named = (id_of(dig(raw, name)) for name in OWNERS for raw in (obj, previous))
    return next((found for found in named if found), "") or _id(obj)


def _id(obj: Raw) -> str:
    found = dig(obj, "id")
    return found if isinstance(found, str) else ""

"""A change of a subscription that is billed now and made when it is paid: `payment_behavior=pending_if_incomplete`."""

from billing.providers.sandbox.behaviour import changing, charging, invoicing
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.shapes import Json, copied
from billing.providers.sandbox.timetable import INCOMPLETE_SECONDS

SUPPORTED = {"expand", "items", "metadata", "payment_behavior", "proration_behavior", "proration_date", "trial_end"}
REFERENCE = "https://stripe.com/docs/billing/subscriptions/pending-updates-reference#supported-attributes"


def must_be_supported(params: Json) -> None:
    """Refuse what says nothing about prorations and makes no invoice."""
    for name in sorted(params.keys() - SUPPORTED):
        raise Invalid(
            "When `payment_behavior` is set to `pending_if_incomplete`, you can only pass supported params. "
            f"`{name}` is not supported. See {REFERENCE} for more details.",
            param=name,
        )


def must_be_paid_at_once(method: Json | None) -> None:
    """Refuse what takes days to be paid."""
    if method is not None and method["type"] != "card":
        raise Invalid(
            f"Pending updates are not supported for payment methods of type {method['type']}.",
            param="payment_behavior",
        )


def begin(books: Books, subscription: Json, params: Json) -> Json:
    """Bill the change and try to collect it; what the subscription would be is kept beside what it is."""
    (invoice, lines, items), plan = _rehearsed(books, subscription, params)
    for item in items:
        books.add(item, "invoiceitem.created")
    for line in lines:
        books.add(line)
    books.add(invoice)
    books.announce("invoice.created", invoice)
    subscription.update(latest_invoice=invoice["id"], pending_update=_shown(books, subscription, plan), _pending=plan)
    books.change(subscription, "customer.subscription.updated")
    invoicing.finalize(books, invoice)
    charging.collect(books, invoice)
    return books.get("subscription", subscription["id"])


def _rehearsed(books: Books, subscription: Json, params: Json) -> tuple[tuple[Json, list[Json], list[Json]], Json]:
    """The invoice of the change with its lines and items, and what is different once it is made."""
    mine, after = {"subscription": subscription["id"]}, copied(subscription)
    with books.rehearsal():
        invoice = changing.change(books, after, params, collect=False)
        assert invoice is not None  # noqa: S101 - the caller found that there is something to pay
        lines = books.all("line_item", invoice=invoice["id"])
        billed = books.all("invoiceitem", invoice=invoice["id"])
        items = books.all("subscription_item", **mine)
    kept = {item["id"] for item in items}
    plan: Json = {
        "invoice": invoice["id"],
        "fields": {
            name: value for name, value in after.items() if value != subscription[name] and name != "latest_invoice"
        },
        "metadata": params.get("metadata") or {},
        "items": items,
        "gone": [item["id"] for item in books.all("subscription_item", **mine) if item["id"] not in kept],
    }
    return (invoice, lines, billed), plan


def _shown(books: Books, subscription: Json, plan: Json) -> Json:
    """What Stripe tells of it: it lasts for 23 hours, but not into another period."""
    return {
        "billing_cycle_anchor": plan["fields"].get("billing_cycle_anchor"),
        "discount": None,
        "discounts": None,
        "expires_at": min(books.now + INCOMPLETE_SECONDS, subscription["_period_end"]),
        "metadata": plan["metadata"] or None,
        "subscription_items": plan["items"],
        "trial_end": plan["fields"].get("trial_end"),
        "trial_from_plan": None,
    }

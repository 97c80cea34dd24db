"""/v1/subscriptions"""

from billing.providers.sandbox.behaviour import cards, ending, prorating, subscribing
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import (
    EXPAND,
    PAGE,
    Boolean,
    Choice,
    Group,
    Integer,
    Many,
    Metadata,
    Required,
    Text,
    merged,
)
from billing.providers.sandbox.resources.customers import must_belong
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import subscriptions as shapes

PRORATION = Choice(("create_prorations", "none", "always_invoice"))
ITEM = {"metadata": Metadata(), "price": Text(), "quantity": Integer(at_least=0, at_most=999_999)}
FIELDS = {
    "cancel_at_period_end": Boolean(),
    "collection_method": Choice(("charge_automatically",)),
    "default_payment_method": Text(),
    "description": Text(longest=500, clearable=True),
    "metadata": Metadata(),
    "off_session": Boolean(),
    "proration_behavior": PRORATION,
    **EXPAND,
}
CREATE = {
    **FIELDS,
    "customer": Required(Text()),
    "items": Required(Many(Group({**ITEM, "price": Required(Text())}), longest=20)),
    "payment_behavior": Choice(("allow_incomplete", "default_incomplete", "error_if_incomplete")),
}
CANCELLATION_DETAILS = {
    "comment": Text(clearable=True),
    "feedback": Choice(
        (
            "customer_service",
            "low_quality",
            "missing_features",
            "other",
            "switched_service",
            "too_complex",
            "too_expensive",
            "unused",
        ),
        clearable=True,
    ),
}
PAUSE = {
    "behavior": Required(Choice(("keep_as_draft", "mark_uncollectible", "void"))),
    "resumes_at": Integer(),
}
UPDATE = {
    **FIELDS,
    "cancellation_details": Group(CANCELLATION_DETAILS),
    "items": Many(Group({**ITEM, "deleted": Boolean(), "id": Text()}), longest=20),
    "pause_collection": Group(PAUSE, clearable=True),
    "payment_behavior": Choice(("allow_incomplete",)),
}
CANCEL = {"cancellation_details": Group(CANCELLATION_DETAILS), **EXPAND}
STATES = ("active", "past_due", "unpaid", "canceled", "incomplete", "incomplete_expired", "trialing", "paused")
LIST = {**PAGE, "customer": Text(), "price": Text(), "status": Choice((*STATES, "all", "ended"))}


def create(books: Books, params: Json) -> Json:
    """Begin a subscription and charge the default card for its first period."""
    customer = books.get("customer", params["customer"], "customer")
    _check_method(books, params, customer["id"])
    chosen = params.get("default_payment_method") or customer["invoice_settings"]["default_payment_method"]
    behavior = params.get("payment_behavior", "allow_incomplete")
    if not chosen and behavior != "default_incomplete":
        raise Invalid(
            "This customer has no attached payment source or default payment method. Please consider adding a "
            "default payment method.",
            code="resource_missing",
        )
    if behavior == "error_if_incomplete":
        _must_not_decline(books, chosen)
    subscription, _ = subscribing.subscribe(books, customer, params, collect=behavior != "default_incomplete")
    if params.get("cancel_at_period_end"):
        _plan_end(books, subscription, at_period_end=True)
        books.change(subscription, "customer.subscription.updated")
    return subscription


def _check_method(books: Books, params: Json, customer_id: str) -> None:
    chosen = params.get("default_payment_method")
    if chosen:
        method = books.get("payment_method", chosen, "default_payment_method")
        must_belong(method, customer_id, "default_payment_method")


def _must_not_decline(books: Books, method_id: str) -> None:
    """`error_if_incomplete` promises that a declined card leaves nothing behind."""
    refusal = cards.refusal_of(books.get("payment_method", method_id))
    if refusal:
        raise refusal.error()


def _plan_end(books: Books, subscription: Json, *, at_period_end: bool) -> None:
    subscription.update(
        cancel_at_period_end=at_period_end,
        cancel_at=subscription["_period_end"] if at_period_end else None,
        canceled_at=books.now if at_period_end else None,
    )
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if at_period_end else None


def retrieve(books: Books, params: Json, subscription_id: str) -> Json:
    """One subscription."""
    return books.get("subscription", subscription_id)


def update(books: Books, params: Json, subscription_id: str) -> Json:
    """Change a running subscription: its end, its card, its items."""
    subscription = books.get("subscription", subscription_id)
    if subscription["ended_at"] is not None:
        raise Invalid("A canceled subscription can only update its cancellation_details.")
    _check_method(books, params, subscription["customer"])
    for name in ("default_payment_method", "description"):
        if name in params:
            subscription[name] = params[name]
    if "pause_collection" in params:
        pause = params["pause_collection"]
        subscription["pause_collection"] = {"resumes_at": None, **pause} if pause else None
    if "metadata" in params:
        subscription["metadata"] = merged(subscription["metadata"], params["metadata"])
    if "cancel_at_period_end" in params:
        _plan_end(books, subscription, at_period_end=params["cancel_at_period_end"])
    subscription["cancellation_details"].update(params.get("cancellation_details") or {})
    return change_items(books, subscription, params.get("items", []), params.get("proration_behavior"))


def change_items(books: Books, subscription: Json, changes: list[Json], behavior: str | None) -> Json:
    """Apply changes of items, with prorations unless they are refused."""
    written: list[Json] = []
    struck: list[Json] = []
    prorations: list[Json] = []
    for at, change in enumerate(changes):
        before, after = _changed(books, subscription, change, f"items[{at}]")
        (struck if change.get("deleted") else written).append(after)
        if behavior != "none" and _worth(before) != _worth(after):
            prorations += prorating.prorate(books, subscription, before, after)
    left = books.rows("subscription_item", subscription=subscription["id"]).count() - len(struck)
    if not left and not written:
        raise Invalid("A subscription must have at least one active item.", param="items")
    books.change(subscription, "customer.subscription.updated", also=written, without=struck)
    if behavior == "always_invoice" and prorations:
        prorating.invoice_now(books, subscription, prorations)
    return books.get("subscription", subscription["id"])


def _worth(item: Json) -> tuple[str, int]:
    """What a period of the item costs, for comparison."""
    return item["price"], item["quantity"]


def _changed(books: Books, subscription: Json, change: Json, param: str) -> tuple[Json, Json]:
    """An item before and after; a new item was not there before, so its quantity was 0."""
    if "id" in change:
        before = books.get("subscription_item", change["id"], f"{param}[id]")
    elif "price" in change:
        price = subscribing.recurring_price(books, change["price"], f"{param}[price]")
        made = shapes.subscription_item(subscription, price, change, at=books.now)
        return {**made, "quantity": 0}, made
    else:
        raise Invalid("Each item needs an id or a price.", code="parameter_missing", param=f"{param}[price]")
    given: Json = {name: change[name] for name in ("price", "quantity") if name in change}
    after = {**before, **given, **({"quantity": 0} if change.get("deleted") else {})}
    if "metadata" in change:
        after["metadata"] = merged(before["metadata"], change["metadata"])
    old, new = (
        books.get("price", before["price"]),
        subscribing.recurring_price(books, after["price"], f"{param}[price]"),
    )
    subscribing.must_agree([old, new])
    return before, after


def cancel(books: Books, params: Json, subscription_id: str) -> Json:
    """End a subscription now."""
    subscription = books.get("subscription", subscription_id)
    if subscription["ended_at"] is not None:
        raise Invalid(f"No such subscription: {subscription_id}", code="resource_missing", param="id")
    subscription["cancellation_details"].update(params.get("cancellation_details") or {})
    return ending.end(books, subscription, reason="cancellation_requested")


def listing(books: Books, params: Json) -> Listing:
    """Subscriptions; without a status, those that are not over."""
    rows = books.rows("subscription")
    if "customer" in params:
        rows = rows.filter(customer=params["customer"])
    if "price" in params:
        having = [item["subscription"] for item in books.all("subscription_item") if item["price"] == params["price"]]
        rows = rows.filter(object_id__in=having)
    state = params.get("status")
    over = ("canceled", "incomplete_expired")
    if state is None:
        return Listing(rows.exclude(status="canceled"))
    if state == "all":
        return Listing(rows)
    return Listing(rows.filter(status__in=over if state == "ended" else (state,)))

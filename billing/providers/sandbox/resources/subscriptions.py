"""/v1/subscriptions"""

from billing.providers.sandbox.behaviour import (
    changing,
    charging,
    closing,
    ending,
    paying,
    postponing,
    subscribing,
    trials,
)
from billing.providers.sandbox.behaviour.refusals import Refusal
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
    Now,
    Required,
    Text,
    merged,
)
from billing.providers.sandbox.resources.customers import must_belong
from billing.providers.sandbox.shapes import Json, copied

PRORATION = Choice(("create_prorations", "none", "always_invoice"))
ITEM = {"metadata": Metadata(), "price": Text(), "quantity": Integer(at_least=0, at_most=999_999)}
DISCOUNT = {"coupon": Text(), "discount": Text(), "promotion_code": Text()}
TRIAL_SETTINGS = {
    "end_behavior": Required(Group({"missing_payment_method": Required(Choice(("cancel", "create_invoice", "pause")))}))
}
FIELDS = {
    "cancel_at_period_end": Boolean(),
    "collection_method": Choice(("charge_automatically",)),
    "default_payment_method": Text(),
    "default_tax_rates": Many(Text(), longest=5),
    "description": Text(longest=500, clearable=True),
    "discounts": Many(Group(DISCOUNT), longest=20),
    "metadata": Metadata(),
    "off_session": Boolean(),
    "proration_behavior": PRORATION,
    "trial_end": Now(),
    "trial_settings": Group(TRIAL_SETTINGS),
    **EXPAND,
}
CREATE = {
    **FIELDS,
    "customer": Required(Text()),
    "items": Required(Many(Group({**ITEM, "price": Required(Text())}), longest=20)),
    "payment_behavior": Choice(("allow_incomplete", "default_incomplete", "error_if_incomplete")),
    "trial_period_days": Integer(at_least=0, at_most=730),
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
    "payment_behavior": Choice(("allow_incomplete", "error_if_incomplete", "pending_if_incomplete")),
    "proration_date": Integer(),
}
# Nothing is changed unless it is paid: it fails, or it waits.
WAITS_OR_FAILS = ("error_if_incomplete", "pending_if_incomplete")
RESUME = {"billing_cycle_anchor": Choice(("now",)), **EXPAND}
CANCEL = {"cancellation_details": Group(CANCELLATION_DETAILS), **EXPAND}
STATES = ("active", "past_due", "unpaid", "canceled", "incomplete", "incomplete_expired", "trialing", "paused")
# What bills something, or changes what is billed: it takes the place of a pending update.
BILLED = {"items", "trial_end", "discounts"}
LIST = {**PAGE, "customer": Text(), "price": Text(), "status": Choice((*STATES, "all", "ended"))}


def create(books: Books, params: Json) -> Json:
    """Begin a subscription and charge the default card for its first period."""
    customer = books.get("customer", params["customer"], "customer")
    _check_method(books, params, customer["id"])
    chosen = params.get("default_payment_method") or customer["invoice_settings"]["default_payment_method"]
    behavior = params.get("payment_behavior", "allow_incomplete")
    waits = params.get("trial_period_days") or params.get("trial_end")
    if not chosen and not waits and behavior != "default_incomplete":
        raise Invalid(
            "This customer has no attached payment source or default payment method. Please consider adding a "
            "default payment method.",
            code="resource_missing",
        )
    if behavior == "error_if_incomplete" and not waits:
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
    refusal = paying.refusal_of(books.get("payment_method", method_id))
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
    """Change a running subscription: its end, how it is paid, what it is for."""
    subscription = books.get("subscription", subscription_id)
    if subscription["ended_at"] is not None:
        raise Invalid("A canceled subscription can only update its cancellation_details.")
    _check_method(books, params, subscription["customer"])
    must_not_be_scheduled(subscription, params)
    behavior = params.get("payment_behavior")
    refusal = _refusal(books, subscription, params) if behavior in WAITS_OR_FAILS else None
    if refusal and behavior == "error_if_incomplete":
        raise refusal.error()
    if BILLED & params.keys():
        closing.discard(books, subscription)
    if refusal:
        return postponing.begin(books, subscription, params)
    _set_fields(books, subscription, params)
    changing.change(books, subscription, params)
    return books.get("subscription", subscription["id"])


def must_not_be_scheduled(subscription: Json, params: Json) -> None:
    """While a schedule holds a subscription, the schedule says when it ends."""
    if subscription["schedule"] and "cancel_at_period_end" in params:
        raise Invalid(
            f"The subscription is managed by the subscription schedule `{subscription['schedule']}`, and updating any "
            "cancelation behavior directly is not allowed. Please update the schedule instead."
        )


def _set_fields(books: Books, subscription: Json, params: Json) -> None:
    for name in ("default_payment_method", "description", "trial_settings"):
        if name in params:
            subscription[name] = params[name]
    if "default_tax_rates" in params:
        subscription["_tax_rates"] = params["default_tax_rates"]
    if "pause_collection" in params:
        pause = params["pause_collection"]
        subscription["pause_collection"] = {"resumes_at": None, **pause} if pause else None
    if "metadata" in params:
        subscription["metadata"] = merged(subscription["metadata"], params["metadata"])
    if "cancel_at_period_end" in params:
        _plan_end(books, subscription, at_period_end=params["cancel_at_period_end"])
    subscription["cancellation_details"].update(params.get("cancellation_details") or {})


def _refusal(books: Books, subscription: Json, params: Json) -> Refusal | None:
    """Why what it would cost could not be collected now: tried before anything is changed."""
    waits = params["payment_behavior"] == "pending_if_incomplete"
    if waits:
        postponing.must_be_supported(params)
    with books.rehearsal():
        invoice = changing.change(books, copied(subscription), params, collect=False)
        method = charging.default_method(books, invoice) if invoice and invoice["amount_due"] else None
    if not invoice or not invoice["amount_due"]:
        return None
    if waits:
        postponing.must_be_paid_at_once(method)
    return paying.refusal_of(method) if method else charging.NO_CARD


def cancel(books: Books, params: Json, subscription_id: str) -> Json:
    """End a subscription now."""
    subscription = books.get("subscription", subscription_id)
    if subscription["ended_at"] is not None:
        raise Invalid(f"No such subscription: {subscription_id}", code="resource_missing", param="id")
    subscription["cancellation_details"].update(params.get("cancellation_details") or {})
    return ending.end(books, subscription, reason="cancellation_requested")


def resume(books: Books, params: Json, subscription_id: str) -> Json:
    """Begin again after a trial that ended without a way to pay."""
    subscription = books.get("subscription", subscription_id)
    if subscription["status"] != "paused":
        raise Invalid("You can only resume a paused subscription.")
    return trials.resume(books, subscription)


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

"""Changes of a running subscription: its items, its discounts, the end of its trial, and what they cost at once."""

from billing.providers.sandbox.behaviour import discounting, periods, prorating, subscribing
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.parameters import merged
from billing.providers.sandbox.shapes import Json, copied
from billing.providers.sandbox.shapes import subscriptions as shapes

Change = tuple[Json, Json]


def change(books: Books, subscription: Json, params: Json, *, collect: bool = True) -> Json | None:
    """Apply what is wanted of items, discounts and trial; gives the invoice that it made at once, if it made one.

    Items that are billed at another interval, and a trial that ends, begin a new period, which is billed now.
    """
    at = _moment(books, subscription, params)
    behavior = params.get("proration_behavior") or "create_prorations"
    changes = _changes(books, subscription, params.get("items", []))
    restarts = _restarts(books, changes) or _trial_ends(subscription, params)
    if "discounts" in params:
        customer = books.get("customer", subscription["customer"])
        wishes = params["discounts"] or []
        subscription["discounts"] = discounting.give(books, wishes, subscription, customer=customer)
    prorations = [] if behavior == "none" or restarts else _prorated(books, subscription, changes, at)
    if restarts:
        return _restart(books, subscription, changes, gives_back=behavior != "none", at=at, collect=collect)
    if isinstance(params.get("trial_end"), int):
        _put_trial(books, subscription, params["trial_end"])
    _write(books, subscription, changes)
    if behavior == "always_invoice" and prorations:
        return prorating.invoice_now(books, subscription, prorations, collect=collect)
    return None


def _moment(books: Books, subscription: Json, params: Json) -> int:
    """The moment as of which is prorated. Of a period that is over, such as a paused one's, nothing is left."""
    at = int(params.get("proration_date", min(books.now, subscription["_period_end"])))
    if not subscription["_period_start"] <= at <= subscription["_period_end"]:
        raise Invalid("The proration date must lie within the current period.", param="proration_date")
    return at


def _changes(books: Books, subscription: Json, wishes: list[Json]) -> list[Change]:
    """Each item before and after; quantity 0 is not there."""
    changes = [_changed(books, subscription, wish, f"items[{at}]") for at, wish in enumerate(wishes)]
    touched = {before["id"] for before, _ in changes}
    kept = books.all("subscription_item", subscription=subscription["id"])
    after = [item for item in kept if item["id"] not in touched]
    after += [item for _, item in changes if not item.get("_deleted")]
    if not after:
        raise Invalid("A subscription must have at least one active item.", param="items")
    subscribing.must_agree([books.get("price", item["price"]) for item in after])
    return changes


def _changed(books: Books, subscription: Json, wish: Json, param: str) -> Change:
    if "id" in wish:
        before = books.get("subscription_item", wish["id"], f"{param}[id]")
    elif "price" in wish:
        price = subscribing.recurring_price(books, wish["price"], f"{param}[price]")
        made = shapes.subscription_item(subscription, price, wish, at=books.now)
        return {**made, "quantity": 0}, made
    else:
        raise Invalid("Each item needs an id or a price.", code="parameter_missing", param=f"{param}[price]")
    given: Json = {name: wish[name] for name in ("price", "quantity") if name in wish}
    after = {**copied(before), **given, **({"quantity": 0, "_deleted": True} if wish.get("deleted") else {})}
    if "metadata" in wish:
        after["metadata"] = merged(before["metadata"], wish["metadata"])
    if "price" in wish:
        subscribing.recurring_price(books, wish["price"], f"{param}[price]")
    return before, after


def _worth(item: Json) -> tuple[str, int]:
    return item["price"], item["quantity"]


def _cycle(books: Books, item: Json) -> tuple[str, int]:
    recurring = books.get("price", item["price"])["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _restarts(books: Books, changes: list[Change]) -> bool:
    """Whether what was there is billed at another interval from now on."""
    moved = [(before, after) for before, after in changes if before["quantity"] and not after.get("_deleted")]
    return any(_cycle(books, before) != _cycle(books, after) for before, after in moved)


def _trial_ends(subscription: Json, params: Json) -> bool:
    return params.get("trial_end") == "now" and subscription["status"] == "trialing"


def _prorated(books: Books, subscription: Json, changes: list[Change], at: int) -> list[Json]:
    differing = [(before, after) for before, after in changes if _worth(before) != _worth(after)]
    return [
        item for before, after in differing for item in prorating.prorate(books, subscription, before, after, at=at)
    ]


def _write(books: Books, subscription: Json, changes: list[Change]) -> None:
    written = [after for _, after in changes if not after.get("_deleted")]
    struck = [after for _, after in changes if after.get("_deleted")]
    books.change(subscription, "customer.subscription.updated", also=written, without=struck)


def _put_trial(books: Books, subscription: Json, end: int) -> None:
    """Nothing is billed until then; the next period begins there."""
    if end <= books.now:
        raise Invalid("Invalid timestamp: must be in the future.", param="trial_end")
    subscription.update(
        status="trialing",
        trial_start=subscription["trial_start"] or books.now,
        trial_end=end,
        billing_cycle_anchor=end,
        _period_end=end,
        _trial_told=False,
    )
    for item in books.all("subscription_item", subscription=subscription["id"]):
        books.change({**item, "current_period_end": end})


def _restart(
    books: Books, subscription: Json, changes: list[Change], *, gives_back: bool, at: int, collect: bool
) -> Json:
    """What is left of the old period is given back, and a whole new one is billed."""
    given_back = []
    if gives_back and subscription["status"] != "trialing":
        old = books.all("subscription_item", subscription=subscription["id"])
        given_back = [prorating.credit(books, subscription, item, at=at) for item in old]
    if subscription["status"] == "trialing":
        subscription.update(status="active", trial_end=books.now)
    _write(books, subscription, changes)
    items = books.all("subscription_item", subscription=subscription["id"])
    recurring = books.get("price", items[0]["price"])["recurring"]
    end = periods.following(books.now, recurring, books.now)
    subscription.update(billing_cycle_anchor=books.now, _period_start=books.now, _period_end=end)
    for item in items:
        item.update(current_period_start=books.now, current_period_end=end)
    books.change(subscription, "customer.subscription.updated", also=items)
    return prorating.invoice_now(books, subscription, given_back, lines_for=items, collect=collect)


def change_quietly(books: Books, subscription: Json, wishes: list[Json], discounts: list[Json]) -> None:
    """What a schedule's phase brings: as of the renewal that follows, so nothing is prorated or billed by itself."""
    changes = _changes(books, subscription, wishes)
    if _restarts(books, changes):
        # The renewal counts its period from here, in the new interval.
        subscription["billing_cycle_anchor"] = subscription["_period_end"]
    customer = books.get("customer", subscription["customer"])
    subscription["discounts"] = discounting.give(books, discounts, subscription, customer=customer)
    _write(books, subscription, changes)

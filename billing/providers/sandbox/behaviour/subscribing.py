"""The life of a subscription: first invoice, renewals, changes, expiry."""

from billing.providers.sandbox.behaviour import charging, closing, discounting, ending, invoicing, periods
from billing.providers.sandbox.behaviour.refusals import Refusal
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import invoices as invoice_shapes
from billing.providers.sandbox.shapes import subscriptions as shapes
from billing.providers.sandbox.timetable import DAY, DRAFT_SECONDS

# While collection is paused in these ways, a renewal's invoice is closed as soon as it is made.
CLOSED_WHILE_PAUSED = {"void": "void", "mark_uncollectible": "uncollectible"}


def recurring_price(books: Books, price_id: str, param: str) -> Json:
    """A price that a subscription can have."""
    price = books.get("price", price_id, param)
    if not price["active"]:
        raise Invalid(
            f"The price specified is inactive. This field only accepts active prices: {price_id}", param=param
        )
    if not price["recurring"]:
        raise Invalid(
            f"The price specified is set to `type=one_time` but this field only accepts prices with "
            f"`type=recurring`: {price_id}",
            param=param,
        )
    return price


def subscribe(books: Books, customer: Json, params: Json, *, collect: bool = True) -> tuple[Json, Refusal | None]:
    """Begin a subscription and ask for its first period; gives it and why it was not paid, if it was not.

    `params["items"]` are {"price", "quantity", "metadata"}; a card that declines leaves it `incomplete`.
    """
    prices = [recurring_price(books, item["price"], f"items[{at}][price]") for at, item in enumerate(params["items"])]
    must_agree(prices)
    trial_end = _trial_end(books, params)
    period = books.now, trial_end or periods.following(books.now, prices[0]["recurring"], books.now)
    subscription = shapes.subscription(params, customer=customer["id"], currency=prices[0]["currency"], period=period)
    if trial_end:
        subscription.update(
            status="trialing", trial_start=books.now, trial_end=trial_end, billing_cycle_anchor=trial_end
        )
    subscription["discounts"] = discounting.give(books, params.get("discounts") or [], subscription, customer=customer)
    items = [
        shapes.subscription_item(subscription, price, item, at=books.now)
        for price, item in zip(prices, params["items"], strict=True)
    ]
    for item in items:
        books.add(item)
    invoice = _begin(books, customer, subscription, items, params.get("_once") or [])
    if invoice["status"] == "open" and collect:
        refusal = charging.collect(books, invoice)
        return books.get("subscription", subscription["id"]), refusal
    return books.get("subscription", subscription["id"]), None


def _trial_end(books: Books, params: Json) -> int | None:
    """When nothing is to be paid until then."""
    days, end = params.get("trial_period_days") or 0, params.get("trial_end")
    if days and end is not None:
        raise Invalid("You may only specify one of these parameters: trial_end, trial_period_days.", param="trial_end")
    if isinstance(end, int) and end <= books.now:
        raise Invalid("Invalid timestamp: must be in the future.", param="trial_end")
    return end if isinstance(end, int) else (books.now + days * DAY if days else None)


def _begin(books: Books, customer: Json, subscription: Json, items: list[Json], once: list[Json]) -> Json:
    """Enter the subscription and its first invoice, each event after what it refers to.

    `once` are lines' prices that are paid with the first invoice only.
    """
    invoice = invoice_shapes.invoice(
        customer,
        reason="subscription_create",
        currency=subscription["currency"],
        period=(books.now, books.now),
        subscription=subscription,
        at=books.now,
    )
    invoice["auto_advance"] = True
    subscription["latest_invoice"] = invoice["id"]
    if subscription["status"] == "trialing":
        invoice["discounts"] = []
    else:
        discounting.take(books, invoice, subscription)
    books.add(subscription, "customer.subscription.created")
    lines = invoicing.base_lines(books, invoice["id"], subscription, items)
    if subscription["status"] == "trialing":
        for line in lines:
            line.update(amount=0, subtotal=0, description=f"Trial period for {line['description']}")
    invoicing.enter(books, invoice, [*lines, *invoicing.once_lines(books, invoice, once)])
    books.announce("invoice.created", invoice)
    return invoicing.finalize(books, invoice)


def must_agree(prices: list[Json]) -> None:
    """All items of a subscription are billed together, in one currency."""
    cycles = {(price["recurring"]["interval"], price["recurring"]["interval_count"]) for price in prices}
    if len(cycles) > 1:
        raise Invalid("The sandbox bills all items of a subscription at the same interval.", param="items")
    if len({price["currency"] for price in prices}) > 1:
        raise Invalid("All prices on a subscription must use the same currency.", param="items")


def renew(books: Books, subscription: Json) -> None:
    """The period is over: the subscription ends if it was to, or a new period begins with a draft invoice."""
    if subscription["cancel_at_period_end"]:
        ending.end(books, subscription, reason="cancellation_requested")
        return
    ended = subscription["_period_start"], subscription["_period_end"]
    items = _next_period(books, subscription)
    pause = _pause(books, subscription)
    invoice = _cycle_draft(books, subscription, ended, items, collected=not pause)
    books.announce("invoice.created", invoice)
    books.change(subscription, "customer.subscription.updated", also=items)
    if pause in CLOSED_WHILE_PAUSED:
        closing.close(books, invoice, CLOSED_WHILE_PAUSED[pause])


def _pause(books: Books, subscription: Json) -> str:
    """How collection is paused, or "": a pause ends by itself when its time has come."""
    pause = subscription["pause_collection"]
    if pause and pause["resumes_at"] is not None and pause["resumes_at"] <= books.now:
        pause = subscription["pause_collection"] = None
    return str(pause["behavior"]) if pause else ""


def _cycle_draft(
    books: Books, subscription: Json, ended: tuple[int, int], items: list[Json], *, collected: bool
) -> Json:
    """A renewal's invoice: the new period in advance, and what waits; open for an hour to additions."""
    customer = books.get("customer", subscription["customer"])
    invoice = invoice_shapes.invoice(
        customer,
        reason="subscription_cycle",
        currency=subscription["currency"],
        period=ended,
        subscription=subscription,
        at=books.now,
    )
    if collected:
        invoice.update(auto_advance=True, automatically_finalizes_at=books.now + DRAFT_SECONDS)
    subscription["latest_invoice"] = invoice["id"]
    discounting.take(books, invoice, subscription)
    waiting = invoicing.pending_items(
        books, customer["id"], subscription["currency"], subscriptions=("", subscription["id"])
    )
    lines = invoicing.base_lines(books, invoice["id"], subscription, items)
    return invoicing.enter(books, invoice, [*lines, *invoicing.take(books, invoice, waiting)])


def _next_period(books: Books, subscription: Json) -> list[Json]:
    """Move the subscription and its items to the period after the present one; they are not written yet."""
    items = books.all("subscription_item", subscription=subscription["id"])
    recurring = books.get("price", items[0]["price"])["recurring"]
    start = subscription["_period_end"]
    end = periods.following(subscription["billing_cycle_anchor"], recurring, start)
    subscription.update(_period_start=start, _period_end=end)
    for item in items:
        item.update(current_period_start=start, current_period_end=end)
    return items


def expire(books: Books, subscription: Json) -> None:
    """Nobody paid the first invoice in time."""
    subscription.update(status="incomplete_expired", ended_at=books.now)
    books.change(subscription, "customer.subscription.updated")
    for invoice in books.all("invoice", subscription=subscription["id"], status="open"):
        closing.close(books, invoice, "void")

"""/v1/subscription_schedules"""

from billing.providers.sandbox.behaviour import scheduling
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import EXPAND, PAGE, Choice, Group, Integer, Many, Required, Text
from billing.providers.sandbox.resources.subscriptions import DISCOUNT, PRORATION
from billing.providers.sandbox.shapes import Json

DURATION = {
    "interval": Required(Choice(("day", "week", "month", "year"))),
    "interval_count": Integer(at_least=1, at_most=36),
}
PHASE = {
    "discounts": Many(Group(DISCOUNT), longest=20),
    "duration": Group(DURATION),
    "end_date": Integer(),
    "items": Required(Many(Group({"price": Text(), "quantity": Integer(at_least=1, at_most=999_999)}), longest=20)),
    "start_date": Integer(),
}
CREATE = {"from_subscription": Required(Text()), **EXPAND}
UPDATE = {
    "end_behavior": Choice(("cancel", "release")),
    "phases": Many(Group(PHASE), longest=10),
    "proration_behavior": PRORATION,
    **EXPAND,
}
LIST = {**PAGE, "customer": Text()}


def create(books: Books, params: Json) -> Json:
    """The sandbox makes schedules only from subscriptions that run."""
    return scheduling.begin(books, books.get("subscription", params["from_subscription"], "from_subscription"))


def retrieve(books: Books, params: Json, schedule_id: str) -> Json:
    """One schedule."""
    return books.get("subscription_schedule", schedule_id)


def update(books: Books, params: Json, schedule_id: str) -> Json:
    """Other phases."""
    return scheduling.plan(books, books.get("subscription_schedule", schedule_id), params)


def release(books: Books, params: Json, schedule_id: str) -> Json:
    """Let the subscription go."""
    return scheduling.release(books, books.get("subscription_schedule", schedule_id))


def listing(books: Books, params: Json) -> Listing:
    """Schedules, by customer."""
    wanted = {"customer": params["customer"]} if "customer" in params else {}
    return Listing(books.rows("subscription_schedule", **wanted))

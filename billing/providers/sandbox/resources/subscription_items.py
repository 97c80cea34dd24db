"""/v1/subscription_items"""

from billing.providers.sandbox.behaviour import changing, closing
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import EXPAND, PLAIN_PAGE, Integer, Metadata, Required, Text
from billing.providers.sandbox.resources.subscriptions import PRORATION
from billing.providers.sandbox.shapes import Json

UPDATE = {
    "metadata": Metadata(),
    "price": Text(),
    "proration_behavior": PRORATION,
    "quantity": Integer(at_least=0, at_most=999_999),
    **EXPAND,
}
LIST = {**PLAIN_PAGE, "subscription": Required(Text())}


def retrieve(books: Books, params: Json, item_id: str) -> Json:
    """One item."""
    return books.get("subscription_item", item_id)


def update(books: Books, params: Json, item_id: str) -> Json:
    """Change an item through its subscription, which tells of it."""
    item = books.get("subscription_item", item_id)
    subscription = books.get("subscription", item["subscription"])
    change: Json = {name: params[name] for name in ("metadata", "price", "quantity") if name in params}
    behavior = params.get("proration_behavior")
    closing.discard(books, subscription)
    changing.change(books, subscription, {"items": [{**change, "id": item_id}], "proration_behavior": behavior})
    return books.get("subscription_item", item_id)


def listing(books: Books, params: Json) -> Listing:
    """The items of a subscription."""
    books.get("subscription", params["subscription"], "subscription")
    return Listing(books.rows("subscription_item", subscription=params["subscription"]))

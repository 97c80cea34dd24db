"""/v1/events"""

from billing.providers.sandbox.books import Books
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import PAGE, Many, Text
from billing.providers.sandbox.shapes import Json

LIST = {**PAGE, "type": Text(), "types": Many(Text(), longest=20)}


def retrieve(books: Books, params: Json, event_id: str) -> Json:
    """One event."""
    return books.get("event", event_id)


def listing(books: Books, params: Json) -> Listing:
    """Events, by type; `customer.*` stands for all that begin with it."""
    rows = books.rows("event")
    if "types" in params:
        rows = rows.filter(lookup__in=params["types"])
    if "type" in params:
        wanted: str = params["type"]
        rows = rows.filter(lookup__startswith=wanted[:-1]) if wanted.endswith("*") else rows.filter(lookup=wanted)
    return Listing(rows)

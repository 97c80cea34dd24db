"""Lists: newest first, by cursor."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from billing.providers.sandbox import wire
from billing.providers.sandbox.errors import NoSuchObject
from billing.providers.sandbox.models import Record
from billing.providers.sandbox.shapes import Json

if TYPE_CHECKING:
    from billing.providers.sandbox.books import Books

USUAL_LIMIT = 10
LOOKUPS = {"exact": "created", "gt": "created__gt", "gte": "created__gte", "lt": "created__lt", "lte": "created__lte"}


@dataclass(frozen=True)
class Listing:
    """What a list is of. `oldest_first`: the lines of an invoice are in the order in which they were added."""

    rows: QuerySet[Record]
    oldest_first: bool = False


def page(books: "Books", listing: Listing, path: str, params: Json) -> Json:
    """The page that `limit`, `starting_after`, `ending_before` and `created` ask for."""
    rows = listing.rows.filter(**{LOOKUPS[bound]: at for bound, at in params.get("created", {}).items()})
    ascending = listing.oldest_first
    backwards = "ending_before" in params
    for cursor in ("starting_after", "ending_before"):
        if cursor in params:
            rows = rows.filter(_beyond(rows, params[cursor], cursor, rising=ascending != backwards))
    limit = params.get("limit", USUAL_LIMIT)
    found = list(rows.order_by("sequence" if ascending != backwards else "-sequence")[: limit + 1])
    shown = found[:limit][::-1] if backwards else found[:limit]
    return wire.listing([wire.present(books, row.data) for row in shown], path, has_more=len(found) > limit)


def _beyond(rows: QuerySet[Record], object_id: str, cursor: str, *, rising: bool) -> Q:
    sequence = rows.filter(object_id=object_id).values_list("sequence", flat=True).first()
    if sequence is None:
        raise NoSuchObject("object", object_id, cursor)
    return Q(sequence__gt=sequence) if rising else Q(sequence__lt=sequence)

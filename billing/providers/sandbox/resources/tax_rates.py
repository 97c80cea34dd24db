"""/v1/tax_rates"""

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import EXPAND, PAGE, Boolean, Decimal, Metadata, Required, Text, merged
from billing.providers.sandbox.shapes import Json

FIELDS = {
    "active": Boolean(),
    "country": Text(longest=2),
    "description": Text(),
    "display_name": Text(longest=50),
    "jurisdiction": Text(longest=50),
    "metadata": Metadata(),
    **EXPAND,
}
CREATE = {
    **FIELDS,
    "display_name": Required(Text(longest=50)),
    "inclusive": Required(Boolean()),
    "percentage": Required(Decimal()),
}
UPDATE = FIELDS
LIST = {**PAGE, "active": Boolean(), "inclusive": Boolean()}


def create(books: Books, params: Json) -> Json:
    """A rate; what it takes never changes."""
    percentage = float(params["percentage"])
    rate = {
        "id": identifiers.new("txr"),
        "object": "tax_rate",
        "active": params.get("active", True),
        "country": params.get("country"),
        "created": books.now,
        "description": params.get("description"),
        "display_name": params["display_name"],
        "effective_percentage": percentage,
        "flat_amount": None,
        "inclusive": params["inclusive"],
        "jurisdiction": params.get("jurisdiction"),
        "jurisdiction_level": None,
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "percentage": percentage,
        "rate_type": "percentage",
        "state": None,
        "tax_type": None,
    }
    return books.add(rate, "tax_rate.created")


def retrieve(books: Books, params: Json, rate_id: str) -> Json:
    """One rate."""
    return books.get("tax_rate", rate_id)


def update(books: Books, params: Json, rate_id: str) -> Json:
    """Its names and whether it is used for something new."""
    rate = books.get("tax_rate", rate_id)
    changes = {name: value for name, value in params.items() if name not in ("metadata", "expand")}
    if "metadata" in params:
        changes["metadata"] = merged(rate["metadata"], params["metadata"])
    return books.change({**rate, **changes}, "tax_rate.updated")


def listing(books: Books, params: Json) -> Listing:
    """Rates, by activity."""
    rows = books.rows("tax_rate")
    return Listing(rows.filter(status="active" if params["active"] else "inactive") if "active" in params else rows)

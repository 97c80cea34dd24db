"""/v1/prices"""

from itertools import pairwise

from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import (
    EXPAND,
    PAGE,
    Boolean,
    Choice,
    Currency,
    Decimal,
    Group,
    Integer,
    Many,
    Metadata,
    Required,
    Text,
    UpTo,
    merged,
)
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import catalog as shapes

RECURRING = {
    "interval": Required(Choice(("day", "week", "month", "year"))),
    "interval_count": Integer(at_least=1, at_most=36),
    "usage_type": Choice(("licensed",)),
}
TIER = {
    "flat_amount": Integer(at_least=0),
    "flat_amount_decimal": Decimal(),
    "unit_amount": Integer(at_least=0),
    "unit_amount_decimal": Decimal(),
    "up_to": Required(UpTo()),
}
FIELDS = {
    "active": Boolean(),
    "lookup_key": Text(longest=200, clearable=True),
    "metadata": Metadata(),
    "nickname": Text(clearable=True),
    "tax_behavior": Choice(("unspecified", "exclusive", "inclusive")),
    "transfer_lookup_key": Boolean(),
    **EXPAND,
}
CREATE = {
    **FIELDS,
    "billing_scheme": Choice(("per_unit", "tiered")),
    "currency": Required(Currency()),
    "product": Text(),
    "product_data": Group({"id": Text(), "metadata": Metadata(), "name": Required(Text()), "active": Boolean()}),
    "recurring": Group(RECURRING),
    "tiers": Many(Group(TIER), longest=100),
    "tiers_mode": Choice(("graduated", "volume")),
    "transform_quantity": Group(
        {"divide_by": Required(Integer(at_least=1)), "round": Required(Choice(("down", "up")))}
    ),
    "unit_amount": Integer(at_least=0),
    "unit_amount_decimal": Decimal(),
}
UPDATE = FIELDS
LIST = {
    **PAGE,
    "active": Boolean(),
    "lookup_keys": Many(Text(), longest=10),
    "product": Text(),
}


def create(books: Books, params: Json) -> Json:
    """For a product, which may be made with it."""
    if ("product" in params) == ("product_data" in params):
        raise Invalid(
            "You must provide exactly one of `product` and `product_data`.", code="parameter_missing", param="product"
        )
    if "product" in params:
        product = books.get("product", params["product"], "product")
    else:
        from_data = shapes.product(params["product_data"], at=books.now)
        product = books.add(from_data, "product.created")
    _check_amounts(params)
    price = shapes.price(params, product_id=product["id"], at=books.now)
    _claim_lookup_key(books, price, take_over=params.get("transfer_lookup_key", False))
    return books.add(price, "price.created")


def _check_amounts(params: Json) -> None:
    """A tiered price has tiers, the last without an end; any other has an amount."""
    if params.get("billing_scheme") != "tiered":
        if ("unit_amount" in params) == ("unit_amount_decimal" in params):
            raise Invalid("Missing required param: unit_amount.", code="parameter_missing", param="unit_amount")
        return
    tiers = params.get("tiers") or []
    if not tiers or "tiers_mode" not in params:
        raise Invalid("A tiered price needs `tiers` and `tiers_mode`.", code="parameter_missing", param="tiers")
    if "unit_amount" in params or "unit_amount_decimal" in params or "transform_quantity" in params:
        raise Invalid("A tiered price has no amount of its own.", param="unit_amount")
    ends = [tier["up_to"] for tier in tiers]
    rising = all(before is not None and (after is None or before < after) for before, after in pairwise(ends))
    if ends[-1] is not None or not rising:
        raise Invalid("Tiers must rise, and the last must be `inf`.", param="tiers")


def _claim_lookup_key(books: Books, price: Json, *, take_over: bool) -> None:
    """A lookup key names one price: it is taken from its holder only where that is asked for."""
    if not price["lookup_key"]:
        return
    for holder in books.all("price", lookup=price["lookup_key"]):
        if holder["id"] == price["id"]:
            continue
        if not take_over:
            raise Invalid(
                f"A price (`{holder['id']}`) already uses that lookup key.",
                code="resource_already_exists",
                param="lookup_key",
            )
        books.change({**holder, "lookup_key": None}, "price.updated")


def retrieve(books: Books, params: Json, price_id: str) -> Json:
    """One price."""
    return books.get("price", price_id)


def update(books: Books, params: Json, price_id: str) -> Json:
    """A price's amount never changes; its names and activity do."""
    price = books.get("price", price_id)
    for name in ("active", "lookup_key", "nickname", "tax_behavior"):
        if name in params:
            price[name] = params[name]
    if "metadata" in params:
        price["metadata"] = merged(price["metadata"], params["metadata"])
    _claim_lookup_key(books, price, take_over=params.get("transfer_lookup_key", False))
    return books.change(price, "price.updated")


def listing(books: Books, params: Json) -> Listing:
    """Prices, found by lookup keys among others."""
    rows = books.rows("price")
    if "lookup_keys" in params:
        rows = rows.filter(lookup__in=params["lookup_keys"])
    if "product" in params:
        rows = rows.filter(product=params["product"])
    if "active" in params:
        rows = rows.filter(status="active" if params["active"] else "inactive")
    return Listing(rows)

"""/v1/products"""

from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.models import Record
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import (
    EXPAND,
    PAGE,
    PLAIN_PAGE,
    Boolean,
    Group,
    Many,
    Metadata,
    Required,
    Text,
    merged,
)
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import catalog as shapes

FIELDS = {
    "active": Boolean(),
    "description": Text(clearable=True),
    "images": Many(Text(), longest=8),
    "marketing_features": Many(Group({"name": Required(Text(longest=80))}), longest=15),
    "metadata": Metadata(),
    "name": Text(),
    "statement_descriptor": Text(longest=22),
    "unit_label": Text(clearable=True),
    "url": Text(clearable=True),
    **EXPAND,
}
CREATE = {**FIELDS, "id": Text(longest=255), "name": Required(Text())}
UPDATE = {**FIELDS, "default_price": Text()}
FEATURES = PLAIN_PAGE
LIST = {**PAGE, "active": Boolean(), "ids": Many(Text(), longest=100)}


def create(books: Books, params: Json) -> Json:
    """Under an id of the caller's, if given one that is free."""
    given = params.get("id")
    if given and Record.objects.filter(object_id=given).exists():
        raise Invalid(f"Product already exists: {given}", code="resource_already_exists", param="id")
    return books.add(shapes.product(params, at=books.now), "product.created")


def retrieve(books: Books, params: Json, product_id: str) -> Json:
    """One product."""
    return books.get("product", product_id)


def update(books: Books, params: Json, product_id: str) -> Json:
    """Change what is given."""
    product = books.get("product", product_id)
    if "default_price" in params:
        books.get("price", params["default_price"], "default_price")
    changes = {name: value for name, value in params.items() if name not in ("metadata", "expand")}
    if "metadata" in params:
        changes["metadata"] = merged(product["metadata"], params["metadata"])
    return books.change({**product, **changes, "updated": books.now}, "product.updated")


def delete(books: Books, params: Json, product_id: str) -> Json:
    """Only a product that never had a price can go."""
    product = books.get("product", product_id)
    if books.rows("price", product=product_id).exists():
        raise Invalid("This product cannot be deleted because it has one or more user-created prices.")
    books.announce("product.deleted", product)
    books.strike(product)
    return {"id": product_id, "object": "product", "deleted": True}


def listing(books: Books, params: Json) -> Listing:
    """Products, narrowed by activity and ids."""
    rows = books.rows("product")
    if "ids" in params:
        rows = rows.filter(object_id__in=params["ids"])
    if "active" in params:
        rows = rows.filter(status="active" if params["active"] else "inactive")
    return Listing(rows)


def features(books: Books, params: Json, product_id: str) -> Listing:
    """Entitlements belong to this platform, not to Stripe: a product has none."""
    books.get("product", product_id)
    return Listing(books.rows("product_feature"))

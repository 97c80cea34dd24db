"""/v1/webhook_endpoints"""

from billing.providers.sandbox.books import Books
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import (
    EXPAND,
    PLAIN_PAGE,
    Boolean,
    Many,
    Metadata,
    Required,
    Text,
    Url,
    merged,
)
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import account as shapes

FIELDS = {"description": Text(clearable=True), "metadata": Metadata(), **EXPAND}
CREATE = {**FIELDS, "enabled_events": Required(Many(Text())), "url": Required(Url())}
UPDATE = {**FIELDS, "disabled": Boolean(), "enabled_events": Many(Text()), "url": Url()}
LIST = PLAIN_PAGE


def create(books: Books, params: Json) -> Json:
    """An endpoint that gets every event from now on; only this answer shows its secret."""
    endpoint = books.add(shapes.webhook_endpoint(params, at=books.now))
    return {**endpoint, "secret": endpoint["_secret"]}


def retrieve(books: Books, params: Json, endpoint_id: str) -> Json:
    """One endpoint."""
    return books.get("webhook_endpoint", endpoint_id)


def update(books: Books, params: Json, endpoint_id: str) -> Json:
    """Change what is given."""
    endpoint = books.get("webhook_endpoint", endpoint_id)
    for name in ("description", "enabled_events", "url"):
        if name in params:
            endpoint[name] = params[name]
    if "metadata" in params:
        endpoint["metadata"] = merged(endpoint["metadata"], params["metadata"])
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    return books.change(endpoint)


def delete(books: Books, params: Json, endpoint_id: str) -> Json:
    """Send it nothing more."""
    books.strike(books.get("webhook_endpoint", endpoint_id))
    return {"id": endpoint_id, "object": "webhook_endpoint", "deleted": True}


def listing(books: Books, params: Json) -> Listing:
    """All endpoints."""
    return Listing(books.rows("webhook_endpoint"))

"""/v1/billing_portal/sessions"""

from django.conf import settings

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.parameters import EXPAND, Choice, Required, Text, Url
from billing.providers.sandbox.shapes import Json

CREATE = {
    "customer": Required(Text()),
    "locale": Choice(("auto", "en")),
    "return_url": Url(),
    **EXPAND,
}
CONFIGURATION = "bpc_1MainstaySandbox0"


def create(books: Books, params: Json) -> Json:
    """A page for one customer, for an hour."""
    customer = books.get("customer", params["customer"], "customer")
    session_id = identifiers.new("bps")
    session = {
        "id": session_id,
        "object": "billing_portal.session",
        "configuration": CONFIGURATION,
        "created": books.now,
        "customer": customer["id"],
        "customer_account": None,
        "flow": None,
        "livemode": False,
        "locale": params.get("locale"),
        "on_behalf_of": None,
        "return_url": params.get("return_url"),
        "url": f"{settings.BASE_URL}/sandbox/portal/{session_id}",
    }
    return books.add(session, "billing_portal.session.created")

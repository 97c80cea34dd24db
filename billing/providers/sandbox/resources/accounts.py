"""/v1/account"""

from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import NoSuchObject
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import account as shapes


def retrieve(books: Books, params: Json, account_id: str = shapes.ACCOUNT_ID) -> Json:
    """The account that the key belongs to; there is no other."""
    if account_id != shapes.ACCOUNT_ID:
        raise NoSuchObject("account", account_id, "id")
    return shapes.account()

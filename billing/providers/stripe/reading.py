"""Reading a purchase whole: whichever object an event names, everything that hangs together is read anew.

So an event is only a reason to look, and the order in which events come does not matter.
"""

from collections.abc import Iterator
from typing import Any

import stripe

from billing.providers.protocol import Snapshot
from billing.providers.stripe.normalize import (
    Raw,
    dig,
    id_of,
    normalize_checkout,
    normalize_invoice,
    normalize_subscription,
    subscription_of,
)
from platform_core import clock

PAGE = 100
# One call instead of four. A customer who comes back has a card before there is a subscription.
WITH_CUSTOMER = ["customer.invoice_settings.default_payment_method"]
WITH_NEIGHBOURS = [
    *WITH_CUSTOMER,
    "default_payment_method",
    "items.data.price.product",
]
EXPANDED = ("customer", "default_payment_method", "product")
# The charge behind an invoice tells why it failed.
WITH_FAILURE = ["payments.data.payment.payment_intent"]
UNPAID = ("open", "uncollectible")


def plain(found: stripe.StripeObject) -> dict[str, Any]:
    """Stripe's object as plain JSON."""
    return found.to_dict(for_json=True)


def folded(value: Any, name: str = "") -> Any:
    """The object as Stripe gives it to those who ask for no expansion: references are ids."""
    if name in EXPANDED:
        return id_of(value) or None
    if isinstance(value, dict):
        return {inner: folded(part, inner) for inner, part in value.items()}
    return [folded(part) for part in value] if isinstance(value, list) else value


class Reader:
    """Reads with one client. `account` changes so rarely that it is read once."""

    def __init__(self, client: stripe.StripeClient, *, account: Raw | None) -> None:
        self.api = client.v1
        self.account = account

    def snapshot(self, kind: str, object_id: str) -> Snapshot | None:
        """The purchase that an event of this kind belongs to; None where it belongs to none."""
        observed_at = clock.wall()
        checkout, subscription_id = self._purchase(kind, object_id)
        if checkout is None and not subscription_id:
            return None
        subscription = self._subscription(subscription_id) if subscription_id else None
        invoices = self._invoices(subscription) if subscription else []
        raws = (self.account, *self._neighbours(subscription or checkout or {}), subscription, *invoices, checkout)
        return Snapshot(
            observed_at=observed_at,
            checkout=normalize_checkout(checkout) if checkout else None,
            subscription=normalize_subscription(subscription) if subscription else None,
            invoices=tuple(normalize_invoice(invoice) for invoice in invoices),
            raw=tuple(folded(raw) for raw in raws if raw),
        )

    def _purchase(self, kind: str, object_id: str) -> tuple[Raw | None, str]:
        """The checkout and the subscription's id that the object leads to, as far as there are any."""
        if kind.startswith("checkout.session."):
            checkout = plain(self.api.checkout.sessions.retrieve(object_id, {"expand": WITH_CUSTOMER}))
            return checkout, id_of(checkout.get("subscription"))
        subscription_id = ""
        if kind.startswith("customer.subscription."):
            subscription_id = object_id
        elif kind.startswith("invoice.") and object_id:
            subscription_id = subscription_of(plain(self.api.invoices.retrieve(object_id)))
        return self._checkout_of(subscription_id) if subscription_id else None, subscription_id

    def _subscription(self, subscription_id: str) -> Raw:
        return plain(self.api.subscriptions.retrieve(subscription_id, {"expand": WITH_NEIGHBOURS}))

    def _checkout_of(self, subscription_id: str) -> Raw | None:
        found = self.api.checkout.sessions.list({"subscription": subscription_id, "limit": 1}).data
        return plain(found[0]) if found else None

    def _invoices(self, subscription: Raw) -> list[Raw]:
        """The subscription's, newest first, and those that we made for it ourselves, which only name it."""
        theirs = self.api.invoices.list({"customer": id_of(subscription["customer"]), "limit": PAGE})
        found = (plain(invoice) for invoice in theirs.auto_paging_iter())
        return [self._whole(invoice) for invoice in found if subscription_of(invoice) == subscription["id"]]

    def invoices_of(self, subscription_id: str) -> list[Raw]:
        """Every invoice that Stripe made for a subscription, newest first."""
        found = self.api.invoices.list({"subscription": subscription_id, "limit": PAGE})
        return [self._whole(plain(invoice)) for invoice in found.auto_paging_iter()]

    def _whole(self, invoice: dict[str, Any]) -> Raw:
        """The invoice with the lines beyond its first page, and with the reason why it could not be charged."""
        if invoice["status"] in UNPAID and invoice["attempted"]:
            invoice = plain(self.api.invoices.retrieve(invoice["id"], {"expand": WITH_FAILURE}))
        if invoice["lines"]["has_more"]:
            lines = self.api.invoices.line_items.list(invoice["id"], {"limit": PAGE})
            invoice["lines"] |= {"data": [plain(line) for line in lines.auto_paging_iter()], "has_more": False}
        return invoice

    def _neighbours(self, owner: Raw) -> Iterator[Raw | None]:
        """What a subscription (or a checkout) refers to, in an order in which each finds its own references."""
        for item in dig(owner, "items", "data") or ():
            product = item["price"]["product"]
            yield product
            yield self._features(product["id"])
            yield item["price"]
        customer = owner.get("customer")
        yield owner.get("default_payment_method") or dig(customer, "invoice_settings", "default_payment_method")
        yield customer

    def _features(self, product_id: str) -> Raw:
        """The product's features as one list, under the address where a list of them is asked for."""
        found = self.api.products.features.list(product_id, {"limit": PAGE})
        features = [plain(feature) for feature in found.auto_paging_iter()]
        return {"object": "list", "url": f"/v1/products/{product_id}/features", "has_more": False, "data": features}


def account_of(client: stripe.StripeClient) -> Raw:
    """Our own account, without the logo files that dj-stripe would otherwise want to fetch."""
    account = plain(client.v1.accounts.retrieve_current())
    branding = dig(account, "settings", "branding")
    if branding:
        account["settings"]["branding"] = {**branding, "icon": None, "logo": None}
    return account

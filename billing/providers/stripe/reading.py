"""Reading a purchase whole: whichever object an event names, everything that hangs together is read anew.

So an event is only a reason to look, and the order in which events come does not matter.
"""

from collections.abc import Iterator
from typing import Any

import stripe

from billing.providers.facts import Snapshot
from billing.providers.stripe.normalize import (
    Raw,
    dig,
    id_of,
    normalize_checkout,
    normalize_invoice,
    normalize_schedule,
    normalize_subscription,
    plain,
    subscription_of,
)
from billing.providers.stripe.normalize_money import default_method_of, normalize_customer
from billing.providers.stripe.plain_api import PlainApi
from billing.providers.stripe.reading_money import Money
from billing.providers.stripe.trail import WITH_DISCOUNTS, Tracker
from platform_core import clock

# One call instead of four.
WITH_DEFAULT = "invoice_settings.default_payment_method"
WITH_NEIGHBOURS = [
    f"customer.{WITH_DEFAULT}",
    "default_payment_method",
    "discounts",
    "items.data.price.product",
]
EXPANDED = ("customer", "default_payment_method", "product")
# The charge behind an invoice tells why it failed.
WITH_FAILURE = ["payments.data.payment.payment_intent", *WITH_DISCOUNTS]
IN_LIST = [f"data.{each}" for each in ("payments", *WITH_DISCOUNTS)]
MISSING = "resource_missing"
UNPAID = ("open", "uncollectible")


def folded(value: Any, name: str = "") -> Any:
    """The object as Stripe gives it to those who ask for no expansion: references are ids. Discounts stay whole:
    the mirror looks into those of invoices and customers, whose ids lead nowhere.
    """
    if name in EXPANDED:
        return id_of(value) or None
    if isinstance(value, dict):
        return {inner: folded(part, inner) for inner, part in value.items()}
    return [folded(part) for part in value] if isinstance(value, list) else value


class Reader:
    """Reads with one client. `account` changes so rarely that it is read once."""

    def __init__(self, client: stripe.StripeClient, *, account: Raw | None) -> None:
        self.api = PlainApi(client)
        self.account = account

    def snapshot(self, kind: str, object_id: str) -> Snapshot | None:
        """Everything that an event of this kind belongs to; None where it belongs to nothing of ours."""
        observed_at = clock.wall()
        trail = Tracker(self.api).follow(kind, object_id)
        if trail.is_empty:
            return None
        subscription = self._subscription(trail.subscription_id) if trail.subscription_id else None
        invoices = self._invoices(subscription) if subscription else [trail.invoice] if trail.invoice else []
        owner = subscription or trail.checkout or {}
        customer = self._customer(owner.get("customer"), trail.customer_id)
        schedule = self._schedule(subscription)
        money = Money(self.api, trail, invoices, customer=customer or {})
        raws = (
            self.account,
            *self._neighbours(owner, customer),
            subscription,
            *invoices,
            trail.checkout,
            schedule,
            *money.raws(held=id_of(owner.get("default_payment_method")) or default_method_of(customer)),
        )
        return Snapshot(
            observed_at=observed_at,
            checkout=normalize_checkout(trail.checkout) if trail.checkout else None,
            subscription=normalize_subscription(subscription) if subscription else None,
            invoices=tuple(normalize_invoice(invoice) for invoice in invoices),
            raw=tuple(folded(raw) for raw in raws if raw),
            customer=normalize_customer(customer) if customer else None,
            schedule=normalize_schedule(schedule) if schedule else None,
            **money.facts(default=default_method_of(customer)),
        )

    def _subscription(self, subscription_id: str) -> Raw:
        """With its neighbours; a customer who was deleted has none left that could be expanded."""
        try:
            return self.api.one("subscriptions", subscription_id, expand=WITH_NEIGHBOURS)
        except stripe.InvalidRequestError as error:
            if error.code == MISSING:
                raise
            return self.api.one("subscriptions", subscription_id, expand=WITH_NEIGHBOURS[1:])

    def _customer(self, found: Any, customer_id: str) -> Raw | None:
        """As it came with the subscription or the checkout, else asked for."""
        if isinstance(found, dict):
            return found
        wanted = id_of(found) or customer_id
        if not wanted:
            return None
        try:
            return self.api.one("customers", wanted, expand=[WITH_DEFAULT])
        except stripe.InvalidRequestError as error:
            if error.code == MISSING:
                raise
            return self.api.one("customers", wanted)

    def _schedule(self, subscription: Raw | None) -> Raw | None:
        schedule_id = id_of((subscription or {}).get("schedule"))
        return self.api.one("subscription_schedules", schedule_id) if schedule_id else None

    def _invoices(self, subscription: Raw) -> list[Raw]:
        """The subscription's, newest first, and those that we made for it ourselves, which only name it."""
        found = self.api.all("invoices", customer=id_of(subscription["customer"]), expand=IN_LIST)
        return [self._whole(invoice) for invoice in found if subscription_of(invoice) == subscription["id"]]

    def invoices_of(self, subscription_id: str) -> list[Raw]:
        """Every invoice that Stripe made for a subscription, newest first."""
        return [self._whole(invoice) for invoice in self.api.all("invoices", subscription=subscription_id)]

    def _whole(self, invoice: dict[str, Any]) -> Raw:
        """The invoice with the lines beyond its first page, and with the reason why it could not be charged."""
        if invoice["status"] in UNPAID and invoice["attempted"]:
            invoice = self.api.one("invoices", invoice["id"], expand=WITH_FAILURE)
        if invoice["lines"]["has_more"]:
            lines = list(self.api.all(f"invoices/{invoice['id']}/lines", expand=["data.discounts"]))
            invoice["lines"] |= {"data": lines, "has_more": False}
        return invoice

    def _neighbours(self, owner: Raw, customer: Raw | None) -> Iterator[Raw | None]:
        """What a subscription (or a checkout) refers to, in an order in which each finds its own references."""
        for item in dig(owner, "items", "data") or ():
            product = item["price"]["product"]
            yield product
            yield self._features(product["id"])
            yield item["price"]
        yield owner.get("default_payment_method") or dig(customer, "invoice_settings", "default_payment_method")
        yield customer

    def _features(self, product_id: str) -> Raw:
        """The product's features as one list, under the address where a list of them is asked for."""
        features = list(self.api.all(f"products/{product_id}/features"))
        return {"object": "list", "url": f"/v1/products/{product_id}/features", "has_more": False, "data": features}


def account_of(client: stripe.StripeClient) -> Raw:
    """Our own account, without the logo files that dj-stripe would otherwise want to fetch."""
    account = plain(client.v1.accounts.retrieve_current())
    branding = dig(account, "settings", "branding")
    if branding:
        account["settings"]["branding"] = {**branding, "icon": None, "logo": None}
    return account

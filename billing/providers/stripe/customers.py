"""Customers at Stripe: what they pay with, and the page on which they see to it themselves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import stripe

from billing.providers.facts import CustomerFact, PaymentMethodFact
from billing.providers.stripe.normalize import Raw, plain
from billing.providers.stripe.normalize_money import default_method_of, normalize_customer, normalize_payment_method
from billing.providers.stripe.plain_api import PAGE

if TYPE_CHECKING:
    from stripe._v1_services import V1Services

ENDED = ("canceled", "incomplete_expired")


def read(api: "V1Services", customer_id: str) -> Raw:
    """The customer as it is now."""
    return plain(api.customers.retrieve(customer_id))


def methods_of(api: "V1Services", customer_id: str) -> Sequence[PaymentMethodFact]:
    """What a customer saved, of whatever kind."""
    default = default_method_of(read(api, customer_id))
    found = api.customers.payment_methods.list(customer_id, {"limit": PAGE})
    return [normalize_payment_method(plain(method), default=default) for method in found.auto_paging_iter()]


def attach(api: "V1Services", method_id: str, customer_id: str, *, key: str) -> PaymentMethodFact:
    """Stripe takes a second attaching to the same customer for the first."""
    made = api.payment_methods.attach(method_id, {"customer": customer_id}, {"idempotency_key": key})
    return normalize_payment_method(plain(made), default=default_method_of(read(api, customer_id)))


def detach(api: "V1Services", method_id: str, *, key: str) -> PaymentMethodFact:
    """Forget it, unless it was forgotten."""
    method = plain(api.payment_methods.retrieve(method_id))
    if method.get("customer"):
        method = plain(api.payment_methods.detach(method_id, {}, {"idempotency_key": key}))
    return normalize_payment_method(method)


def set_default(api: "V1Services", customer_id: str, method_id: str, *, key: str) -> CustomerFact:
    """The customer's default, and that of each running subscription: Stripe asks the subscription's first."""
    customer = read(api, customer_id)
    if default_method_of(customer) != method_id:
        changed = api.customers.update(
            customer_id, {"invoice_settings": {"default_payment_method": method_id}}, {"idempotency_key": key}
        )
        customer = plain(changed)
    running = api.subscriptions.list({"customer": customer_id, "limit": PAGE}).auto_paging_iter()
    for subscription in running:
        if subscription.default_payment_method not in (None, method_id) and subscription.status not in ENDED:
            api.subscriptions.update(
                subscription.id,
                {"default_payment_method": method_id},
                {"idempotency_key": f"{key}:{subscription.id}"},
            )
    return normalize_customer(customer)


def open_portal(api: "V1Services", customer_id: str, return_url: str) -> str:
    """A new page each time: it lives for minutes, so there is nothing to repeat."""
    return api.billing_portal.sessions.create({"customer": customer_id, "return_url": return_url}).url


def is_missing(error: stripe.InvalidRequestError) -> bool:
    """Whether Stripe does not know what was asked for."""
    return error.code == "resource_missing"

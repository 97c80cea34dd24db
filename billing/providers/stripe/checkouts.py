"""Hosted checkouts at Stripe: for a subscription, a single payment, or only to save how somebody pays."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from billing.providers.facts import CheckoutFact
from billing.providers.specs import CheckoutSpec, SetupSpec
from billing.providers.stripe.normalize import normalize_checkout, plain

if TYPE_CHECKING:
    from stripe._v1_services import V1Services
    from stripe.params.checkout import SessionCreateParams

# A debit of a bank account is another thing in each currency.
BANK_DEBIT = {"usd": "us_bank_account", "eur": "sepa_debit", "gbp": "bacs_debit", "aud": "au_becs_debit"}


def open_purchase(api: "V1Services", spec: CheckoutSpec, *, key: str) -> CheckoutFact:
    """Our reference goes on the session and on what comes of it, so that either names the purchase."""
    metadata = {**spec.metadata, "checkout": spec.reference}
    sold = [{"price": spec.price_id, "quantity": spec.quantity}]
    params: dict[str, Any] = {
        "mode": spec.mode,
        "line_items": [*sold, *({"price": item.price_id, "quantity": item.quantity} for item in spec.items)],
        "success_url": spec.success_url,
        "cancel_url": spec.cancel_url,
        "client_reference_id": spec.reference,
        "metadata": metadata,
        **_buyer(spec),
        **_reductions(spec),
        **(_subscribing if spec.mode == "subscription" else _paying)(spec, metadata),
        **_offered(api, spec.methods, price_id=spec.price_id),
        **({"expires_at": int(spec.expires_at.timestamp())} if spec.expires_at else {}),
    }
    return _opened(api, params, key=key)


def open_setup(api: "V1Services", spec: SetupSpec, *, key: str) -> CheckoutFact:
    """What is saved becomes the customer's; making it the default is the caller's."""
    metadata = {**spec.metadata, "checkout": spec.reference}
    params: dict[str, Any] = {
        "mode": "setup",
        "currency": spec.currency,
        "customer": spec.customer_id,
        "success_url": spec.success_url,
        "cancel_url": spec.cancel_url,
        "client_reference_id": spec.reference,
        "metadata": metadata,
        "setup_intent_data": {"metadata": metadata},
        **_types(spec.methods, spec.currency),
    }
    return _opened(api, params, key=key)


def _opened(api: "V1Services", params: Mapping[str, Any], *, key: str) -> CheckoutFact:
    session = api.checkout.sessions.create(cast("SessionCreateParams", params), {"idempotency_key": key})
    return normalize_checkout(plain(session))


def _buyer(spec: CheckoutSpec) -> Mapping[str, str]:
    """A known customer, or the address to begin with; Stripe refuses both together."""
    if spec.customer_id:
        return {"customer": spec.customer_id}
    return {"customer_email": spec.email} if spec.email else {}


def _reductions(spec: CheckoutSpec) -> Mapping[str, Any]:
    """A coupon, or the field for a code; Stripe refuses both together."""
    if spec.coupon_id:
        return {"discounts": [{"coupon": spec.coupon_id}]}
    return {"allow_promotion_codes": True} if spec.allow_promotion_codes else {}


def _subscribing(spec: CheckoutSpec, metadata: Mapping[str, str]) -> Mapping[str, Any]:
    return {"subscription_data": {"metadata": metadata, **(_trial(spec) if spec.trial_days else {})}}


def _trial(spec: CheckoutSpec) -> Mapping[str, Any]:
    ending = {"end_behavior": {"missing_payment_method": spec.after_trial}}
    return {"trial_period_days": spec.trial_days, "trial_settings": ending}


def _paying(spec: CheckoutSpec, metadata: Mapping[str, str]) -> Mapping[str, Any]:
    """A guest becomes a customer, so that a refund or a second purchase finds them."""
    creation = {} if spec.customer_id else {"customer_creation": "always"}
    invoice = {"invoice_creation": {"enabled": True, "invoice_data": {"metadata": metadata}}} if spec.invoiced else {}
    return {"payment_intent_data": {"metadata": metadata}, **creation, **invoice}


def _offered(api: "V1Services", methods: Sequence[str], *, price_id: str) -> Mapping[str, Any]:
    """Cards are what Stripe offers by itself; anything else depends on the currency."""
    if tuple(methods) == ("card",):
        return {}
    return _types(methods, api.prices.retrieve(price_id).currency)


def _types(methods: Sequence[str], currency: str) -> Mapping[str, Any]:
    names = [BANK_DEBIT.get(currency, "") if method == "bank_debit" else method for method in methods]
    return {"payment_method_types": [name for name in names if name]}

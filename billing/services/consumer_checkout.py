"""Buying through a consumer: its back end asks for the page on which its tenant pays."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction

from billing.models import CheckoutSession, Plan, Price
from billing.providers import provider
from billing.services import carts, checkout, consumers
from platform_core.errors import Conflict, InvalidInput, NotFound


@dataclass(frozen=True)
class Wish:
    """What a consumer asks for."""

    provider_key: str
    pricing_item_code: str
    consumer_key: str
    consumer_tenant_id: str
    success_url: str
    cancel_url: str
    tenant_name: str = ""
    legal_name: str = ""
    billing_email: str = ""
    quantity: int = 1
    # By the code of the add-on.
    add_ons: Mapping[str, int] = field(default_factory=dict)
    coupon: str = ""


def start(wish: Wish) -> CheckoutSession:
    """The hosted page for a consumer's tenant, who becomes an organization of ours when named for the first time."""
    check_provider(wish.provider_key)
    consumer = consumers.named(wish.consumer_key)
    consumers.require_active(consumer)
    price = item_named(wish.pricing_item_code)
    with transaction.atomic():
        # Whoever asks for what cannot be sold leaves no tenant behind.
        tenant = consumers.tenant_for(consumer, wish.consumer_tenant_id, _told(wish))
        cart = carts.fill(price, tenant.organization, carts.Wishes(wish.quantity, wish.add_ons, wish.coupon))
    wishes = {
        "organization": tenant.organization,
        "consumer_tenant": tenant,
        "created_by": None,
        "email": "",
        "success_url": wish.success_url,
        "cancel_url": wish.cancel_url,
    }
    return checkout.open_checkout(cart, wishes)


def _told(wish: Wish) -> dict[str, str]:
    return {"name": wish.tenant_name, "legal_name": wish.legal_name, "billing_email": wish.billing_email}


def check_provider(key: str) -> None:
    """There is one provider at a time; whoever names another is told."""
    if key != provider().name:
        message = f"Unknown provider. {provider().name!r} is the one that takes payments here."
        raise InvalidInput(message, details={"provider_key": [message]})


def item_named(code: str) -> Price:
    """What a consumer sells under this code now."""
    sold = Price.objects.filter(lookup_key=code, is_active=True).exclude(kind=Price.Kind.OVERAGE)
    price = sold.select_related("plan__product", "plan__current").first()
    if price is None or price.plan.status != Plan.Status.ACTIVE:
        message = f"There is no pricing item {code!r} on sale."
        raise InvalidInput(message, details={"pricing_item_code": [message]})
    if price.plan.is_add_on:
        raise Conflict(f"{price.plan} is sold beside a plan of {price.plan.product}: name it under addOns.")
    if price.plan.fulfilment != Plan.Fulfilment.NONE:
        raise Conflict(f"{price.plan} brings a server: a person buys it, who answers for it.")
    if not price.provider_price_id:
        raise Conflict(f"{code} cannot be bought yet: it has not been published at the payment provider.")
    return price


def session_named(provider_session_id: str) -> CheckoutSession:
    """A consumer's checkout by the provider's id; a person's own is none of theirs."""
    ours = CheckoutSession.objects.filter(consumer_tenant__isnull=False, provider_session_id=provider_session_id)
    related = ("consumer_tenant__consumer", "price", "purchase")
    found = ours.select_related(*related).first() if provider_session_id else None
    if found is None:
        raise NotFound("There is no such checkout session.")
    return found

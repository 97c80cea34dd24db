"""Orders, and servers as far along as a test wants them."""

from typing import Any

from billing.models import Subscription
from orgs.models import Organization
from platform_core import clock, tokens
from tenants.models import ConfigRevision, Order, Server, ServerBeat
from tests.make import billing, orgs
from tests.make.numbers import unique


def order(organization: Organization | None = None, subscription: Subscription | None = None, **fields: Any) -> Order:
    """A paid order with nothing done yet."""
    paid = subscription or billing.subscription(organization)
    values = {"domain": f"{unique('tenant')}.tenants.localhost"} | fields
    customer = values.pop("customer", None) or orgs.person(paid.organization)
    return Order.objects.create(organization=paid.organization, subscription=paid, customer=customer, **values)


def server(order: Order | None = None, *, key: str = "", **fields: Any) -> Server:
    """The server of an order; with a key, it has registered."""
    values: dict[str, Any] = {"provider": "process", "ip_address": "127.0.0.1"}
    if key:
        values |= {"key_digest": tokens.digest(key), "key_prefix": key[:12], "registered_at": clock.now()}
    made = Server.objects.create(order=order or _order(), **values | fields)
    ServerBeat.objects.create(server=made)
    return made


def config_revision(order: Order | None = None, **fields: Any) -> ConfigRevision:
    """The first version of an empty configuration."""
    values: dict[str, Any] = {"version": 1, "body": {}, "sha256": "0" * 64}
    return ConfigRevision.objects.create(order=order or _order(), **values | fields)


_order = order

"""Payment providers, and which one this instance uses."""

from functools import lru_cache
from importlib import import_module
from typing import cast

from billing.providers.protocol import PaymentProvider


@lru_cache(maxsize=1)
def provider() -> PaymentProvider:
    """The configured provider. The sandbox is Stripe too: the same code, with another HTTP client underneath."""
    module = import_module("billing.providers.stripe.provider")
    return cast("PaymentProvider", module.StripeProvider())

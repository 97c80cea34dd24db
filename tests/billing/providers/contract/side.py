"""Who is at the other end of the provider: the sandbox always, Stripe's test mode when it is given a key."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import uuid4

from billing.providers.protocol import ChangeSpec, InvoiceItemSpec, PaymentProvider, PriceSpec, SubscriptionFact
from billing.providers.sandbox import clock
from billing.providers.stripe.provider import StripeProvider
from platform_core.clock import wall

KEY = "STRIPE_TEST_SECRET_KEY"
TEST_MODE = ("sk_test_", "rk_test_")
HOST = "api.stripe.com"
# What a test clock needs for a month is told nowhere; it was never more than half a minute.
PATIENCE_SECONDS = 120.0

# The same in every run: a second run finds them, as a second start of an instance does.
PRO = PriceSpec("contract-pro-month", "contract-pro", "Contract Pro", "usd", 12_900, "month")


class NotATestKey(ValueError):
    """These tests make customers and charge cards: they take no key but one of Stripe's test mode."""


def key_given() -> str:
    """The key of Stripe's test mode from the environment; "" where none is given."""
    key = os.environ.get(KEY, "").strip()
    if key and not key.startswith(TEST_MODE):
        raise NotATestKey(f"{KEY} must begin with {' or '.join(TEST_MODE)}.")
    return key


class Side:
    """The sandbox. Tests arrange with `api`, the library's own client, and ask `provider`."""

    yearly = replace(PRO, lookup_key="contract-pro-year", amount_minor=129_000, interval="year")

    def __init__(self) -> None:
        stripe_provider = StripeProvider()
        self.provider: PaymentProvider = stripe_provider
        self.api = stripe_provider.client.v1
        # Stripe remembers keys for a day, and customers for ever.
        self.run = uuid4().hex[:12]

    def key(self, name: str) -> str:
        """An idempotency key of this test alone."""
        return f"contract:{self.run}:{name}"

    def price(self) -> str:
        """What is sold."""
        return self.provider.ensure_prices([PRO])[PRO.lookup_key]

    def change(self, fact: SubscriptionFact, price_id: str) -> ChangeSpec:
        """A subscription for another price."""
        return ChangeSpec(fact.id, price_id)

    def customer(self, card: str = "visa") -> str:
        """A customer with a ready-made card."""
        params: Any = {"name": "Contract", "email": f"{self.run}@contract.test", **self._in_time()}
        customer_id = self.api.customers.create(params).id
        self.replace_card(customer_id, card)
        return customer_id

    def replace_card(self, customer_id: str, card: str) -> None:
        """From now on another ready-made card is charged."""
        method = self.api.payment_methods.attach(f"pm_card_{card}", {"customer": customer_id})
        self.api.customers.update(customer_id, {"invoice_settings": {"default_payment_method": method.id}})

    def subscribed(self, customer_id: str) -> SubscriptionFact:
        """A subscription made without a checkout, as the provider reads it."""
        made = self.api.subscriptions.create(
            {"customer": customer_id, "items": [{"price": self.price()}], "metadata": {"reference": self.run}}
        )
        found = self.provider.snapshot("customer.subscription.created", made.id)
        assert found is not None
        assert found.subscription is not None
        return found.subscription

    def item(self, customer_id: str, *, invoice_id: str = "", amount: int = 250) -> InvoiceItemSpec:
        """A line for a customer's invoice."""
        return InvoiceItemSpec(
            customer_id=customer_id,
            subscription_id="",
            invoice_id=invoice_id,
            amount_minor=amount,
            currency="usd",
            description="1000 tokens",
            period_start=datetime(2026, 1, 1, tzinfo=UTC),
            period_end=datetime(2026, 2, 1, tzinfo=UTC),
            metadata={"invoice_item": "i1"},
        )

    def advance(self, to: datetime) -> None:
        """Everything that falls due until then happens."""
        clock.advance(to)

    def eventually(self, holds: Callable[[], bool]) -> None:
        """What the other side does in its own time is done."""
        assert holds()

    def close(self) -> None:
        """Leave nothing behind."""

    def _in_time(self) -> dict[str, str]:
        """What makes a customer live by the clock that `advance` moves."""
        return {}


class StripeTestMode(Side):
    """Stripe itself, where each test has a clock of its own that takes its customers with it when it goes."""

    @cached_property
    def clock_id(self) -> str:
        """Made for the first customer."""
        now = int(wall().timestamp())
        return self.api.test_helpers.test_clocks.create({"frozen_time": now, "name": f"contract {self.run}"}).id

    def advance(self, to: datetime) -> None:
        clocks = self.api.test_helpers.test_clocks
        clocks.advance(self.clock_id, {"frozen_time": int(to.timestamp())})
        self.eventually(lambda: clocks.retrieve(self.clock_id).status == "ready")

    def eventually(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < end, "Stripe did not get there."
            time.sleep(1)

    def close(self) -> None:
        if "clock_id" in self.__dict__:
            self.api.test_helpers.test_clocks.delete(self.clock_id)

    def _in_time(self) -> dict[str, str]:
        return {"test_clock": self.clock_id}

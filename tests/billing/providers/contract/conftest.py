"""One contract, two sides. Stripe's is opt-in: `STRIPE_TEST_SECRET_KEY=sk_test_… pytest -m stripe_live`."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests import network
from tests.billing.providers.contract.side import HOST, Side, StripeTestMode, key_given

TEST_KEY = key_given()
STRIPE = [pytest.param("stripe", marks=pytest.mark.stripe_live)] if TEST_KEY else []


@pytest.fixture(params=["sandbox", *STRIPE])
def side(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Side]:
    """Whoever is at the other end; only with a key, and only for Stripe, does a test leave this machine."""
    if request.param == "sandbox":
        yield Side()
        return
    settings.SANDBOX = False
    settings.STRIPE_SECRET_KEY = TEST_KEY
    with network.reaching(HOST):
        stripe_side = StripeTestMode()
        try:
            yield stripe_side
        finally:
            stripe_side.close()


@pytest.fixture
def sandbox() -> Side:
    """The sandbox alone: only there can an answer be lost on purpose."""
    return Side()

"""Which providers there are, and what they say of themselves."""

import re

from billing import providers
from billing.providers.protocol import PaymentProvider
from billing.providers.stripe.provider import StripeProvider


def test_a_provider_is_a_folder_that_says_what_it_can_do() -> None:
    # The sandbox is a folder too, but no provider: it stands where Stripe stands.
    assert providers.names() == ("stripe",)
    assert isinstance(providers.provider("stripe"), StripeProvider)
    assert providers.provider() is providers.provider()


def test_capabilities_are_data() -> None:
    (stripe,) = providers.capabilities()

    assert (stripe.name, stripe.display_name, stripe.methods) == ("stripe", "Stripe", ("card", "bank_debit"))
    assert stripe == StripeProvider.capabilities
    assert {"usd", "eur", "gbp"} < set(stripe.currencies)
    assert all(re.fullmatch(r"[a-z]{3}", currency) for currency in stripe.currencies)
    assert stripe.features["refunds"] is True
    assert stripe.features["meteredBilling"] is False


def test_every_method_of_the_boundary_is_there() -> None:
    wanted = {name for name in vars(PaymentProvider) if not name.startswith("_")}

    assert len(wanted) > 35
    assert [name for name in sorted(wanted) if not hasattr(StripeProvider, name)] == []

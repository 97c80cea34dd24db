"""What only the sandbox can be made to do: lose answers, be overtaken, refuse. The rest is in `contract/`."""

from dataclasses import replace

import pytest
from pytest_django import Settings

from billing.providers import provider
from billing.providers.protocol import CheckoutSpec, PriceSpec, ProviderError
from billing.providers.sandbox import faults
from billing.providers.sandbox.checkout import pay
from billing.providers.sandbox.faults import Fault
from billing.providers.sandbox.models import Record
from billing.providers.sandbox.shapes import account as shapes
from billing.providers.stripe import catalog, plain_api, reading
from billing.providers.stripe.client import build_client
from billing.providers.stripe.provider import StripeProvider
from orgs.models import Organization
from tests import make
from tests.billing import shop

PRO = PriceSpec("pro-month", "pro", "Pro", "usd", 12_900, "month")


def made(kind: str) -> int:
    return Record.objects.filter(kind=kind).count()


@pytest.fixture
def customer_id() -> str:
    return provider().ensure_customer(organization_id="o1", name="Bakery", email="b@bakery.test", key="customer:o1")


# --- Customers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.SERVER_ERROR])
def test_one_failure_is_not_even_noticed(fault: Fault) -> None:
    with faults.injected(fault, times=1):
        first = provider().ensure_customer(organization_id="o1", name="Bakery", email="b@bakery.test", key="k1")

    assert Record.objects.get(kind="customer").object_id == first


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER])
def test_whoever_repeats_after_a_time_out_gets_what_was_made(fault: Fault) -> None:
    with faults.injected(fault, times=3), pytest.raises(ProviderError, match="did not answer"):
        provider().ensure_customer(organization_id="o1", name="Bakery", email="b@bakery.test", key="k1")

    found = provider().ensure_customer(organization_id="o1", name="Bakery", email="b@bakery.test", key="k1")

    assert Record.objects.get(kind="customer").object_id == found


# --- Prices ---------------------------------------------------------------------------------------------------------


def test_somebody_else_made_the_product_at_the_same_time() -> None:
    """It was not there when we looked, and was when we wrote."""
    client = build_client()
    client.v1.products.create({"id": "pro", "name": "Theirs"})

    catalog._create_product(client, PRO)

    assert Record.objects.get(kind="product").data["name"] == "Theirs"


@pytest.mark.parametrize("code", ["a" * 256, ""], ids=["too long", "empty"])
def test_a_product_that_stripe_refuses_is_an_error(code: str) -> None:
    with pytest.raises(ProviderError, match="refused the request"):
        provider().ensure_prices([replace(PRO, product_code=code)])


def test_a_lost_answer_while_publishing_makes_nothing_twice() -> None:
    with faults.injected(Fault.TIMEOUT_AFTER, method="POST", times=3), pytest.raises(ProviderError):
        provider().ensure_prices([PRO])

    provider().ensure_prices([PRO])

    assert (made("price"), made("product")) == (1, 1)


# --- Checkout -------------------------------------------------------------------------------------------------------
def spec(*, customer_id: str) -> CheckoutSpec:
    return CheckoutSpec(
        reference="c1",
        price_id=provider().ensure_prices([PRO])["pro-month"],
        customer_id=customer_id,
        email="",
        success_url="https://shop.test/done?session={CHECKOUT_SESSION_ID}",
        cancel_url="https://shop.test/back",
        metadata={"source": "portal"},
    )


def test_what_is_bought_names_us(customer_id: str) -> None:
    fact = provider().open_checkout(spec(customer_id=customer_id), key="k1")

    pay(fact.id)

    subscription = Record.objects.get(kind="subscription").data
    assert subscription["metadata"] == {"source": "portal", "checkout": "c1"}
    assert made("checkout.session") == 1


# --- Snapshots ------------------------------------------------------------------------------------------------------
def test_whatever_the_event_names_the_whole_purchase_is_read(organization: Organization) -> None:
    shop.opened()
    row = shop.bought(organization)
    subscription = Record.objects.get(kind="subscription").object_id
    invoice = Record.objects.get(kind="invoice").object_id

    found = [
        provider().snapshot("checkout.session.completed", row.provider_session_id),
        provider().snapshot("customer.subscription.created", subscription),
        provider().snapshot("invoice.paid", invoice),
    ]

    first, *others = [snapshot for snapshot in found if snapshot]
    assert first.checkout is not None
    assert first.subscription is not None
    assert (first.checkout.reference, first.checkout.status) == (str(row.pk), "complete")
    assert (first.subscription.id, first.subscription.status) == (subscription, "active")
    assert [(fact.id, fact.status, fact.paid_minor) for fact in first.invoices] == [(invoice, "paid", 12_900)]
    assert [replace(other, observed_at=first.observed_at) for other in others] == [first, first]


@pytest.mark.parametrize("kind", ["payout.paid", "price.created", "customer.source.created"])
def test_other_events_concern_nothing_of_ours(kind: str) -> None:
    with faults.injected(Fault.SERVER_ERROR, times=99) as calls:
        assert provider().snapshot(kind, "x_1") is None
    assert calls.struck == 0


def test_an_upcoming_invoice_has_no_id_to_look_for() -> None:
    assert provider().snapshot("invoice.upcoming", "") is None


def test_a_refusal_for_another_reason_is_not_taken_for_gone() -> None:
    with faults.injected(Fault.SERVER_ERROR, times=3), pytest.raises(ProviderError):
        provider().snapshot("invoice.paid", "in_1")


def test_nor_is_a_refusal_of_the_request_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_api, "PAGE", 1000)
    shop.opened()
    shop.bought(make.organization())

    with pytest.raises(ProviderError, match="less than or equal to 100"):
        provider().snapshot("customer.subscription.updated", Record.objects.get(kind="subscription").object_id)


def test_the_logo_of_the_account_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """dj-stripe would fetch it while it writes."""
    plain_account = shapes.account()
    branded = {**plain_account, "settings": {"branding": {"icon": "file_1", "logo": "file_2", "primary_color": "#fff"}}}
    monkeypatch.setattr(shapes, "account", lambda: branded)
    account = reading.account_of(build_client())
    assert account["settings"]["branding"] == {"icon": None, "logo": None, "primary_color": "#fff"}

    monkeypatch.setattr(shapes, "account", lambda: {**plain_account, "settings": {}})
    assert reading.account_of(build_client())["settings"] == {}


def test_a_restricted_key_does_without_the_account(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = "rk_test_" + "0" * 24

    assert StripeProvider().account is None

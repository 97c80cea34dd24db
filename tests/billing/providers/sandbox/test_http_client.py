"""The door for stripe-python: no live key passes it, and it can be made to jam."""

import pytest
import stripe
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from billing.providers.sandbox import faults
from billing.providers.sandbox.faults import Fault
from billing.providers.sandbox.http_client import SandboxHTTPClient
from billing.providers.sandbox.models import Record
from tests.billing.providers.sandbox import shop

LIVE_KEY = "sk_" + "live_" + "0" * 24


def test_it_refuses_to_be_made_beside_a_live_key(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = LIVE_KEY

    with pytest.raises(ImproperlyConfigured):
        SandboxHTTPClient()


def test_it_refuses_to_be_made_beside_a_live_key_of_the_librarys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe, "api_key", LIVE_KEY.replace("sk_", "rk_"))

    with pytest.raises(ImproperlyConfigured):
        SandboxHTTPClient()


def test_it_refuses_a_request_with_a_live_key() -> None:
    client = stripe.StripeClient(LIVE_KEY, http_client=SandboxHTTPClient())

    with pytest.raises(ImproperlyConfigured):
        client.v1.customers.create({})

    assert not Record.objects.exists()


def test_a_lost_request_is_sent_again() -> None:
    with faults.injected(Fault.TIMEOUT_BEFORE, method="POST", path="/v1/customers") as plan:
        shop.client(max_network_retries=1).v1.customers.create({"name": "Ann"})

    assert plan.struck == 1
    assert Record.objects.filter(kind="customer").count() == 1


def test_a_lost_answer_is_asked_for_again_and_acts_once() -> None:
    with faults.injected(Fault.TIMEOUT_AFTER, path="/v1/customers"):
        made = shop.client(max_network_retries=1).v1.customers.create({"name": "Ann"})

    assert [customer.id for customer in shop.client().v1.customers.list().data] == [made.id]


def test_without_retries_a_lost_answer_is_an_error_although_stripe_acted() -> None:
    with (
        faults.injected(Fault.TIMEOUT_AFTER, path="/v1/customers"),
        pytest.raises(stripe.APIConnectionError, match="timed out"),
    ):
        shop.client(max_network_retries=0).v1.customers.create({"name": "Ann"})

    assert Record.objects.filter(kind="customer").count() == 1


@pytest.mark.parametrize(
    ("fault", "error"), [(Fault.RATE_LIMITED, stripe.RateLimitError), (Fault.SERVER_ERROR, stripe.APIError)]
)
def test_stripe_may_refuse_or_fail(fault: Fault, error: type[stripe.StripeError]) -> None:
    with faults.injected(fault, times=5), pytest.raises(error):
        shop.client(max_network_retries=0).v1.customers.create({"name": "Ann"})

    assert not Record.objects.exists()


def test_a_fault_strikes_only_what_it_was_planned_for_and_ends_with_its_block() -> None:
    with faults.injected(Fault.SERVER_ERROR, method="POST", path="/v1/prices"):
        shop.client().v1.customers.create({})
        shop.client().v1.prices.list()

    shop.price()


def test_there_is_nothing_to_close() -> None:
    SandboxHTTPClient().close()

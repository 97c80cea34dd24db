"""The desk: time moves, and everything that happened can be seen."""

from datetime import timedelta

import pytest
import stripe
from django.test import Client
from pytest_django import Settings

from billing.providers.sandbox import clock, webhooks
from billing.providers.sandbox.models import Clock, Delivery, PlannedFault
from tests.billing.providers.sandbox import receiver, shop

DESK, CLOCK = "/sandbox/", "/sandbox/clock"


def test_an_empty_sandbox() -> None:
    page = Client().get(DESK).content.decode()

    for text in ("No real money", "Nothing is due", "Nobody yet", "Nothing has happened", "same as this machine"):
        assert text in page
    assert "<script" not in page
    assert "style=" not in page


def test_what_there_is() -> None:
    subscription = shop.subscription()
    shop.checkout_session()
    webhooks.deliver_pending(receiver.accepting, arrange=lambda batch: batch[:1])
    webhooks.deliver_pending(receiver.failing)
    gone = Delivery.objects.filter(delivered_at=None).latest("id")
    Delivery.objects.filter(pk=gone.pk).update(next_attempt_at=None, last_answer="500")

    page = Client().get(DESK).content.decode()

    assert f'href="/sandbox/customers/{subscription.customer}"' in page
    assert f"Ann renews <code>{subscription.id}</code>" in page
    assert "expires <code>" in page
    assert "customer.subscription.updated" in page
    for state in ("active", "waiting", "given up"):
        assert f">{state}<" in page


@pytest.mark.parametrize(("step", "least", "most"), [("hour", 1, 1), ("day", 24, 24), ("month", 0, 31 * 24)])
def test_the_clock_moves_by_a_step(step: str, least: int, most: int) -> None:
    before = clock.now()

    response = Client().post(CLOCK, {"step": step})

    moved = (clock.now() - before).total_seconds() / 3600
    assert (response.status_code, response["Location"]) == (302, DESK)
    assert least <= moved < most + 0.1


def test_to_the_months_end_is_the_first_instant_of_the_next() -> None:
    shop.go_to(1, 31)

    Client().post(CLOCK, {"step": "month"})

    assert (clock.now().month, clock.now().day, clock.now().hour) == (2, 1, 0)


def test_to_the_next_renewal_and_no_further() -> None:
    subscription = shop.subscription()
    client = Client()

    client.post(CLOCK, {"step": "renewal"})

    assert [invoice.status for invoice in shop.invoices(subscription.id)] == ["paid", "draft"]
    assert "It is now" in client.get(DESK).content.decode()
    client.post(CLOCK, {"step": "hour"})
    assert [invoice.status for invoice in shop.invoices(subscription.id)] == ["paid", "paid"]


def test_a_renewal_that_fell_due_already_is_next() -> None:
    subscription = shop.subscription()
    Clock.objects.update(ahead=timedelta(days=31))

    assert Client().post(CLOCK, {"step": "renewal"}).status_code == 302
    assert shop.invoices(subscription.id)[-1].status in ("draft", "paid")


def test_to_a_moment() -> None:
    target = clock.now() + timedelta(days=3)

    Client().post(CLOCK, {"to": f"{target:%Y-%m-%dT%H:%M}"})

    assert abs(clock.now() - target) < timedelta(minutes=1, seconds=5)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"to": "2020-01-01T00:00"}, "only moves forward"),
        ({"step": "renewal"}, "Choose a step"),
        ({}, "Choose a step"),
        ({"step": "back"}, "Choose a step"),
        ({"to": "soon"}, "Choose a step"),
        ({"to": "9999-12-31T23:59"}, "At most 1830 days"),
    ],
)
def test_it_does_not_move_back_or_nowhere(data: dict[str, str], message: str) -> None:
    response = Client().post(CLOCK, data)

    assert response.status_code == 400
    assert message in response.content.decode()
    assert clock.offset() == timedelta(0)


def test_only_its_own_form_moves_it(settings: Settings) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(CLOCK, {"step": "day"}).status_code == 403
    assert client.get(DESK).content.decode().count("csrfmiddlewaretoken") == 3
    assert Client().get(CLOCK).status_code == 405
    settings.SANDBOX = False
    assert Client().post(CLOCK, {"step": "day"}).status_code == 404
    assert Client().get(DESK).status_code == 404
    assert clock.offset() == timedelta(0)


def test_a_fault_that_was_ordered_strikes_every_process_so_often() -> None:
    api = shop.client(max_network_retries=0).v1

    response = Client().post("/sandbox/faults", {"fault": "RATE_LIMITED", "method": "POST", "path": "/v1/", "times": 2})
    page = Client().get(DESK).content.decode()

    assert response.status_code == 302
    assert "RATE_LIMITED" in page
    assert "2 to come" in page
    assert api.customers.list({}).data == []
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            api.customers.create({"email": "ann@acme.test"})
    assert api.customers.create({"email": "ann@acme.test"}).email == "ann@acme.test"


def test_a_fault_may_be_taken_back() -> None:
    Client().post("/sandbox/faults", {"fault": "SERVER_ERROR", "method": "", "path": "/v1/", "times": 5})

    Client().post("/sandbox/faults", {"forget": "all"})

    assert not PlannedFault.objects.exists()
    assert shop.customer("").email == "ann@acme.test"


@pytest.mark.parametrize(
    "wrong", [{"fault": "EARTHQUAKE"}, {"times": "0"}, {"times": "many"}, {"path": ""}, {"method": "PATCH"}]
)
def test_a_fault_that_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    given = {"fault": "SERVER_ERROR", "method": "POST", "path": "/v1/", "times": "1", **wrong}

    assert Client().post("/sandbox/faults", given).status_code == 400
    assert not PlannedFault.objects.exists()

"""Two at once: the account has one writer at a time, whichever process it is in."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from billing.providers.sandbox.behaviour import due
from billing.providers.sandbox.engine import Engine
from billing.providers.sandbox.models import Record
from billing.providers.sandbox.router import ALIAS
from tests.billing.providers.sandbox import shop

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
THREADS = 6


@pytest.fixture(autouse=True)
def _two_connections() -> None:
    """In memory, SQLite has but one."""
    if connections[ALIAS].vendor != "postgresql":
        pytest.skip("needs SANDBOX_DATABASE_URL on PostgreSQL")


def at_once(act: Callable[[], Any]) -> list[Any]:
    """What each of several threads got that acted at the same moment."""
    barrier, results = threading.Barrier(THREADS), []

    def run() -> None:
        try:
            barrier.wait()
            results.append(act())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_one_key_makes_one_customer() -> None:
    answers = at_once(lambda: Engine().request("POST", "/v1/customers", {}, {"Idempotency-Key": "once"}))

    assert Record.objects.filter(kind="customer").count() == 1
    assert {answer.status for answer in answers} <= {200, 409}
    assert len({answer.body["id"] for answer in answers if answer.status == 200}) == 1


def test_one_checkout_is_paid_once() -> None:
    session = shop.checkout_session()

    results = at_once(lambda: shop.pay(session)["subscription"])

    assert len(results) == THREADS
    assert len(set(results)) == 1
    assert Record.objects.filter(kind="charge").count() == 1


def test_one_renewal_happens_once() -> None:
    subscription = shop.subscription()
    end = shop.period_end(subscription)

    steps = at_once(lambda: due.run_until(end))

    assert sum(steps) == 1
    assert len(shop.invoices(subscription.id)) == 2

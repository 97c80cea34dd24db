"""Whoever writes down the provider's answer holds rows in the order in which the reading of its event holds them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections, transaction
from django.db.models import QuerySet

from billing.models import Dunning, Invoice, Payment, Refund, Subscription, SubscriptionChange
from billing.providers.stripe.provider import StripeProvider
from billing.services import changes, dunning, refunding
from billing.services.proposals import Asked
from platform_core import clock, scoping
from tests import make
from tests.billing.changing import customer, present, proposed

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))]
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


class Reading(threading.Thread):
    """The inbox, which holds the outer row and wants the inner ones as soon as somebody waits for it."""

    def __init__(self, outer: QuerySet[Any], inner: QuerySet[Any]) -> None:
        super().__init__()
        self.outer, self.inner = outer, inner
        self.holds, self.got = threading.Event(), 0

    def run(self) -> None:
        try:
            with scoping.system(), transaction.atomic():
                list(self.outer.all().select_for_update())
                self.holds.set()
                self._wait_for_another()
                self.got = len(self.inner.all().select_for_update(nowait=True))
        except OperationalError:
            self.got = -1
        finally:
            connections.close_all()

    def _wait_for_another(self) -> None:
        for _ in range(1000):
            with connection.cursor() as cursor:
                cursor.execute(WAITING)
                if cursor.fetchone() != (0,):
                    return
            threading.Event().wait(0.01)

    def begin(self) -> None:
        self.start()
        assert self.holds.wait(10)


@contextmanager
def begun_after(name: str, reading: Reading) -> Iterator[None]:
    """It begins when the provider has answered this, before the answer is written down."""
    with pytest.MonkeyPatch.context() as patch:
        asked = getattr(StripeProvider, name)

        def answered(*given: Any, **more: Any) -> Any:
            answer = asked(*given, **more)
            patch.undo()
            reading.begin()
            return answer

        patch.setattr(StripeProvider, name, answered)
        yield
        reading.join(20)


def test_the_answer_to_a_change() -> None:
    customer("hosting-pro")
    planned = changes.change_plan(proposed("hosting-starter"), Asked(None))
    reading = Reading(Subscription.objects.order_by("pk"), SubscriptionChange.objects.order_by("pk"))

    with begun_after("snapshot", reading):
        changes.resume(present(), Asked(None))

    planned.refresh_from_db()
    assert (reading.got, planned.status) == (2, "withdrawn")


def test_the_answer_to_a_refund() -> None:
    customer()
    payment = Payment.objects.get()
    reading = Reading(Invoice.objects.filter(payments=payment), Refund.objects.all())

    with begun_after("refund", reading):
        row = refunding.refund(payment, 100, reason="broken", key="k", by=None)

    assert (reading.got, row.status) == (1, "succeeded")


def test_the_next_step_of_a_case_of_dunning() -> None:
    customer()
    case = make.dunning(Invoice.objects.get(), suspend_at=clock.now() - timedelta(minutes=1), status="grace")
    reading = Reading(Subscription.objects.order_by("pk"), Dunning.objects.all())
    reading.begin()

    assert dunning.advance_one("test")

    reading.join(20)
    case.refresh_from_db()
    assert (reading.got, case.status) == (1, "suspended")

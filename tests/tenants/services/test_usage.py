"""Usage as servers report it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import transaction

from billing.models import UsageBucket
from billing.services.usage import Bucket
from platform_core import scoping
from platform_core.errors import Conflict
from tenants.models import Order, Server
from tenants.services import usage
from tests import make
from tests.processes import race, shared_database

HOUR = datetime(2026, 1, 15, 14, tzinfo=UTC)


@pytest.fixture
def server() -> Server:
    return make.server(make.order(status=Order.Status.FULFILLED))


def test_a_report_is_stored_for_the_orders_subscription(server: Server) -> None:
    recorded = usage.report(server, [Bucket("sales", "large", HOUR, tokens_input=40)])

    assert recorded.stored == 1
    bucket = UsageBucket.objects.get()
    assert (bucket.subscription_id, bucket.source_id) == (server.order.subscription_id, server.order_id)
    assert bucket.tokens_total == 40


# A suspended server may still tell what was used before.
METERED = (Order.Status.FULFILLED, Order.Status.SUSPENDED)


@pytest.mark.parametrize("status", [status for status in Order.Status if status not in METERED])
def test_only_a_fulfilled_order_is_metered(status: Order.Status) -> None:
    server = make.server(make.order(status=status))

    with pytest.raises(Conflict, match=status):
        usage.report(server, [Bucket("sales", "large", HOUR, tokens_input=40)])

    assert not UsageBucket.objects.exists()


def test_the_last_hours_of_one_that_ended_are_taken() -> None:
    server = make.server(make.order(status=Order.Status.CANCELED, fulfilled_at=HOUR))

    assert usage.report(server, [Bucket("sales", "large", HOUR, tokens_input=40)]).stored == 1


@pytest.mark.django_db(transaction=True)
def test_reports_of_one_hour_that_come_at_once_make_one_bucket(tmp_path: Path) -> None:
    with scoping.system(), transaction.atomic():
        server = make.server(make.order(status=Order.Status.FULFILLED))
    with shared_database(tmp_path):

        def report(number: int) -> int:
            with scoping.system():
                return usage.report(server, [Bucket("sales", "large", HOUR, tokens_input=100 + number)]).stored

        assert race(6, report) == [1] * 6

        bucket = UsageBucket.objects.get()
        assert bucket.tokens_input == bucket.tokens_total
        assert 100 <= bucket.tokens_input < 106

"""Business time moves forward, in every process, and never back."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from billing.providers.sandbox import clock
from billing.providers.sandbox.models import Clock
from billing.providers.sandbox.router import ALIAS
from platform_core import clock as business_clock
from platform_core.errors import Conflict, InvalidInput
from tests.billing.providers.sandbox import shop

ALMOST = timedelta(seconds=5)


def test_at_first_it_is_the_machines_time() -> None:
    assert clock.offset() == timedelta(0)
    assert abs(clock.now() - business_clock.wall()) < ALMOST


def test_the_whole_platform_follows() -> None:
    target = business_clock.wall() + timedelta(days=40)

    reached = clock.advance(target)

    assert abs(reached - target) < ALMOST
    assert abs(business_clock.now() - target) < ALMOST
    assert abs(business_clock.wall() - target) > timedelta(days=39)
    assert str(Clock.objects.get()).startswith("+39 days, 23:59:5") or str(Clock.objects.get()).startswith("+40 days")


def test_steps_add_up() -> None:
    clock.advance(by=timedelta(days=1))
    clock.advance(by=timedelta(hours=2))

    assert abs(clock.offset() - timedelta(days=1, hours=2)) < ALMOST


def test_it_never_moves_back() -> None:
    clock.advance(by=timedelta(days=2))

    with pytest.raises(Conflict):
        clock.advance(clock.now() - timedelta(minutes=1))
    with pytest.raises(Conflict):
        clock.advance(by=-timedelta(seconds=1))
    clock.advance(by=timedelta(0))

    assert clock.offset() > timedelta(days=2) - ALMOST


def test_advancing_to_where_it_is_already_changes_nothing() -> None:
    target = business_clock.wall() + timedelta(days=2)
    clock.advance(target)
    with transaction.atomic(using=ALIAS):
        clock.reach(target - timedelta(minutes=1))

    assert clock.offset() > timedelta(days=2) - ALMOST


@pytest.mark.parametrize(
    ("to", "by"),
    [(None, None), (datetime(2050, 1, 1, tzinfo=UTC), timedelta(1)), (datetime(2050, 1, 1), None)],  # noqa: DTZ001
)
def test_say_where_to_once_and_in_which_zone(to: datetime | None, by: timedelta | None) -> None:
    with pytest.raises(InvalidInput):
        clock.advance(to, by=by)


def test_what_is_made_is_dated_in_business_time() -> None:
    clock.advance(by=timedelta(days=400))

    assert abs(shop.client().v1.customers.create({}).created - clock.now().timestamp()) < ALMOST.seconds

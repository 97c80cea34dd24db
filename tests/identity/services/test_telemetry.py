"""What people do is recorded, summed up by the day, and forgotten."""

from datetime import UTC, datetime, timedelta

import pytest

from identity.models import AnalyticsEvent, UserActivity
from identity.services import telemetry
from platform_core import clock
from tests import make
from tests.clocks import at

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def days() -> list[tuple[object, ...]]:
    return list(UserActivity.objects.order_by("active_on", "events_count").values_list("active_on", "events_count"))


def test_a_name_that_nobody_knows_is_a_fault_of_the_program() -> None:
    with pytest.raises(ValueError, match="clicked"):
        telemetry.record("clicked", make.user())


def test_days_are_summed_up_once_whatever_comes_later() -> None:
    kim, organization = make.user(), make.organization()
    with at(NOON):
        telemetry.record("session.started", kim, organization_id=organization.pk)
        telemetry.record("profile.updated", kim, organization_id=organization.pk, properties={"field": "name"})
        telemetry.record("password.changed", kim)
    with at(NOON + timedelta(hours=12)):
        telemetry.record("session.started", kim, organization_id=organization.pk)

    assert telemetry.sum_up() == {"counted": 4}
    assert telemetry.sum_up() == {"counted": 0}
    assert days() == [(NOON.date(), 1), (NOON.date(), 2), ((NOON + timedelta(days=1)).date(), 1)]
    with at(NOON + timedelta(hours=1)):
        telemetry.record("profile.updated", kim)
    telemetry.sum_up()
    assert days()[:2] == [(NOON.date(), 2), (NOON.date(), 2)]
    alone = UserActivity.objects.get(organization_id=None)
    assert abs(alone.last_at - (NOON + timedelta(hours=1))) < timedelta(seconds=10)


def test_what_is_old_is_forgotten() -> None:
    kim = make.user()
    telemetry.record("session.started", kim)
    with at(clock.now() - timedelta(days=401)):
        telemetry.record("session.started", kim)
    telemetry.sum_up()

    assert telemetry.forget_old() == {"events": 1, "days": 1}
    assert (AnalyticsEvent.objects.count(), UserActivity.objects.count()) == (1, 1)

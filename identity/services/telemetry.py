"""What people do with the product: recorded where it is done, summed up by the day, forgotten after a while."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from identity.models import AnalyticsEvent, UserActivity
from platform_core import clock

if TYPE_CHECKING:
    from identity.models import User

# Everything that is recorded. A name says what and that it happened; properties never hold what a person wrote.
NAMES = frozenset(
    {
        "account.registered",
        "account.exported",
        "organization.switched",
        "password.changed",
        "profile.photo_set",
        "profile.updated",
        "session.started",
    }
)
KEPT = timedelta(days=400)
BATCH = 1000


def record(
    name: str, user: "User", *, organization_id: UUID | None = None, properties: Mapping[str, Any] | None = None
) -> None:
    """Note that a person did something."""
    if name not in NAMES:
        raise ValueError(f"{name} is not among the names of telemetry.")
    AnalyticsEvent.objects.create(
        user=user, organization_id=organization_id, name=name, properties=dict(properties or {})
    )


def sum_up() -> dict[str, int]:
    """Add what was not counted yet to its person's day. Runs by the clock."""
    counted = 0
    while batch := _sum_up_batch():
        counted += batch
    return {"counted": counted}


@transaction.atomic
def _sum_up_batch() -> int:
    waiting = AnalyticsEvent.objects.select_for_update().filter(is_counted=False).order_by("occurred_at")[:BATCH]
    events = list(waiting)
    days: Counter[tuple[UUID, UUID | None, Any]] = Counter()
    last = {}
    for event in events:
        day = (event.user_id, event.organization_id, event.occurred_at.astimezone(UTC).date())
        days[day] += 1
        last[day] = event.occurred_at
    for (user_id, organization_id, active_on), count in days.items():
        moment = last[user_id, organization_id, active_on]
        activity, _ = UserActivity.objects.get_or_create(
            user_id=user_id, organization_id=organization_id, active_on=active_on, defaults={"last_at": moment}
        )
        added = {"events_count": F("events_count") + count, "last_at": Greatest("last_at", moment)}
        UserActivity.objects.filter(pk=activity.pk).update(**added)
    AnalyticsEvent.objects.filter(pk__in=[event.pk for event in events]).update(is_counted=True)
    return len(events)


def forget_old() -> dict[str, int]:
    """Delete what is older than it is kept. Runs by the clock."""
    oldest = clock.now() - KEPT
    events, _ = AnalyticsEvent.objects.filter(occurred_at__lt=oldest).delete()
    days, _ = UserActivity.objects.filter(active_on__lt=oldest.date()).delete()
    return {"events": events, "days": days}

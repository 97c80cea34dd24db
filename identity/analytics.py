"""How many people came, were active and left, month by month. Staff are not counted.

`signed_up` made an account in the month; `active` did something in it; `returned` were active in the month before too,
`churned` were then and are not now, and the rest of the active came back or are new; `erased` left for good. Who was
active is known for as long as telemetry is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connections, router
from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import Lag, TruncMonth

from identity.models import User, UserActivity
from platform_core.months import Months, after


@dataclass(frozen=True)
class MonthOfPeople:
    """One month, in numbers of people."""

    month: date
    signed_up_count: int
    active_count: int
    returned_count: int
    churned_count: int
    erased_count: int
    # Accounts at its end.
    total_count: int


@dataclass(frozen=True)
class People:
    """Some months, and how the accounts stand now."""

    span: Months
    months: Sequence[MonthOfPeople]
    by_status: dict[str, int]


def people(span: Months) -> People:
    """The months, by four statements."""
    joined, left, seen = _by_month("created_at", span), _by_month("erased_at", span), _active(span)
    counts = dict(_persons().values_list("status").annotate(Count("pk")).order_by())
    total = joined.pop(None, 0) - left.pop(None, 0)
    found = []
    for month in span:
        total += joined.get(month, 0) - left.get(month, 0)
        active, returned = seen.get(month, (0, 0))
        before, _ = seen.get(after(month, -1), (0, 0))
        found.append(
            MonthOfPeople(month, joined.get(month, 0), active, returned, before - returned, left.get(month, 0), total)
        )
    return People(span, found, {status: counts.get(status, 0) for status in User.Status.values})


def _persons() -> QuerySet[User]:
    return User.objects.filter(is_staff=False)


def _by_month(column: str, span: Months) -> dict[date | None, int]:
    """How many by the month of a moment; all that was before the first month under None."""
    until = _persons().filter(**{f"{column}__lt": span.ends_at})
    within = until.filter(**{f"{column}__gte": span.starts_at}).annotate(month=TruncMonth(column))
    counts: dict[date | None, int] = {
        month.date(): count for month, count in within.order_by().values_list("month").annotate(Count("pk"))
    }
    counts[None] = until.filter(**{f"{column}__lt": span.starts_at}).count()
    return counts


def _active(span: Months) -> dict[date, tuple[int, int]]:
    """By month from the one before the first, how many were active, and how many of them the month before too."""
    first = after(span.first, -1)
    days = UserActivity.objects.filter(active_on__gte=first, active_on__lt=span.ends, user__is_staff=False)
    pairs = days.annotate(month=TruncMonth("active_on")).order_by().values("user_id", "month").annotate(Count("pk"))
    earlier = Window(Lag("month"), partition_by=F("user_id"), order_by=F("month").asc())
    sql, parameters = pairs.annotate(earlier=earlier).values("month", "earlier").query.sql_with_params()
    found: dict[date, tuple[int, int]] = {}
    for month, before, count in _counted(sql, parameters):
        active, returned = found.get(month, (0, 0))
        found[month] = (active + count, returned + (count if before == after(month, -1) else 0))
    return found


def _counted(sql: str, parameters: Sequence[Any]) -> list[tuple[date, date | None, int]]:
    """How many rows of each kind a statement gives, which the ORM cannot ask of a window."""
    with connections[router.db_for_read(UserActivity)].cursor() as cursor:
        cursor.execute(f"SELECT month, earlier, COUNT(*) FROM ({sql}) AS each GROUP BY month, earlier", parameters)  # noqa: S608
        rows = cursor.fetchall()
    return [(_as_date(month), _as_date(earlier) if earlier else None, count) for month, earlier, count in rows]


def _as_date(value: date | str) -> date:
    """A day: SQLite gives it as text, and PostgreSQL its first moment."""
    return date.fromisoformat(str(value)[:10])

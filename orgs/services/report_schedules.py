"""Reports by the clock: each week or month, of what was before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from orgs import reports
from orgs.models import ACTIVE, Membership, Organization, Report, ReportSchedule
from orgs.models.reports import Format
from orgs.services import reports as making
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput, NotAllowed
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

MOST = 20
Every = ReportSchedule.Every


@dataclass(frozen=True)
class Wanted:
    """What to make, how often, and the memberships of those who are told."""

    kind: str
    every: str
    recipients: Sequence[UUID]
    format: str = Format.PDF


def add(organization: Organization, wanted: Wanted, *, by: "User", permissions: Collection[str]) -> ReportSchedule:
    """Begin to make a report by the clock, for members who are told by mail. The first is of the span in hand."""
    found = reports.find(wanted.kind)
    if found.permission not in permissions:
        raise NotAllowed("Your role does not let you read this report.")
    members = list(Membership.ALL.filter(ACTIVE, organization=organization, pk__in=wanted.recipients))
    if not members or len(members) != len(set(wanted.recipients)):
        message = "Active members of the organization are wanted, one at least."
        raise InvalidInput("Somebody cannot be told.", details={"recipients": [message]})
    with transaction.atomic():
        held = Organization.objects.select_for_update().get(pk=organization.pk)
        if held.report_schedules.count() >= MOST:
            raise Conflict(f"An organization has at most {MOST} reports by the clock.")
        schedule = ReportSchedule.objects.create(
            organization=organization,
            kind=found.code,
            format=wanted.format,
            every=wanted.every,
            next_on=beginning(wanted.every, clock.now().date()),
        )
        schedule.recipients.set(members)
        audit.record("report_schedule.create", schedule, by=by, changes={"kind": wanted.kind, "every": wanted.every})
    return schedule


@transaction.atomic
def remove(schedule: ReportSchedule, *, by: "User") -> None:
    """Make no more of them; those that were made stay."""
    audit.record("report_schedule.delete", schedule, by=by, changes={"kind": schedule.kind})
    schedule.delete()


def make_due() -> dict[str, int]:
    """Begin the reports whose span is over. Runs by the clock; what was slept through is one report, not many."""
    today, made = clock.now().date(), 0
    live = ReportSchedule.objects.filter(organization__status=Organization.Status.ACTIVE, next_on__lt=today)
    for pk in live.values_list("pk", flat=True):
        made += _make(pk, today)
    return {"made": made}


def beginning(every: str, day: date) -> date:
    """The first day of the week or month that a day lies in."""
    return day.replace(day=1) if every == Every.MONTH else day - timedelta(days=day.weekday())


@transaction.atomic
def _make(pk: UUID, today: date) -> bool:
    schedule = ReportSchedule.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    current = beginning(schedule.every, today) if schedule else today
    if schedule is None or schedule.next_on >= current:
        return False
    last = current - timedelta(days=1)
    report = Report.objects.create(
        organization_id=schedule.organization_id,
        kind=schedule.kind,
        format=schedule.format,
        starts_on=beginning(schedule.every, last),
        ends_on=last,
        schedule=schedule,
    )
    schedule.next_on = current
    schedule.save(update_fields=["next_on"])
    making.begin(report)
    audit.record("report.generate", report, by=None, changes={"kind": report.kind, "schedule": str(schedule.pk)})
    return True

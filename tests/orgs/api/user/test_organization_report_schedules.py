"""`/api/v1/organizations/{id}/report-schedules`."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from orgs.models import Membership, ReportSchedule
from orgs.services import report_schedules
from tests import make
from tests.clients import PersonClient
from tests.clocks import at
from tests.orgs.reading import NOON, path, scheduled


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "salaries"}, "kind"),
        ({"every": "year"}, "every"),
        ({"recipients": []}, "recipients"),
        ({"recipients": [str(uuid4())]}, "recipients"),
        ({"recipients": ["me"]}, "recipients"),
        ({"format": "xls"}, "format"),
    ],
)
def test_what_cannot_be_scheduled_is_refused(owner: PersonClient, changes: dict[str, Any], field: str) -> None:
    answer = scheduled(owner, **changes)

    assert answer.status_code == 400
    assert field in str(answer.json())
    assert not ReportSchedule.objects.exists()


def test_strangers_are_told_of_nothing(owner: PersonClient, outsider: PersonClient) -> None:
    theirs = Membership.objects.get(user=outsider.user)
    assert scheduled(owner, recipients=[str(theirs.pk)]).status_code == 400


def test_a_kind_that_ones_role_may_not_read_is_refused(owner: PersonClient) -> None:
    role = make.custom_role(owner.organization, permissions=["organization.update"])
    keeper = make.user()
    make.membership(owner.organization, keeper, custom_role=role)
    client = PersonClient(keeper, owner.organization)
    assert scheduled(client, kind="audit_activity").status_code == 403


def test_members_see_schedules_and_change_none(owner: PersonClient, member: PersonClient) -> None:
    scheduled(owner)
    schedule = ReportSchedule.objects.get()

    assert [each["id"] for each in member.get(path(member, "report-schedules")).json()["items"]] == [str(schedule.pk)]
    assert scheduled(member).status_code == 403
    assert member.delete(path(member, "report-schedules", schedule.pk)).status_code == 403


def test_one_that_is_ended_makes_no_more(owner: PersonClient, outsider: PersonClient) -> None:
    with at(NOON):
        scheduled(owner)
    schedule = ReportSchedule.objects.get()
    assert outsider.delete(path(outsider, "report-schedules", schedule.pk)).status_code == 404

    assert owner.delete(path(owner, "report-schedules", schedule.pk)).status_code == 204

    with at(datetime(2026, 4, 1, tzinfo=UTC)):
        assert report_schedules.make_due() == {"made": 0}


def test_they_have_an_end(owner: PersonClient) -> None:
    for _ in range(20):
        make.report_schedule(owner.organization)
    assert scheduled(owner).status_code == 409

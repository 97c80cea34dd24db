"""Reports by the clock, as time goes by."""

from datetime import UTC, date, datetime, timedelta

from orgs.models import Membership, Report
from orgs.roles import Role
from orgs.services import report_schedules
from platform_core.models import Mail
from tests.clients import PersonClient
from tests.clocks import at
from tests.identity.jobs import work
from tests.orgs.reading import NOON, scheduled


def test_a_month_is_reported_when_it_is_over(owner: PersonClient) -> None:
    with at(NOON):
        answer = scheduled(owner)
        assert answer.status_code == 201
        assert answer.json()["nextOn"] == "2026-03-01"
        assert report_schedules.make_due() == {"made": 0}
    with at(datetime(2026, 4, 1, 0, 30, tzinfo=UTC)):
        assert report_schedules.make_due() == {"made": 1}
        assert report_schedules.make_due() == {"made": 0}
        work()

    report = Report.objects.get()
    assert (report.starts_on, report.ends_on, report.status) == (date(2026, 3, 1), date(2026, 3, 31), "ready")
    assert report.requested_by is None
    mail = Mail.objects.get(template="orgs/report")
    assert (mail.to, mail.subject) == (
        "owner@harbour.test",
        f"Members and roles of Harbour Bakery: {report.ends_on:%-d %B %Y}",
    )


def test_a_week_is_from_monday_to_sunday_and_what_was_slept_through_is_one_report(owner: PersonClient) -> None:
    with at(NOON):  # A Tuesday.
        assert scheduled(owner, kind="audit_activity", every="week").json()["nextOn"] == "2026-03-09"
    with at(NOON + timedelta(days=30)):
        assert report_schedules.make_due() == {"made": 1}

    report = Report.objects.get()
    assert (report.starts_on, report.ends_on) == (date(2026, 3, 30), date(2026, 4, 5))


def test_who_may_not_read_it_any_more_is_told_nothing(owner: PersonClient, member: PersonClient) -> None:
    places = [str(pk) for pk in Membership.objects.values_list("pk", flat=True)]
    with at(NOON):
        scheduled(owner, kind="audit_activity", recipients=places)
    Membership.objects.filter(user=member.user).update(role=Role.BILLING)
    with at(datetime(2026, 4, 1, tzinfo=UTC)):
        report_schedules.make_due()
        work()

    assert list(Mail.objects.filter(template="orgs/report").values_list("to", flat=True)) == ["owner@harbour.test"]

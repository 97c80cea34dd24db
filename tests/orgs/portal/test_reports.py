"""The page of reports."""

from typing import Any

import pytest
from django.test import Client

from orgs.models import Membership, Organization, Report, ReportSchedule
from orgs.roles import Role
from tests import make
from tests.identity.jobs import work
from tests.pages import Browser


@pytest.fixture
def owner(organization: Organization) -> Browser:
    return Browser(make.person(organization, Role.OWNER, email="owner@harbour.test"))


def test_a_report_is_asked_for_watched_and_fetched(owner: Browser) -> None:
    assert "No reports yet." in owner.read("/reports").text

    page = owner.send("/reports", kind="members", format="csv", starts_on="", ends_on="")
    assert (page.status, page.location) == (302, "/reports")
    page = owner.read("/reports")
    assert 'hx-trigger="every 1s"' in page.html
    assert "0%" in page.text

    work()
    page = owner.read("/reports")
    assert "every 1s" not in page.html
    assert "Members and roles" in page.text
    opened = owner.read(f"/reports/{Report.objects.get().pk}")
    assert opened.status == 302
    response: Any = Client().get(opened.location)
    assert b"owner@harbour.test" in b"".join(response.streaming_content)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"kind": "salaries", "format": "pdf"}, "Select a valid choice."),
        ({"kind": "members", "format": "pdf", "starts_on": "soon"}, "Enter a valid date."),
        ({"kind": "members", "format": "pdf", "ends_on": "2999-01-01"}, "Not after today."),
        ({"kind": "members", "format": "pdf", "starts_on": "2026-02-02", "ends_on": "2026-02-01"}, "Not after the"),
    ],
)
def test_what_cannot_be_made_is_said(owner: Browser, form: dict[str, str], told: str) -> None:
    page = owner.send("/reports", **form)

    assert page.status == 400
    assert told in page.text
    assert not Report.objects.exists()


def test_one_that_is_not_ready_leads_back(owner: Browser, organization: Organization) -> None:
    report = make.report(organization)

    assert owner.read(f"/reports/{report.pk}").location == "/reports"
    assert "The report is not ready." in owner.read("/reports").text


def test_what_became_of_it_is_shown(owner: Browser, organization: Organization) -> None:
    make.report(organization, status="failed")
    make.report(organization, status="expired")

    text = owner.read("/reports").text
    assert "Failed" in text
    assert "Expired" in text


def test_a_report_by_the_clock_is_begun_and_ended(owner: Browser, organization: Organization) -> None:
    place = Membership.objects.get()
    page = owner.send(
        "/reports/schedules",
        **{
            "schedule-kind": "members",
            "schedule-every": "week",
            "schedule-format": "pdf",
            "schedule-recipients": str(place.pk),
        },
    )
    assert page.location == "/reports"
    text = owner.read("/reports").text
    assert "It is made from now on." in text
    assert "Members and roles, every monday" in text

    owner.send(f"/reports/schedules/{ReportSchedule.objects.get().pk}/end")
    assert not ReportSchedule.objects.exists()


def test_nobody_to_tell_is_said(owner: Browser) -> None:
    page = owner.send(
        "/reports/schedules", **{"schedule-kind": "members", "schedule-every": "week", "schedule-format": "pdf"}
    )
    assert page.status == 400
    assert "This field is required." in page.text


def test_a_full_list_is_said(owner: Browser, organization: Organization) -> None:
    for _ in range(20):
        make.report_schedule(organization)
    page = owner.send(
        "/reports/schedules",
        **{
            "schedule-kind": "members",
            "schedule-every": "week",
            "schedule-format": "pdf",
            "schedule-recipients": str(Membership.objects.get().pk),
        },
    )
    assert page.status == 409
    assert "at most 20" in page.text


def test_members_ask_but_do_not_schedule(organization: Organization, owner: Browser) -> None:
    schedule = make.report_schedule(organization)
    member = Browser(make.person(organization, Role.MEMBER))

    assert ">Schedule</button>" not in member.read("/reports").text
    assert member.send("/reports/schedules").status == 403
    assert member.send(f"/reports/schedules/{schedule.pk}/end").status == 403
    assert member.send("/reports", kind="members", format="pdf").location == "/reports"


def test_another_organizations_are_not_there(owner: Browser) -> None:
    other = make.organization()
    report, schedule = make.report(other), make.report_schedule(other)

    assert owner.read(f"/reports/{report.pk}").status == 404
    assert owner.send(f"/reports/schedules/{schedule.pk}/end").status == 404
    assert ReportSchedule.objects.count() == 1

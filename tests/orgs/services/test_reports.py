"""Reports: made by a job, kept for a while, fetched by a link."""

from datetime import datetime, timedelta

import pytest
from django.core.files.storage import default_storage

from orgs.models import Membership, Report
from orgs.roles import Role
from orgs.services import reports
from platform_core import clock
from platform_core.models import AuditEvent, Job
from platform_core.workflow import control, engine
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.clocks import at
from tests.identity.jobs import work
from tests.orgs.reading import NOON, fetched, generated, path


def test_a_report_that_cannot_be_made_says_so_and_is_made_when_it_can(owner: PersonClient) -> None:
    owner.post(path(owner, "reports/generate"), {"kind": "members"})
    Report.objects.update(kind="withdrawn")
    while Job.objects.exclude(status=Job.Status.FAILED).exists():
        Job.objects.update(run_after=clock.wall())
        work()
    report = Report.objects.get()
    assert report.status == "failed"
    Report.objects.update(kind="members")

    control.retry(Job.objects.get(), by=make.user(is_staff=True))
    assert Report.objects.get().status == "pending"
    work()

    assert Report.objects.get().status == "ready"


def test_a_link_is_for_five_minutes(owner: PersonClient, monkeypatch: pytest.MonkeyPatch) -> None:
    report = generated(owner, kind="members")
    link = owner.get(path(owner, "reports", report.pk, "download")).json()
    left = datetime.fromisoformat(link["expiresAt"]) - clock.wall()
    assert timedelta(minutes=4) < left <= timedelta(minutes=5)
    assert ApiClient().get(link["url"]).status_code == 200

    monkeypatch.setattr(reports, "LINK_LIFE", timedelta(0))
    link = owner.get(path(owner, "reports", report.pk, "download")).json()
    assert ApiClient().get(link["url"]).status_code == 410
    assert AuditEvent.objects.filter(action="report.download", actor_id=str(owner.user.pk)).count() == 1


def test_a_link_is_worth_nothing_to_somebody_who_left(owner: PersonClient, member: PersonClient) -> None:
    report = generated(owner, kind="members")
    url = member.get(path(member, "reports", report.pk, "download")).json()["url"]
    Membership.objects.filter(user=member.user).delete()

    assert ApiClient().get(url).status_code == 404
    assert not AuditEvent.objects.filter(action="report.download").exists()


def test_nor_to_one_whose_role_changed(owner: PersonClient, member: PersonClient) -> None:
    report = generated(owner, kind="audit_activity")
    url = member.get(path(member, "reports", report.pk, "download")).json()["url"]
    Membership.objects.filter(user=member.user).update(role=Role.BILLING)

    assert ApiClient().get(url).status_code == 404


@pytest.mark.parametrize("change", ["x", ""])
def test_a_changed_link_opens_nothing(owner: PersonClient, change: str) -> None:
    report = generated(owner, kind="members")
    url = owner.get(path(owner, "reports", report.pk, "download")).json()["url"]

    assert ApiClient().get(url[:-4] + change + url[-2:]).status_code == 404


def test_files_are_kept_for_ninety_days(owner: PersonClient) -> None:
    with at(NOON):
        report = generated(owner, kind="members")
        url = owner.get(path(owner, "reports", report.pk, "download")).json()["url"]
    with at(NOON + timedelta(days=89)):
        assert reports.end_expired() == {"ended": 0}
    with at(NOON + timedelta(days=91)):
        assert reports.end_expired() == {"ended": 1}
        assert owner.get(path(owner, "reports", report.pk, "download")).status_code == 410
    assert not default_storage.exists(report.file)
    with at(NOON):
        assert ApiClient().get(url).status_code == 410


def test_a_file_that_is_gone_is_said_to_be(owner: PersonClient) -> None:
    report = generated(owner, kind="members")
    default_storage.delete(report.file)
    assert fetched(owner, report).status_code == 410


@pytest.mark.parametrize("steps", [0, 1])
def test_a_report_that_nobody_waits_for_any_more_is_not_made(owner: PersonClient, steps: int) -> None:
    owner.post(path(owner, "reports/generate"), {"kind": "members"})
    for _ in range(steps):
        engine.run_one("test")
    Report.objects.all().delete()

    work()

    assert Job.objects.get().status == Job.Status.DONE

"""A file of events: put together by a job, whoever dies meanwhile, and gone after a week."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage

from identity.models import User
from identity.services import erasure
from orgs.models import Organization
from platform_core import clock, worker
from platform_core.errors import Conflict, Gone, NotFound
from platform_core.models import AuditExport, Job
from platform_core.services import audit_exports
from platform_core.workflow import control, engine
from tests import make
from tests.clients import PersonClient

Status = AuditExport.Status


def ready(organization: Organization, owner: PersonClient, file_format: str = "jsonl", **asked: object) -> AuditExport:
    export = audit_exports.request_export(organization.pk, file_format, asked, by=owner.user)
    while worker.round("test"):
        pass
    export.refresh_from_db()
    return export


def lines(export: AuditExport) -> list[str]:
    with default_storage.open(export.file) as file:
        content: bytes = file.read()
    return content.decode().splitlines()


def test_every_event_is_in_it_once_the_oldest_first(
    organization: Organization, owner: PersonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_exports, "BATCH", 3)
    make.sealed_chain(organization, 8)
    make.audit_event(make.organization(), "thing.elsewhere")

    export = ready(organization, owner)

    assert [json.loads(line)["action"] for line in lines(export)] == [f"thing.number_{each}" for each in range(8)]
    assert (export.status, export.done_count, export.total_count, export.percent) == (Status.READY, 8, 8, 100)
    assert export.expires_at is not None
    assert timedelta(days=6) < export.expires_at - clock.wall() <= timedelta(days=7)


def test_only_what_the_filters_let_through(organization: Organization, owner: PersonClient) -> None:
    make.sealed_chain(organization, 3)
    since = clock.now() - timedelta(hours=1)

    export = ready(organization, owner, "csv", action="thing.number_1", since=since, text=None)

    assert export.filters == {"action": "thing.number_1", "since": since.isoformat()}
    assert [line.split(",")[3] for line in lines(export)] == ['"action"', '"thing.number_1"']


def test_an_empty_one(organization: Organization, owner: PersonClient) -> None:
    export = ready(organization, owner, action="thing.else")

    assert (lines(export), export.done_count, export.percent) == ([], 0, 0)


def test_a_job_that_runs_twice_leaves_one_file(organization: Organization, owner: PersonClient) -> None:
    make.sealed_chain(organization, 2)
    export = audit_exports.request_export(organization.pk, "jsonl", {}, by=owner.user)
    job = Job.objects.get(subject_id=export.pk)
    name = f"audit-exports/{job.pk.hex}.jsonl"
    default_storage.save(name, default_storage.open(make.audit_export(organization).file))

    assert engine.run_job(job.pk)
    Job.objects.filter(pk=job.pk).update(status="QUEUED")
    assert engine.run_job(job.pk)

    export.refresh_from_db()
    assert (export.file, len(lines(export))) == (name, 2)


def test_one_that_cannot_be_written_says_so_and_can_be_tried_again(
    organization: Organization, owner: PersonClient
) -> None:
    export = audit_exports.request_export(organization.pk, "jsonl", {}, by=owner.user)
    job = Job.objects.get(subject_id=export.pk)
    control.cancel(job, by=owner.user)
    assert engine.run_job(job.pk)
    export.refresh_from_db()
    assert export.status == Status.FAILED

    Job.objects.filter(pk=job.pk).update(status="FAILED")
    control.retry(job, by=owner.user)
    assert engine.run_job(job.pk)
    export.refresh_from_db()
    assert export.status == Status.READY


def test_only_so_many_at_a_time(organization: Organization, owner: PersonClient) -> None:
    for _ in range(3):
        audit_exports.request_export(organization.pk, "csv", {}, by=owner.user)

    with pytest.raises(Conflict):
        audit_exports.request_export(organization.pk, "csv", {}, by=owner.user)
    assert AuditExport.objects.count() == 3


def test_a_link_is_good_for_one_person_and_five_minutes(
    organization: Organization, owner: PersonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = make.audit_export(organization)

    token, until = audit_exports.link(export, by=owner.user)

    assert audit_exports.by_link(token) == (export, owner.user.pk)
    assert timedelta(minutes=4) < until - clock.wall() <= timedelta(minutes=5)
    for forged in (token[:-1], token + "x", "", "x:y:z"):
        with pytest.raises(NotFound):
            audit_exports.by_link(forged)
    wall = clock.wall()
    monkeypatch.setattr(clock, "wall", lambda: wall + timedelta(minutes=6))
    with pytest.raises(Gone):
        audit_exports.by_link(token)


@pytest.mark.parametrize(("status", "error"), [("pending", Conflict), ("failed", Conflict), ("expired", Gone)])
def test_without_a_file_there_is_no_link(
    organization: Organization, owner: PersonClient, status: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        audit_exports.link(make.audit_export(organization, status=status), by=owner.user)


def test_a_week_later_the_file_is_deleted(organization: Organization, owner: PersonClient) -> None:
    export, kept = make.audit_export(organization), make.audit_export(organization)
    token, _ = audit_exports.link(export, by=owner.user)
    AuditExport.objects.filter(pk=export.pk).update(expires_at=clock.wall())

    assert audit_exports.end_expired() == {"ended": 1}

    assert not default_storage.exists(export.file)
    assert default_storage.exists(kept.file)
    assert AuditExport.objects.get(pk=export.pk).status == Status.EXPIRED
    with pytest.raises(Gone):
        audit_exports.by_link(token)
    with pytest.raises(Gone):
        audit_exports.fetch(export, by=owner.user)
    with pytest.raises(NotFound):
        audit_exports.own(make.organization().pk, export.pk)


def names(export: AuditExport, person: User) -> bool:
    export.refresh_from_db()
    return person.email in "".join(lines(export))


@pytest.fixture
def lea(organization: Organization, owner: PersonClient) -> User:
    """Somebody who did something in the organization, and elsewhere."""
    lea = make.person(organization, email="lea@harbour.test")
    make.audit_event(organization, "thing.change", by=lea)
    return User.objects.get(pk=lea.pk)


def test_who_is_erased_is_not_in_files_from_before(organization: Organization, owner: PersonClient, lea: User) -> None:
    other = make.organization("Other Company")
    make.audit_event(other, "thing.elsewhere")
    export, elsewhere = ready(organization, owner), ready(other, owner)
    before, until = export.file, export.expires_at
    assert names(export, lea)

    erasure.erase(User.objects.get(pk=lea.pk), by=lea)
    assert erasure.empty_one("test")

    export.refresh_from_db()
    assert (export.status, export.file) == (Status.PENDING, "")
    with pytest.raises(Conflict, match="not ready"):
        audit_exports.link(export, by=owner.user)
    while worker.round("test"):
        pass
    assert not names(export, lea)
    assert f"{lea.pk}@erased.invalid" in "".join(lines(export))
    assert [json.loads(line)["action"] for line in lines(export)] == ["thing.change"]
    assert not default_storage.exists(before)
    assert export.status == Status.READY
    assert until is not None
    assert export.expires_at == until - timedelta(microseconds=1)
    file = elsewhere.file
    elsewhere.refresh_from_db()
    assert (elsewhere.status, elsewhere.file) == (Status.READY, file)


def test_one_that_is_written_while_somebody_is_erased_is_begun_anew(
    organization: Organization, owner: PersonClient, lea: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = audit_exports.request_export(organization.pk, "jsonl", {}, by=owner.user)
    write = audit_exports._write

    def erases_meanwhile(*args: Any) -> int:
        count = write(*args)
        monkeypatch.setattr(audit_exports, "_write", write)
        erasure.erase(User.objects.get(pk=lea.pk), by=lea)
        assert erasure.empty_one("test")
        return count

    monkeypatch.setattr(audit_exports, "_write", erases_meanwhile)
    job = Job.objects.get(subject_id=export.pk)
    assert engine.run_job(job.pk)
    export.refresh_from_db()
    assert (export.status, export.file) == (Status.PENDING, "")
    assert not default_storage.exists(f"audit-exports/{job.pk.hex}.jsonl")

    Job.objects.filter(pk=job.pk).update(run_after=clock.now())
    assert engine.run_job(job.pk)

    assert not names(export, lea)
    assert export.status == Status.READY


def test_one_that_is_stopped_while_it_is_written_leaves_no_file(
    organization: Organization, owner: PersonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = audit_exports.request_export(organization.pk, "jsonl", {}, by=owner.user)
    write = audit_exports._write

    def stops_meanwhile(*args: Any) -> int:
        AuditExport.objects.filter(pk=export.pk).update(status=Status.FAILED)
        return write(*args)

    monkeypatch.setattr(audit_exports, "_write", stops_meanwhile)
    job = Job.objects.get(subject_id=export.pk)
    assert engine.run_job(job.pk)

    export.refresh_from_db()
    assert (export.status, export.file) == (Status.FAILED, "")
    assert not default_storage.exists(f"audit-exports/{job.pk.hex}.jsonl")

"""A person's own data, to take away."""

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage

from identity.models import DataExport, User
from identity.services import accounts, erasure, exports, tokens
from orgs.roles import Role
from platform_core import clock
from platform_core.errors import Conflict, Gone, NotFound
from platform_core.models import AuditEvent, Mail
from platform_core.workflow import engine
from tests import make
from tests.exported import data_of
from tests.identity.jobs import work
from tests.sign_ins import make_session


@pytest.fixture
def kim() -> User:
    return make.person(make.organization("Harbour"), Role.MEMBER, email="kim@example.test", first_name="Kim")


def link() -> str:
    found = re.search(r"/accounts/export/(exp_[\w-]+)/", Mail.objects.get(template="identity/export_ready").text)
    assert found
    return found[1]


def test_the_file_holds_what_is_known_of_them_and_no_secret(kim: User) -> None:
    issued = tokens.issue(kim, organization_id=None)
    other = make.user("other@example.test")
    tokens.issue(other, organization_id=None)
    exports.request_export(kim)
    work()

    with zipfile.ZipFile(io.BytesIO(exports.fetch(kim, link()))) as archive:
        found = {name: json.loads(archive.read(name)) for name in archive.namelist()}

    assert found["profile.json"]["email"] == "kim@example.test"
    assert [row["organization__name"] for row in found["organizations.json"]] == ["Harbour"]
    assert [row["action"] for row in found["events.json"]] == ["session.start", "user.export"]
    assert [row["name"] for row in found["analytics_events.json"]] == ["session.started", "account.exported"]
    text = json.dumps(found)
    assert "other@example.test" not in text
    assert not [
        secret for secret in (kim.password, issued.session.token_digest, issued.refresh_token) if secret in text
    ]


def test_from_where_staff_work_and_which_of_them_is_not_told(kim: User) -> None:
    colleague = make.user("sven@mainstay.test", is_staff=True)
    make_session(kim, ip_address="203.0.113.9", impersonator=colleague, reason="To help.")
    accounts.suspend(kim, by=colleague)
    accounts.reactivate(kim, by=colleague)
    AuditEvent.objects.update(ip_address="203.0.113.9")

    found = data_of(kim)

    about = [row for row in found["events"] if row["action"] in ("user.suspend", "user.reactivate")]
    assert [(row["actor_label"], row["ip_address"]) for row in about] == [("staff", None)] * 2
    assert found["sessions"] == []
    assert "203.0.113.9" not in json.dumps(found)
    assert "sven@mainstay.test" not in json.dumps(found)


def test_of_staff_it_tells_who_invited_them(kim: User) -> None:
    make.staff_invitation(email=kim.email, accepted_by=kim, accepted_at=clock.wall())

    assert [row["role"] for row in data_of(kim)["staff_invitations"]] == ["SUPPORT"]


def test_the_link_works_once(kim: User) -> None:
    exports.request_export(kim)
    work()
    file = DataExport.objects.get().file
    assert exports.fetch(kim, link())

    with pytest.raises(Gone):
        exports.fetch(kim, link())
    work()
    assert not default_storage.exists(file)
    assert DataExport.objects.get().status == DataExport.Status.ENDED
    assert AuditEvent.objects.filter(action="user.fetch_export").count() == 1


def test_the_link_works_for_a_week_and_its_file_is_deleted(kim: User) -> None:
    exports.request_export(kim)
    work()
    file = DataExport.objects.get().file
    assert exports.end_spoiled() == {"ended": 0}
    DataExport.objects.update(expires_at=clock.wall() - timedelta(seconds=1))

    with pytest.raises(Gone):
        exports.by_token(kim, link())
    assert exports.end_spoiled() == {"ended": 1}
    work()
    assert not default_storage.exists(file)


def test_a_file_that_the_storage_lost_is_gone(kim: User) -> None:
    exports.request_export(kim)
    work()
    default_storage.delete(DataExport.objects.get().file)

    with pytest.raises(Gone):
        exports.fetch(kim, link())


def test_another_person_does_not_know_of_it(kim: User) -> None:
    export, other = exports.request_export(kim), make.user()
    work()

    for call in (lambda: exports.own(other, export.pk), lambda: exports.fetch(other, link())):
        with pytest.raises(NotFound):
            call()


def test_one_at_a_time(kim: User) -> None:
    exports.request_export(kim)
    with pytest.raises(Conflict):
        exports.request_export(kim)
    work()

    exports.request_export(kim)

    assert DataExport.objects.count() == 2


@pytest.mark.parametrize("steps", [0, 1])
def test_nothing_is_made_for_a_person_who_was_erased_meanwhile(kim: User, steps: int) -> None:
    exports.request_export(kim)
    for _ in range(steps):
        engine.run_one("test")

    erasure.erase(kim, by=kim)
    work()

    assert not DataExport.objects.exists()
    assert not Mail.objects.exists()

"""Asking for one's data over the API."""

from uuid import uuid4

import pytest

from identity.models import DataExport
from identity.services import exports
from tests.clients import ApiClient, PersonClient
from tests.identity.jobs import work
from tests.sign_ins import step_up

EXPORTS = "/api/user/account/exports"


def test_it_is_put_together_in_the_background_and_its_link_is_not_shown(member: PersonClient) -> None:
    step_up(member.user, "account.export")

    answer = member.post(EXPORTS, {})

    export = DataExport.objects.get()
    assert answer.status_code == 202
    assert (answer.json()["id"], answer.json()["status"]) == (str(export.pk), "pending")
    work()
    shown = member.get(f"{EXPORTS}/{export.pk}").json()
    assert set(shown) == {"id", "status", "createdAt", "expiresAt", "downloadedAt"}
    assert (shown["status"], shown["downloadedAt"]) == ("ready", None)


def test_two_at_once_are_a_conflict(member: PersonClient) -> None:
    step_up(member.user, "account.export")
    member.post(EXPORTS, {})

    assert member.post(EXPORTS, {}).status_code == 409


@pytest.mark.parametrize("body", [{"userId": str(uuid4())}, {"everything": True}], ids=["whose", "more"])
def test_whose_data_it_is_cannot_be_said(member: PersonClient, body: dict[str, object]) -> None:
    step_up(member.user, "account.export")

    assert member.post(EXPORTS, body).status_code == 400
    assert not DataExport.objects.exists()


def test_one_proves_who_one_is_for_this_and_not_for_something_else(member: PersonClient) -> None:
    step_up(member.user, "account.delete")

    answer = member.post(EXPORTS, {})

    assert (answer.status_code, answer.json()["code"]) == (403, "STEP_UP_REQUIRED")
    assert not DataExport.objects.exists()


def test_anothers_does_not_exist(member: PersonClient, owner: PersonClient) -> None:
    theirs = exports.request_export(owner.user)

    known, unknown = member.get(f"{EXPORTS}/{theirs.pk}"), member.get(f"{EXPORTS}/{uuid4()}")

    assert (known.status_code, known.content) == (404, unknown.content)


def test_nobody_gets_nothing(anonymous: ApiClient) -> None:
    assert anonymous.post(EXPORTS, {}).status_code == 401

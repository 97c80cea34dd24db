"""Where the person is signed in."""

from uuid import uuid4

import pytest

from identity.models import Session
from identity.services import tokens
from platform_core.models import AuditEvent
from tests.clients import ApiClient, PersonClient
from tests.sign_ins import enter, make_session

SESSIONS = "/api/user/account/sessions"


def test_every_open_sign_in_of_ones_own_is_listed(member: PersonClient, owner: PersonClient) -> None:
    tokens.issue(member.user, organization_id=None)
    make_session(member.user, revoked_at=member.user.created_at)

    body = member.get(SESSIONS).json()

    assert [(row["kind"], row["isCurrent"]) for row in body["items"]] == [("tokens", False), ("pages", True)]
    assert set(body["items"][0]) == {
        "id",
        "kind",
        "methods",
        "ipAddress",
        "userAgent",
        "createdAt",
        "lastSeenAt",
        "isCurrent",
    }


def test_one_is_ended_at_once(member: PersonClient) -> None:
    issued = tokens.issue(member.user, organization_id=None)
    bearer = ApiClient(headers={"Authorization": f"Bearer {issued.access_token}"})
    assert bearer.get(SESSIONS).status_code == 200

    assert member.delete(f"{SESSIONS}/{issued.session.pk}").status_code == 204

    assert bearer.get(SESSIONS).status_code == 401
    assert AuditEvent.objects.latest("created_at").action == "session.end"
    assert member.delete(f"{SESSIONS}/{issued.session.pk}").status_code == 404


def test_anothers_does_not_exist(member: PersonClient, owner: PersonClient) -> None:
    theirs = Session.objects.get(user=owner.user)

    known, unknown = member.delete(f"{SESSIONS}/{theirs.pk}"), member.delete(f"{SESSIONS}/{uuid4()}")

    assert (known.status_code, known.content) == (404, unknown.content)
    theirs.refresh_from_db()
    assert theirs.revoked_at is None


def test_staff_who_act_as_the_person_are_neither_shown_nor_ended(member: PersonClient, owner: PersonClient) -> None:
    acting = make_session(member.user, impersonator=owner.user, reason="Ticket 7")

    assert len(member.get(SESSIONS).json()["items"]) == 1
    assert member.delete(f"{SESSIONS}/{acting.pk}").status_code == 404


def test_all_but_this_one_are_ended(member: PersonClient, owner: PersonClient) -> None:
    other = ApiClient()
    enter(other, member.user)

    assert member.delete(SESSIONS).status_code == 204

    assert other.get(SESSIONS).status_code == 401
    assert len(member.get(SESSIONS).json()["items"]) == 1
    assert owner.get(SESSIONS).status_code == 200


@pytest.mark.parametrize("path", [SESSIONS, f"{SESSIONS}/{uuid4()}"], ids=["all", "one"])
def test_nobody_ends_nothing(anonymous: ApiClient, path: str) -> None:
    assert anonymous.delete(path).status_code == 401

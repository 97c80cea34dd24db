"""Stepping up: one proof, for one purpose, in one session, for ten minutes."""

from datetime import timedelta
from typing import Any

import pytest

from identity.models import Session, StepUp
from identity.services import recovery_codes, tokens
from platform_core import clock
from platform_core.models import AuditEvent
from tests import authenticators, make
from tests.authenticators import code, wrong_code
from tests.clients import ApiClient, PersonClient
from tests.make.identity import PASSWORD
from tests.sign_ins import enter

STEP_UP = "/auth/step-up"
CODES = "/api/v1/auth/2fa/backup-codes"
PURPOSE = "backup_codes.generate"


@pytest.fixture
def secret(member: PersonClient) -> str:
    return authenticators.app_of(member.user)


def test_a_code_opens_the_one_thing_it_was_for(member: PersonClient, secret: str) -> None:
    assert member.post(CODES).status_code == 403

    answer = member.post(STEP_UP, {"purpose": PURPOSE, "code": code(secret)})

    assert answer.status_code == 200
    assert answer.json()["purpose"] == PURPOSE
    assert member.post(CODES).status_code == 200
    assert member.post("/api/v1/auth/2fa/disable", {}).status_code == 403
    granted = StepUp.objects.get()
    assert timedelta(minutes=9) < granted.expires_at - clock.wall() <= timedelta(minutes=10)
    event = AuditEvent.objects.get(action="session.step_up")
    assert event.changes == {"session": str(granted.session_id), "purpose": PURPOSE, "method": "otp"}


def test_a_recovery_code_does_too_once(member: PersonClient, secret: str) -> None:
    codes = recovery_codes.generate(member.user, by=member.user)
    proof = {"purpose": PURPOSE, "code": codes[0]}

    assert [member.post(STEP_UP, proof).status_code for _ in range(2)] == [200, 400]

    events = AuditEvent.objects.filter(action__in=["session.step_up", "two_factor.use_backup_code"])
    assert {event.action: event.changes for event in events} == {
        "two_factor.use_backup_code": {"left": 9},
        "session.step_up": {"session": str(StepUp.objects.get().session_id), "purpose": PURPOSE, "method": "rc"},
    }
    member.user.refresh_from_db()
    assert member.user.wrong_codes == 1


def test_it_ends_after_ten_minutes(member: PersonClient, secret: str) -> None:
    member.post(STEP_UP, {"purpose": PURPOSE, "code": code(secret)})
    StepUp.objects.update(expires_at=clock.wall())

    assert member.post(CODES).status_code == 403


def test_it_is_of_one_session(member: PersonClient, secret: str) -> None:
    member.post(STEP_UP, {"purpose": PURPOSE, "code": code(secret)})
    other = ApiClient()
    enter(other, member.user)

    assert other.post(CODES).status_code == 403


def test_a_bearer_steps_up_for_their_tokens_only(member: PersonClient, secret: str) -> None:
    issued = tokens.issue(member.user, organization_id=None)
    bearer = ApiClient(headers={"Authorization": f"Bearer {issued.access_token}"})

    assert bearer.post(STEP_UP, {"purpose": PURPOSE, "code": code(secret)}).status_code == 200

    assert "session" not in bearer.cookies
    assert StepUp.objects.get().session == issued.session
    assert [bearer.post(CODES).status_code, member.post(CODES).status_code] == [200, 403]


def test_the_browsers_session_gets_a_new_key(member: PersonClient, secret: str) -> None:
    before = member.cookies["session"].value
    stolen = ApiClient()
    stolen.cookies["session"] = before

    member.post(STEP_UP, {"purpose": PURPOSE, "code": code(secret)})

    assert member.cookies["session"].value != before
    assert stolen.post(CODES).status_code == 401
    assert member.post(CODES).status_code == 200


def test_a_passkey_steps_up(member: PersonClient) -> None:
    passkey = authenticators.passkey_of(member.user)
    options = member.post(f"{STEP_UP}/options").json()["publicKey"]
    assert len(options["allowCredentials"]) == 1

    answer = member.post(STEP_UP, {"purpose": PURPOSE, "passkey": passkey.asserted(options)})

    assert answer.status_code == 200
    assert member.post(CODES).status_code == 200


@pytest.mark.parametrize("name", ["extensions that are cut off", "extensions that are deep", "a client that is deep"])
def test_bytes_that_no_authenticator_writes_step_up_to_nothing(member: PersonClient, name: str) -> None:
    passkey = authenticators.passkey_of(member.user)
    options = member.post(f"{STEP_UP}/options").json()["publicKey"]
    answer = authenticators.unreadable(passkey.asserted(options), name)

    refused = member.post(STEP_UP, {"purpose": PURPOSE, "passkey": answer})

    assert (refused.status_code, refused.json()["details"]) == (400, {"passkey": ["The passkey was not accepted."]})
    assert member.post(CODES).status_code == 403


def test_anothers_passkey_does_not(member: PersonClient, owner: PersonClient) -> None:
    passkey = authenticators.passkey_of(owner.user)
    authenticators.passkey_of(member.user)
    options = member.post(f"{STEP_UP}/options").json()["publicKey"]

    answer = member.post(STEP_UP, {"purpose": PURPOSE, "passkey": passkey.asserted(options)})

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")


def test_the_password_is_enough_for_whoever_has_nothing_else(member: PersonClient) -> None:
    assert member.post(STEP_UP, {"purpose": "account.delete", "password": "wrong"}).status_code == 400
    assert member.post(STEP_UP, {"purpose": "account.delete", "password": PASSWORD}).status_code == 200


def test_the_password_is_not_enough_beside_a_second_factor(member: PersonClient, secret: str) -> None:
    answer = member.post(STEP_UP, {"purpose": PURPOSE, "password": PASSWORD})

    assert answer.status_code == 400
    assert answer.json()["details"] == {"password": ["Use a code or a passkey."]}
    assert not StepUp.objects.exists()


@pytest.mark.usefixtures("one_moment")
def test_wrong_proofs_are_counted(member: PersonClient, secret: str) -> None:
    body = {"purpose": PURPOSE, "code": wrong_code(secret)}

    assert [member.post(STEP_UP, body).status_code for _ in range(11)] == [400] * 10 + [429]
    assert not StepUp.objects.exists()


BAD: list[dict[str, Any]] = [
    {},
    {"purpose": PURPOSE},
    {"purpose": "everything", "code": "123456"},
    {"purpose": PURPOSE, "code": "123456", "password": "x"},
    {"code": "123456"},
    {"purpose": PURPOSE, "code": "123456", "until": "2099"},
]


@pytest.mark.parametrize("body", BAD, ids=str)
def test_bad_bodies_are_refused(member: PersonClient, body: dict[str, Any]) -> None:
    assert member.post(STEP_UP, body).status_code == 400


def test_staff_who_act_as_a_person_never_step_up(member: PersonClient, secret: str) -> None:
    helper = make.user(is_staff=True)
    Session.objects.filter(user=member.user).update(impersonator=helper, reason="A ticket")
    session = Session.objects.get(user=member.user)
    StepUp.objects.create(session=session, purpose=PURPOSE, expires_at=clock.wall() + timedelta(minutes=5))

    assert member.post(CODES).status_code == 403

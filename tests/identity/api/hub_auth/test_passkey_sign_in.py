"""Signing in by passkey alone, and every answer that is not one."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import UnsupportedKey
from fido2.utils import websafe_encode
from fido2.webauthn import AttestedCredentialData, AuthenticatorData

from identity.models import Passkey, PasskeyChallenge, Session, User
from platform_core import clock
from platform_core.models import AuditEvent, Mail
from tests import authenticators, make
from tests.authenticators import SoftPasskey
from tests.clients import ApiClient

SIGN_IN = "/api/v1/auth/passkeys/sign-in"


@pytest.fixture
def ada() -> User:
    return make.user("ada@example.test")


def question(client: ApiClient | None = None) -> dict[str, Any]:
    data: dict[str, Any] = (client or ApiClient()).post(f"{SIGN_IN}/options").json()["data"]["publicKey"]
    return data


def answered(passkey: SoftPasskey, **changes: Any) -> Any:
    """Sign in with what the passkey answers."""
    return ApiClient().post(SIGN_IN, {"passkey": {**passkey.asserted(question()), **changes}})


def test_a_passkey_signs_in_by_itself(ada: User) -> None:
    authenticators.app_of(ada)
    passkey = authenticators.passkey_of(ada)
    options = question()
    assert (options["rpId"], options["userVerification"]) == ("127.0.0.1", "required")
    assert "allowCredentials" not in options

    client = ApiClient()
    answer = client.post(SIGN_IN, {"passkey": passkey.asserted(options)})

    assert answer.status_code == 200
    assert answer.json()["data"]["user"]["email"] == "ada@example.test"
    session = Session.objects.get()
    assert (session.kind, session.methods, session.two_factor_at is not None) == ("tokens", ["hwk"], True)
    kept = Passkey.objects.get()
    assert (kept.sign_count, kept.last_used_at is not None) == (2, True)
    assert {"at", "rt"} <= set(client.cookies)


FORGED: dict[str, dict[str, Any]] = {
    "another site": {"origin": "https://evil.example"},
    "another relying party": {"rp_id": "evil.example"},
    "nobody there": {"flags": AuthenticatorData.FLAG.UV},
    "nobody verified": {"flags": AuthenticatorData.FLAG.UP},
    "another key": {"key": ec.generate_private_key(ec.SECP256R1())},
    "an unknown passkey": {"credential_id": b"unknown"},
    "another person's handle": {"user_handle": b"0" * 16},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_forged_answers_are_refused_alike(ada: User, forged: dict[str, Any]) -> None:
    passkey = authenticators.passkey_of(ada)
    for name, value in forged.items():
        setattr(passkey, name, value)

    answer = answered(passkey)

    assert answer.status_code == 401
    refusal = {"code": "UNAUTHORIZED", "message": "The passkey was not accepted."}
    assert answer.json() == {"success": False, "error": refusal}
    assert not Session.objects.exists()
    assert Passkey.objects.get().sign_count == 1


READ_AT_SIGN_IN = [name for name, (part, _) in authenticators.UNREADABLE.items() if part != "attestationObject"]


@pytest.mark.parametrize("name", READ_AT_SIGN_IN)
def test_bytes_that_no_authenticator_writes_are_refused_like_any_other(ada: User, name: str) -> None:
    passkey = authenticators.passkey_of(ada)

    answer = ApiClient().post(SIGN_IN, {"passkey": authenticators.unreadable(passkey.asserted(question()), name)})

    assert (answer.status_code, answer.json()["error"]["message"]) == (401, "The passkey was not accepted.")
    assert not Session.objects.exists()


def test_a_public_key_that_nothing_can_verify_with_is_refused(ada: User) -> None:
    """Such a row was once taken, or was written by hand."""
    passkey = authenticators.passkey_of(ada)
    attested = AttestedCredentialData.create(b"\0" * 16, passkey.credential_id, UnsupportedKey({1: 2, 3: -4242}))
    Passkey.objects.update(credential=websafe_encode(bytes(attested)))

    assert answered(passkey).status_code == 401


def test_an_answer_is_taken_once(ada: User) -> None:
    passkey = authenticators.passkey_of(ada)
    body = {"passkey": passkey.asserted(question())}

    assert [ApiClient().post(SIGN_IN, body).status_code for _ in range(2)] == [200, 401]
    assert Session.objects.count() == 1


def test_a_refused_answer_uses_its_question_up(ada: User) -> None:
    passkey = authenticators.passkey_of(ada)
    options = question()
    forged = SoftPasskey(credential_id=passkey.credential_id).asserted(options)
    assert ApiClient().post(SIGN_IN, {"passkey": forged}).status_code == 401

    assert ApiClient().post(SIGN_IN, {"passkey": passkey.asserted(options)}).status_code == 401


def test_a_question_that_was_never_put_or_is_too_old_has_no_answer(ada: User) -> None:
    passkey = authenticators.passkey_of(ada)
    options = question()
    PasskeyChallenge.objects.update(expires_at=clock.wall() - timedelta(seconds=1))

    for asked in (options, {"challenge": "AAAA"}):
        assert ApiClient().post(SIGN_IN, {"passkey": passkey.asserted(asked)}).status_code == 401


def test_old_questions_are_cleared_away() -> None:
    question()
    PasskeyChallenge.objects.update(expires_at=clock.wall())
    question()

    assert PasskeyChallenge.objects.count() == 1


def test_the_answer_to_another_question_does_not_sign_in(ada: User) -> None:
    passkey = authenticators.passkey_of(ada)
    client = ApiClient()
    pending = client.post("/api/user/auth/login", {"email": ada.email, "password": make.identity.PASSWORD}).json()
    second = client.post("/api/v1/auth/2fa/options", {"token": pending["pendingToken"]}).json()["data"]["publicKey"]

    assert client.post(SIGN_IN, {"passkey": passkey.asserted(second)}).status_code == 401


@pytest.mark.parametrize("counter", [0, 5, 9], ids=lambda counter: f"after 10 comes {counter + 1}")
def test_a_counter_that_does_not_rise_is_a_copys(ada: User, counter: int) -> None:
    passkey = authenticators.passkey_of(ada, counter=10)
    passkey.counter = counter

    assert answered(passkey).status_code == 401

    event = AuditEvent.objects.get()
    assert (event.action, event.changes["counted"], event.changes["presented"]) == (
        "passkey.clone_suspected",
        10,
        counter + 1,
    )
    assert Mail.objects.get().subject == "A passkey of yours may have been copied"
    assert not Session.objects.exists()


def test_passkeys_that_do_not_count_are_no_copies(ada: User) -> None:
    passkey = authenticators.passkey_of(ada, counter=0)
    for _ in range(2):
        passkey.counter = -1
        assert answered(passkey).status_code == 200


@pytest.mark.parametrize("status", ["suspended", "deleted"])
def test_whoever_may_not_enter_does_not_enter_by_passkey(ada: User, status: str) -> None:
    passkey = authenticators.passkey_of(ada)
    User.objects.update(status=status)

    assert answered(passkey).status_code == 401


@pytest.mark.parametrize("passkey", [None, [], "x", {}, {"id": "x", "rawId": "é", "response": {}}], ids=repr)
def test_what_no_browser_sends_is_no_server_error(passkey: Any) -> None:
    assert ApiClient().post(SIGN_IN, {"passkey": passkey}).status_code in {400, 401}


@pytest.mark.usefixtures("one_moment")
def test_questions_are_put_so_often_and_no_oftener() -> None:
    statuses = [ApiClient().post(f"{SIGN_IN}/options").status_code for _ in range(31)]

    assert statuses == [200] * 30 + [429]

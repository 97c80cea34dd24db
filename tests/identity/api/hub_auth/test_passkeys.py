"""A person's passkeys: making, naming and removing them, and what no passkey of theirs would send."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fido2.cose import UnsupportedKey
from fido2.webauthn import AttestedCredentialData, AuthenticatorData

from identity.models import Passkey, PasskeyChallenge, Session, User
from platform_core import clock
from platform_core.models import AuditEvent
from tests import authenticators
from tests.authenticators import SoftPasskey
from tests.clients import PersonClient, staff
from tests.sign_ins import make_session

PASSKEYS = "/api/v1/auth/passkeys"


def options_of(client: PersonClient) -> dict[str, Any]:
    data: dict[str, Any] = client.post(f"{PASSKEYS}/options").json()["data"]["publicKey"]
    return data


def made(client: PersonClient, passkey: SoftPasskey, **body: Any) -> Any:
    """Register a passkey."""
    credential = passkey.created(options_of(client))
    return client.post(PASSKEYS, {"name": "Laptop", "credential": credential, **body})


def test_a_passkey_is_made_for_one_person_at_this_address(member: PersonClient) -> None:
    options = options_of(member)

    assert options["rp"] == {"id": "127.0.0.1", "name": "Mainstay"}
    assert options["user"]["name"] == "member@harbour.test"
    wanted = {"residentKey": "required", "requireResidentKey": True, "userVerification": "required"}
    assert options["authenticatorSelection"] == wanted


def test_the_first_passkey_brings_recovery_codes_and_ends_other_sessions(member: PersonClient) -> None:
    elsewhere = make_session(member.user)

    answer = made(member, SoftPasskey())

    assert answer.status_code == 201
    data = answer.json()["data"]
    assert (data["passkey"]["name"], data["passkey"]["lastUsedAt"]) == ("Laptop", None)
    assert len(data["backupCodes"]) == 10
    assert Session.objects.get(pk=elsewhere.pk).revoked_reason == "two_factor"
    assert Session.objects.get(revoked_at=None).methods == ["hwk"]
    event = AuditEvent.objects.get(action="passkey.create")
    assert event.changes == {"passkey": data["passkey"]["id"], "name": "Laptop"}
    assert not PasskeyChallenge.objects.exists()


def test_the_second_one_changes_nothing_else(member: PersonClient) -> None:
    made(member, SoftPasskey())
    before = User.objects.get(pk=member.user.pk).recovery_digests

    answer = made(member, SoftPasskey(), name="Phone")

    assert (answer.status_code, answer.json()["data"]["backupCodes"]) == (201, [])
    assert User.objects.get(pk=member.user.pk).recovery_digests == before != []
    listed = member.get(PASSKEYS).json()
    assert [each["name"] for each in listed["data"]] == ["Laptop", "Phone"]
    assert len(options_of(member)["excludeCredentials"]) == 2


FORGED = {
    "another site": {"origin": "https://evil.example"},
    "a look-alike": {"origin": "http://127.0.0.1:8000.evil.example"},
    "another relying party": {"rp_id": "evil.example"},
    "nobody there": {"flags": AuthenticatorData.FLAG.UV},
    "nobody verified": {"flags": AuthenticatorData.FLAG.UP},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_another_site_or_nobody_made_is_refused(member: PersonClient, forged: dict[str, Any]) -> None:
    answer = made(member, SoftPasskey(**forged))

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert not Passkey.objects.exists()


def test_a_question_is_answered_once_and_by_whom_it_was_put_to(member: PersonClient, owner: PersonClient) -> None:
    options = options_of(member)
    body = {"name": "Laptop", "credential": SoftPasskey().created(options)}
    assert owner.post(PASSKEYS, body).status_code == 400

    assert member.post(PASSKEYS, body).status_code == 201
    assert member.post(PASSKEYS, {**body, "credential": SoftPasskey().created(options)}).status_code == 400
    assert Passkey.objects.count() == 1


def test_a_question_can_be_answered_for_five_minutes(member: PersonClient) -> None:
    credential = SoftPasskey().created(options_of(member))
    PasskeyChallenge.objects.update(expires_at=clock.wall() - timedelta(seconds=1))

    assert member.post(PASSKEYS, {"name": "Laptop", "credential": credential}).status_code == 400


def test_a_sign_ins_answer_makes_no_passkey(member: PersonClient) -> None:
    credential = SoftPasskey().created(options_of(member), kind="webauthn.get")

    assert member.post(PASSKEYS, {"name": "Laptop", "credential": credential}).status_code == 400


def test_a_passkey_belongs_to_one_account(member: PersonClient, owner: PersonClient) -> None:
    passkey = SoftPasskey()
    made(member, passkey)

    answer = made(owner, passkey)

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")


MALFORMED: list[Any] = [None, [], "x", 1, {}, {"id": "x"}, {"rawId": "\0", "response": 3}, {"id": "AA", "rawId": "AA"}]


@pytest.mark.parametrize("credential", MALFORMED, ids=repr)
def test_what_no_browser_sends_is_refused(member: PersonClient, credential: Any) -> None:
    assert member.post(PASSKEYS, {"name": "Laptop", "credential": credential}).status_code == 400


def test_bytes_that_are_no_attestation_are_refused(member: PersonClient) -> None:
    credential = SoftPasskey().created(options_of(member))
    for field in ("attestationObject", "clientDataJSON"):
        broken = {**credential, "response": {**credential["response"], field: "AAAA"}}
        assert member.post(PASSKEYS, {"name": "Laptop", "credential": broken}).status_code == 400


READ_AT_REGISTRATION = [name for name, (part, _) in authenticators.UNREADABLE.items() if part != "authenticatorData"]


@pytest.mark.parametrize("name", READ_AT_REGISTRATION)
def test_bytes_that_no_authenticator_writes_make_no_passkey(member: PersonClient, name: str) -> None:
    credential = authenticators.unreadable(SoftPasskey().created(options_of(member)), name)

    assert member.post(PASSKEYS, {"name": "Laptop", "credential": credential}).status_code == 400
    assert not Passkey.objects.exists()


def test_an_id_that_is_longer_than_any_makes_no_passkey(member: PersonClient) -> None:
    assert made(member, SoftPasskey(credential_id=b"x" * 1024)).status_code == 400
    assert made(member, SoftPasskey(credential_id=b"x" * 1023)).status_code == 201


class OddKey(SoftPasskey):
    """One whose public key is of a kind that nobody here can verify with."""

    def attested(self) -> AttestedCredentialData:
        return AttestedCredentialData.create(b"\0" * 16, self.credential_id, UnsupportedKey({1: 2, 3: -4242}))


def test_a_key_that_could_never_answer_makes_no_passkey(member: PersonClient) -> None:
    assert made(member, OddKey()).status_code == 400
    assert not Passkey.objects.exists()


def test_an_account_has_twenty_passkeys_at_most(member: PersonClient) -> None:
    for _ in range(20):
        authenticators.passkey_of(member.user)

    assert member.post(f"{PASSKEYS}/options").status_code == 409


def test_an_old_sign_in_must_prove_itself_first(member: PersonClient) -> None:
    authenticators.passkey_of(member.user)
    passkey = Passkey.objects.get()
    Session.objects.update(created_at=clock.now() - timedelta(minutes=11))

    refused = [
        member.post(f"{PASSKEYS}/options"),
        member.post(PASSKEYS, {}),
        member.delete(f"{PASSKEYS}/{passkey.pk}"),
        member.post("/api/v1/auth/2fa/setup"),
    ]

    assert {(answer.status_code, answer.json()["error"]["code"]) for answer in refused} == {(403, "STEP_UP_REQUIRED")}


def test_a_passkey_gets_another_name(member: PersonClient) -> None:
    authenticators.passkey_of(member.user)
    passkey = Passkey.objects.get()

    answer = member.patch(f"{PASSKEYS}/{passkey.pk}", {"name": "Blue key"})

    assert answer.json()["data"]["name"] == "Blue key"
    assert Passkey.objects.get().name == "Blue key"
    assert AuditEvent.objects.get().action == "passkey.update"


def test_removing_the_last_passkey_turns_the_second_factor_off(member: PersonClient) -> None:
    made(member, SoftPasskey())
    passkey = Passkey.objects.get()

    assert member.delete(f"{PASSKEYS}/{passkey.pk}").status_code == 204

    assert not Passkey.objects.exists()
    assert not User.objects.exclude(recovery_digests=[]).exists()
    assert AuditEvent.objects.filter(action="passkey.delete").count() == 1


def test_staff_keep_their_last_passkey() -> None:
    client = staff()
    made(client, SoftPasskey())
    passkey = Passkey.objects.get()

    assert client.delete(f"{PASSKEYS}/{passkey.pk}").status_code == 409

    authenticators.app_of(client.user)
    assert client.delete(f"{PASSKEYS}/{passkey.pk}").status_code == 204


def test_anothers_passkey_does_not_exist(member: PersonClient, outsider: PersonClient) -> None:
    authenticators.passkey_of(member.user)
    path = f"{PASSKEYS}/{Passkey.objects.get().pk}"

    assert outsider.patch(path, {"name": "Mine"}).status_code == 404
    assert outsider.delete(path).status_code == 404
    assert outsider.delete(f"{PASSKEYS}/{uuid4()}").status_code == 404
    assert outsider.get(PASSKEYS).json()["data"] == []
    assert Passkey.objects.get().name == "Soft key"

"""Two-factor authentication through the API: enrolling, signing in, turning off, and every way around it."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from identity.models import PendingSignIn, Session, TotpDevice, User
from identity.services import pending_sign_in
from platform_core import clock
from platform_core.models import AuditEvent, Mail
from tests import authenticators, make
from tests.authenticators import code, wrong_code
from tests.clients import ApiClient, PersonClient
from tests.make.identity import PASSWORD
from tests.sign_ins import make_session

TWO_FACTOR = "/api/v1/auth/2fa"
LOGIN = "/api/user/auth/login"
VERIFY = f"{TWO_FACTOR}/verify"


def enrol(client: ApiClient) -> tuple[str, list[str]]:
    """Turn on an app through the API; its secret and the recovery codes."""
    secret = client.post(f"{TWO_FACTOR}/setup").json()["data"]["secret"]
    answer = client.post(VERIFY, {"code": code(secret)})
    assert answer.status_code == 200
    return secret, answer.json()["data"]["backupCodes"]


def pending_of(user: User, client: ApiClient | None = None) -> str:
    """The token for a right password of somebody with a second factor."""
    answer = (client or ApiClient()).post(LOGIN, {"email": user.email, "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["requires2FA"] is True
    token: str = answer.json()["pendingToken"]
    return token


@pytest.fixture
def ada() -> User:
    return make.user("ada@example.test")


@pytest.fixture
def secret(ada: User) -> str:
    """The secret of Ada's authenticator app."""
    return authenticators.app_of(ada)


def test_status_tells_what_protects_the_account(member: PersonClient) -> None:
    off = {"enabled": False, "totp": False, "passkeys": 0, "backupCodesLeft": 0, "mandatory": False}
    assert member.get(f"{TWO_FACTOR}/status").json() == {"success": True, "data": off}

    enrol(member)
    authenticators.passkey_of(member.user)

    on = {"enabled": True, "totp": True, "passkeys": 1, "backupCodesLeft": 10, "mandatory": False}
    assert member.get(f"{TWO_FACTOR}/status").json()["data"] == on


def test_set_up_shows_the_secret_as_text_address_and_picture(member: PersonClient) -> None:
    data = member.post(f"{TWO_FACTOR}/setup").json()["data"]

    assert set(data) == {"secret", "otpauthUrl", "qrCode"}
    assert data["otpauthUrl"].startswith("otpauth://totp/Mainstay:member%40harbour.test?")
    assert f"secret={data['secret']}" in data["otpauthUrl"]
    assert data["qrCode"].startswith("<svg ")
    assert "style" not in data["qrCode"]
    assert "<script" not in data["qrCode"]
    assert member.get(f"{TWO_FACTOR}/status").json()["data"]["enabled"] is False


def test_the_first_code_turns_it_on_and_shows_the_recovery_codes_once(member: PersonClient) -> None:
    elsewhere = make_session(member.user)

    secret, codes = enrol(member)

    assert len(set(codes)) == 10
    session = Session.objects.get(user=member.user, revoked_at=None)
    assert (session.methods, session.two_factor_at is not None) == (["otp"], True)
    assert Session.objects.get(pk=elsewhere.pk).revoked_reason == "two_factor"
    assert member.get("/api/v1/users/me").status_code == 200
    assert member.get(f"{TWO_FACTOR}/backup-codes").json()["data"] == {"left": 10}
    events = list(AuditEvent.objects.values_list("action", "changes"))
    assert ("two_factor.enable", {"method": "otp"}) in events
    assert secret not in str(events)
    assert not [each for each in codes if each in str(events)]
    assert "authenticator app now protects" in Mail.objects.get(template="identity/security_notice").text


def test_seeds_and_codes_cannot_be_read_from_the_database(member: PersonClient) -> None:
    secret, codes = enrol(member)

    stored = TotpDevice.objects.extra(select={"raw": "secret"}).values_list("raw", flat=True)
    assert secret not in str(list(stored))
    digests = " ".join(User.objects.get(pk=member.user.pk).recovery_digests)
    assert len(digests) > 10 * 20
    assert not [each for each in codes if each in digests or each.replace("-", "") in digests]


def test_a_wrong_first_code_changes_nothing(member: PersonClient) -> None:
    secret = member.post(f"{TWO_FACTOR}/setup").json()["data"]["secret"]

    answer = member.post(VERIFY, {"code": wrong_code(secret)})

    assert answer.status_code == 400
    told = {"field": "code", "message": "The code is not correct."}
    assert answer.json()["error"]["details"] == [told]
    assert not User.objects.exclude(recovery_digests=[]).exists()
    assert member.get(f"{TWO_FACTOR}/status").json()["data"]["enabled"] is False


def test_a_secret_waits_a_quarter_of_an_hour_for_its_first_code(member: PersonClient) -> None:
    secret = member.post(f"{TWO_FACTOR}/setup").json()["data"]["secret"]
    TotpDevice.objects.update(set_up_at=clock.wall() - timedelta(minutes=16))

    assert member.post(VERIFY, {"code": code(secret)}).status_code == 400
    assert not TotpDevice.objects.filter(confirmed_at__isnull=False).exists()


def test_another_phone_replaces_the_first_only_once_it_has_proved_itself(member: PersonClient) -> None:
    first, _ = enrol(member)
    second = member.post(f"{TWO_FACTOR}/setup").json()["data"]["secret"]
    assert TotpDevice.objects.get(confirmed_at__isnull=False).secret == first

    answer = member.post(VERIFY, {"code": code(second)})

    assert answer.json()["data"] == {"verified": True}
    assert TotpDevice.objects.get().secret == second


def test_a_session_may_show_that_its_code_works(member: PersonClient) -> None:
    secret, _ = enrol(member)

    assert member.post(VERIFY, {"code": code(secret, steps=1)}).json()["data"] == {"verified": True}
    assert member.post(VERIFY, {"code": code(secret, steps=1)}).status_code == 400


def test_a_session_may_show_that_a_recovery_code_works(member: PersonClient) -> None:
    _, codes = enrol(member)

    assert member.post(VERIFY, {"code": codes[0]}).json()["data"] == {"verified": True}

    assert member.get(f"{TWO_FACTOR}/backup-codes").json()["data"] == {"left": 9}
    assert member.post(VERIFY, {"code": codes[0]}).status_code == 400


@pytest.mark.usefixtures("one_moment")
def test_guessing_in_a_session_is_stopped_like_guessing_at_the_door(member: PersonClient) -> None:
    secret, _ = enrol(member)

    answers = {member.post(VERIFY, {"code": wrong_code(secret)}).status_code for _ in range(12)}

    assert answers == {400, 429}
    assert member.post(VERIFY, {"code": code(secret, steps=1)}).status_code == 429


def test_signing_in_takes_the_code_after_the_password(ada: User, secret: str) -> None:
    client = ApiClient()
    token = pending_of(ada, client)
    assert not Session.objects.exists()
    assert not client.cookies

    answer = client.post(VERIFY, {"token": token, "code": code(secret)})

    data = answer.json()["data"]
    assert (data["verified"], data["tokenType"], data["expiresIn"]) == (True, "Bearer", 300)
    assert data["user"]["email"] == "ada@example.test"
    session = Session.objects.get()
    assert (session.kind, session.methods, session.two_factor_at is not None) == ("tokens", ["otp", "pwd"], True)
    me = ApiClient(headers={"Authorization": f"Bearer {data['accessToken']}"}).get("/auth/me")
    assert me.json()["email"] == "ada@example.test"
    assert {"at", "rt"} <= set(client.cookies)


def test_signing_in_takes_a_recovery_code_once(member: PersonClient) -> None:
    _, codes = enrol(member)

    first = ApiClient().post(VERIFY, {"token": pending_of(member.user), "code": codes[3].upper().replace("-", " ")})
    second = ApiClient().post(VERIFY, {"token": pending_of(member.user), "code": codes[3]})

    assert (first.status_code, second.status_code) == (200, 401)
    assert member.get(f"{TWO_FACTOR}/backup-codes").json()["data"] == {"left": 9}
    used = AuditEvent.objects.get(action="two_factor.use_backup_code")
    assert used.changes == {"left": 9}
    assert Mail.objects.filter(subject="A recovery code was used").count() == 1


def test_signing_in_takes_a_passkey_in_the_place_of_the_code(ada: User) -> None:
    passkey = authenticators.passkey_of(ada)
    client = ApiClient()
    token = pending_of(ada, client)
    options = client.post(f"{TWO_FACTOR}/options", {"token": token}).json()["data"]["publicKey"]

    answer = client.post(VERIFY, {"token": token, "passkey": passkey.asserted(options)})

    assert answer.status_code == 200
    assert Session.objects.get().methods == ["hwk", "pwd"]


def test_a_sign_in_of_the_pages_becomes_a_session_of_the_pages(ada: User, secret: str) -> None:
    token = pending_sign_in.begin(ada, form="pages", methods=["pwd"])
    client = ApiClient()

    answer = client.post(VERIFY, {"token": token, "code": code(secret)})

    data = answer.json()["data"]
    assert (set(data), data["user"]["email"]) == ({"verified", "user"}, "ada@example.test")
    session = Session.objects.get()
    assert (session.kind, session.methods, session.two_factor_at is not None) == ("pages", ["otp", "pwd"], True)
    assert client.get("/auth/me").status_code == 200
    assert not {"at", "rt"} & set(client.cookies)


@pytest.mark.parametrize("broken", ["", "extensions that are cut off", "extensions that are deep"])
def test_a_passkey_that_is_refused_leaves_the_sign_in_waiting(ada: User, secret: str, broken: str) -> None:
    passkey = authenticators.passkey_of(ada, origin="" if broken else "https://evil.example")
    token = pending_of(ada)
    options = ApiClient().post(f"{TWO_FACTOR}/options", {"token": token}).json()["data"]["publicKey"]
    answer = authenticators.unreadable(passkey.asserted(options), broken)

    assert ApiClient().post(VERIFY, {"token": token, "passkey": answer}).status_code == 401
    assert ApiClient().post(VERIFY, {"token": token, "code": code(secret)}).status_code == 200


def test_options_are_given_to_a_pending_sign_in_only(anonymous: ApiClient) -> None:
    assert anonymous.post(f"{TWO_FACTOR}/options", {"token": "pend_nothing"}).status_code == 401


@pytest.mark.parametrize("body", [{"code": "1"}, {}, {"token": "pend_nothing", "code": "123456"}], ids=str)
def test_nobody_gets_in_without_a_pending_sign_in(anonymous: ApiClient, body: dict[str, str]) -> None:
    assert anonymous.post(VERIFY, body).status_code == 401


@pytest.mark.parametrize("path", ["/auth/me", "/api/v1/users/me", "/api/v1/profile", "/api/v1/organizations"])
def test_half_a_sign_in_is_none(ada: User, secret: str, path: str) -> None:
    begun = ApiClient()
    token = pending_of(ada, begun)

    assert begun.get(path).status_code == 401
    assert ApiClient(headers={"Authorization": f"Bearer {token}"}).get(path).status_code == 401
    for cookie in ("at", "rt", settings.SESSION_COOKIE_NAME):
        client = ApiClient()
        client.cookies[cookie] = token
        assert (client.get(path).status_code, client.post("/auth/refresh").status_code) == (401, 401)


def test_the_body_must_hold_a_proof(ada: User, secret: str, member: PersonClient) -> None:
    for client, body in ((ApiClient(), {"token": pending_of(ada)}), (member, {})):
        answer = client.post(VERIFY, body)
        assert answer.status_code == 400
        assert answer.json()["error"]["details"] == [{"field": "code", "message": "This field is required."}]


def test_five_wrong_codes_end_a_pending_sign_in(ada: User, secret: str) -> None:
    token = pending_of(ada)
    refused = [ApiClient().post(VERIFY, {"token": token, "code": wrong_code(secret)}) for _ in range(5)]
    assert {answer.status_code for answer in refused} == {401}

    assert ApiClient().post(VERIFY, {"token": token, "code": code(secret)}).status_code == 401
    assert not Session.objects.exists()


def test_the_fifth_try_may_still_be_the_right_one(ada: User, secret: str) -> None:
    token = pending_of(ada)
    for _ in range(4):
        ApiClient().post(VERIFY, {"token": token, "code": wrong_code(secret)})

    assert ApiClient().post(VERIFY, {"token": token, "code": code(secret)}).status_code == 200


@pytest.mark.usefixtures("one_moment")
def test_a_new_pending_sign_in_gives_a_guesser_no_new_tries(ada: User, secret: str) -> None:
    wrong = wrong_code(secret)
    answers = [ApiClient().post(VERIFY, {"token": pending_of(ada), "code": wrong}).status_code for _ in range(11)]

    assert answers == [401] * 10 + [429]
    held = ApiClient().post(VERIFY, {"token": pending_of(ada), "code": code(secret)})
    assert held.status_code == 429
    assert 0 < int(held.headers["Retry-After"]) <= 15 * 60
    assert Mail.objects.filter(subject="Somebody is guessing your codes").count() == 1


@pytest.mark.usefixtures("one_moment")
def test_a_passkey_still_works_while_codes_are_not_taken(ada: User, secret: str) -> None:
    for _ in range(10):
        ApiClient().post(VERIFY, {"token": pending_of(ada), "code": wrong_code(secret)})
    passkey = authenticators.passkey_of(ada)
    token = pending_of(ada)
    options = ApiClient().post(f"{TWO_FACTOR}/options", {"token": token}).json()["data"]["publicKey"]

    assert ApiClient().post(VERIFY, {"token": token, "passkey": passkey.asserted(options)}).status_code == 200


def test_a_pending_sign_in_lives_five_minutes(ada: User, secret: str) -> None:
    token = pending_of(ada)
    PendingSignIn.objects.update(expires_at=clock.wall() - timedelta(seconds=1))

    assert ApiClient().post(VERIFY, {"token": token, "code": code(secret)}).status_code == 401


def test_a_pending_sign_in_is_completed_once(ada: User, secret: str) -> None:
    token = pending_of(ada)
    assert ApiClient().post(VERIFY, {"token": token, "code": code(secret)}).status_code == 200

    assert ApiClient().post(VERIFY, {"token": token, "code": code(secret, steps=1)}).status_code == 401
    assert Session.objects.count() == 1


def test_a_code_is_taken_once(ada: User, secret: str) -> None:
    now = code(secret)
    assert ApiClient().post(VERIFY, {"token": pending_of(ada), "code": now}).status_code == 200

    assert ApiClient().post(VERIFY, {"token": pending_of(ada), "code": now}).status_code == 401
    assert ApiClient().post(VERIFY, {"token": pending_of(ada), "code": code(secret, steps=-1)}).status_code == 401


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_of_another_time_is_refused(ada: User, secret: str, steps: int) -> None:
    assert ApiClient().post(VERIFY, {"token": pending_of(ada), "code": code(secret, steps=steps)}).status_code == 401


@pytest.mark.parametrize("change", [{"status": "suspended"}, {"security_version": 2}], ids=str)
def test_what_ends_a_persons_sign_ins_ends_the_pending_ones(ada: User, secret: str, change: dict[str, Any]) -> None:
    token = pending_of(ada)
    User.objects.filter(pk=ada.pk).update(**change)

    assert ApiClient().post(VERIFY, {"token": token, "code": code(secret)}).status_code == 401


def test_a_pending_token_is_no_credential(ada: User, secret: str) -> None:
    token = pending_of(ada)
    bearer = ApiClient(headers={"Authorization": f"Bearer {token}"})
    in_cookies = ApiClient()
    in_cookies.cookies["at"] = in_cookies.cookies["rt"] = token

    for client in (bearer, in_cookies):
        assert client.get("/api/v1/users/me").status_code == 401
        assert client.get(f"{TWO_FACTOR}/status").status_code == 401
    assert in_cookies.post("/auth/refresh").status_code == 401


def test_a_set_password_does_not_go_around_the_second_factor(ada: User, secret: str) -> None:
    ada.set_password("another lantern 42")
    ada.save()

    answer = ApiClient().post(LOGIN, {"email": ada.email, "password": "another lantern 42"})

    assert answer.json().keys() == {"requires2FA", "pendingToken"}


def test_turning_off_takes_a_proof(member: PersonClient) -> None:
    secret, codes = enrol(member)
    used = ApiClient().post(VERIFY, {"token": pending_of(member.user), "code": codes[0]})
    assert used.status_code == 200

    bare = member.post(f"{TWO_FACTOR}/disable", {})
    assert (bare.status_code, bare.json()["error"]["code"]) == (403, "STEP_UP_REQUIRED")
    for proof in (codes[0], wrong_code(secret), code(secret)):
        assert member.post(f"{TWO_FACTOR}/disable", {"code": proof}).status_code == 400
    assert TotpDevice.objects.exists()

    off = member.post(f"{TWO_FACTOR}/disable", {"code": code(secret, steps=1)})

    assert off.json()["data"]["enabled"] is False
    assert not TotpDevice.objects.exists()
    assert not User.objects.exclude(recovery_digests=[]).exists()
    assert Session.objects.filter(user=member.user, revoked_at=None).count() == 1


def test_turning_off_what_is_not_on_is_a_conflict(member: PersonClient) -> None:
    granted = member.post("/auth/step-up", {"purpose": "two_factor.disable", "password": PASSWORD})
    assert granted.status_code == 200

    assert member.post(f"{TWO_FACTOR}/disable", {}).status_code == 409


def test_new_recovery_codes_take_a_proof_and_replace_the_old(member: PersonClient) -> None:
    secret, old = enrol(member)
    bare = member.post(f"{TWO_FACTOR}/backup-codes")
    assert (bare.status_code, bare.json()["error"]["code"]) == (403, "STEP_UP_REQUIRED")
    assert bare.json()["error"]["details"] == [{"field": "purpose", "message": "backup_codes.generate"}]

    member.post("/auth/step-up", {"purpose": "backup_codes.generate", "code": code(secret, steps=1)})
    new = member.post(f"{TWO_FACTOR}/backup-codes").json()["data"]["backupCodes"]

    assert len(set(new)) == 10
    assert not set(new) & set(old)
    refused = ApiClient().post(VERIFY, {"token": pending_of(member.user), "code": old[0]})
    accepted = ApiClient().post(VERIFY, {"token": pending_of(member.user), "code": new[0]})
    assert (refused.status_code, accepted.status_code) == (401, 200)


def test_recovery_codes_are_no_use_without_a_second_factor(member: PersonClient) -> None:
    member.post("/auth/step-up", {"purpose": "backup_codes.generate", "password": PASSWORD})

    assert member.post(f"{TWO_FACTOR}/backup-codes").status_code == 409

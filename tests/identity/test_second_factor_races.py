"""The second factor before many processes at once, on both databases: what is spent is spent for all of them."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from identity.models import PasskeyChallenge, PendingSignIn, Session, TotpDevice
from identity.services import passkeys, pending_sign_in, recovery_codes, totp
from tests import authenticators, make
from tests.authenticators import code, wrong_code
from tests.clients import ApiClient
from tests.processes import race, shared_database

pytestmark = pytest.mark.django_db(transaction=True)
VERIFY = "/api/v1/auth/2fa/verify"


@pytest.fixture(autouse=True)
def _shared(tmp_path: Path) -> Iterator[None]:
    # Loads what a first request loads, once for all of the processes.
    ApiClient().post(VERIFY, {"token": "pend_none"})
    with shared_database(tmp_path):
        yield


def verified(token: str, **proof: Any) -> int:
    status: int = ApiClient().post(VERIFY, {"token": token, **proof}).status_code
    return status


def test_a_code_is_taken_from_one_of_many_sign_ins() -> None:
    user = make.user()
    now = code(authenticators.app_of(user))
    tokens = [pending_sign_in.begin(user, form="tokens", methods=["pwd"]) for _ in range(6)]

    outcomes = race(6, lambda number: verified(tokens[number], code=now))

    assert Counter(outcomes) == {200: 1, 401: 5}
    assert Session.objects.count() == 1


def test_a_device_accepts_a_code_once() -> None:
    device_of = authenticators.app_of(make.user())
    now, device = code(device_of), TotpDevice.objects.get()

    assert Counter(race(8, lambda _: totp.accept(device, now))) == {True: 1, False: 7}


def test_one_pending_sign_in_is_completed_by_one_of_many_right_codes() -> None:
    user = make.user()
    codes = recovery_codes.generate(user, by=user)
    token = pending_sign_in.begin(user, form="tokens", methods=["pwd"])

    outcomes = race(5, lambda number: verified(token, code=codes[number]))

    assert Counter(outcomes) == {200: 1, 401: 4}
    assert Session.objects.count() == 1


def test_guesses_at_once_are_no_more_than_five_a_sign_in_and_ten_in_all() -> None:
    user = make.user()
    wrong = wrong_code(authenticators.app_of(user))
    tokens = [pending_sign_in.begin(user, form="tokens", methods=["pwd"]) for _ in range(3)]

    # A guess that comes while another of the same sign-in is looked at is refused uncounted, so that at least one of
    # each counts: after four rounds nothing is left to guess with, however the processes took turns.
    for _ in range(5):
        outcomes = race(24, lambda number: verified(tokens[number % 3], code=wrong))
        assert set(outcomes) <= {401, 429}
        user.refresh_from_db()
        assert user.wrong_codes <= 10

    assert user.wrong_codes == 10
    assert all(tries <= 5 for tries in PendingSignIn.objects.values_list("tries", flat=True))


def test_a_passkeys_answer_is_taken_once() -> None:
    user = make.user()
    passkey = authenticators.passkey_of(user)
    answer = passkey.asserted(passkeys.request_options(PasskeyChallenge.Purpose.SIGN_IN))

    def sign_in(_: int) -> int:
        status: int = ApiClient().post("/api/v1/auth/passkeys/sign-in", {"passkey": answer}).status_code
        return status

    assert Counter(race(6, sign_in)) == {200: 1, 401: 5}

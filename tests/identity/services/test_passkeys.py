"""Where passkeys can be used, and that a question belongs to what it was put for."""

from typing import Any

import pytest

from identity.models import Passkey, PasskeyChallenge
from identity.services import passkeys
from tests import authenticators, make
from tests.authenticators import SoftPasskey

Purpose = PasskeyChallenge.Purpose
ADDRESSES = {
    "https://app.example.test": True,
    "https://192.0.2.1": False,
    "http://localhost:8000": True,
    "http://demo.localhost": True,
    "http://127.0.0.1:8000": False,
    "http://[::1]:8000": False,
    "http://app.example.test": False,
}


@pytest.mark.parametrize(("address", "possible"), ADDRESSES.items())
def test_browsers_offer_passkeys_at_names_over_https(settings: Any, address: str, possible: bool) -> None:
    settings.BASE_URL = address

    assert passkeys.are_possible() is possible


@pytest.mark.parametrize("put_for", [Purpose.SECOND_FACTOR, Purpose.SIGN_IN, Purpose.REGISTER])
def test_an_answer_serves_what_it_was_asked_for(put_for: PasskeyChallenge.Purpose) -> None:
    user = make.user()
    passkey = authenticators.passkey_of(user)
    options = passkeys.request_options(put_for, user)

    with pytest.raises(passkeys.Refused):
        passkeys.accept(Purpose.STEP_UP, passkey.asserted(options), user)


def test_a_question_to_one_person_is_not_answered_for_another() -> None:
    ada, bob = make.user(), make.user()
    passkey = authenticators.passkey_of(bob)
    options = passkeys.request_options(Purpose.STEP_UP, ada)

    with pytest.raises(passkeys.Refused):
        passkeys.accept(Purpose.STEP_UP, passkey.asserted(options), bob)
    with pytest.raises(passkeys.Refused):
        passkeys.accept(Purpose.STEP_UP, passkey.asserted(options), ada)


def test_no_private_half_is_ever_here() -> None:
    user = make.user()
    soft = SoftPasskey()
    passkeys.store(passkeys.made(user, soft.created(passkeys.registration_options(user)), name="Laptop"))

    kept = Passkey.objects.get()
    private = soft.key.private_numbers().private_value.to_bytes(32, "big")
    assert private not in bytes.fromhex(kept.credential.encode().hex())
    assert str(kept) == "Laptop"

"""Where passkeys can be used, and that a question belongs to what it was put for."""

from typing import Any

import pytest
from fido2.utils import websafe_encode
from hypothesis import given
from hypothesis import strategies as st

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


BYTES = st.one_of(
    st.binary(max_size=80),
    # What a reader of CBOR or of an authenticator's data goes on reading.
    st.builds(
        lambda start, rest: start + rest, st.sampled_from([b"\xa1\x63fmt", b"\x9b", b"\x19"]), st.binary(max_size=20)
    ),
    st.builds(lambda flags, rest: b"\0" * 32 + flags + rest, st.binary(min_size=5, max_size=5), st.binary(max_size=40)),
    st.builds(lambda byte, times: byte * times, st.sampled_from([b"[", b"\x81", b"\xa1"]), st.integers(1, 3000)),
)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        name: BYTES.map(websafe_encode) | st.none() | st.text(max_size=5) | st.integers()
        for name in ("clientDataJSON", "authenticatorData", "attestationObject", "signature", "userHandle")
    },
)


@given(parts=PARTS)
def test_whatever_is_answered_is_refused_or_nothing(parts: dict[str, Any]) -> None:
    user = make.user()
    registration, question = passkeys.registration_options(user), passkeys.request_options(Purpose.SIGN_IN)
    soft = SoftPasskey()
    created, asserted = soft.created(registration), soft.asserted(question)
    for answer in (created, asserted):
        answer["response"] |= parts

    with pytest.raises(passkeys.Refused):
        passkeys.accept(Purpose.SIGN_IN, asserted)
    if parts.keys() & {"clientDataJSON", "attestationObject"}:
        with pytest.raises(passkeys.Refused):
            passkeys.made(user, created, name="Laptop")


def test_no_private_half_is_ever_here() -> None:
    user = make.user()
    soft = SoftPasskey()
    passkeys.store(passkeys.made(user, soft.created(passkeys.registration_options(user)), name="Laptop"))

    kept = Passkey.objects.get()
    private = soft.key.private_numbers().private_value.to_bytes(32, "big")
    assert private not in bytes.fromhex(kept.credential.encode().hex())
    assert str(kept) == "Laptop"

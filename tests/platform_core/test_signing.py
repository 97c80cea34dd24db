"""Signatures that an independent reader of the standard would make."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from platform_core import signing

# The example of the Standard Webhooks libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_the_standards_own_example() -> None:
    assert signing.signature(SECRET, ID, 1614265330, BODY) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_headers_of_a_delivery() -> None:
    other = signing.new_secret()

    headers = signing.headers([SECRET, other], ID, "thing.changed", BODY, AT)

    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert headers == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= "
        + signing.signature(other, ID, 1614265330, BODY),
        "X-LetsBe-Signature": hmac.new(key, BODY, hashlib.sha256).hexdigest(),
        "X-LetsBe-Timestamp": "1614265330",
        "X-LetsBe-Event": "thing.changed",
    }


def test_either_of_two_secrets_verifies_while_one_replaces_the_other() -> None:
    old, new = signing.new_secret(), signing.new_secret()
    headers = signing.headers([new, old], ID, "x", BODY, AT)

    assert signing.verify([old], headers, BODY, AT)
    assert signing.verify([new], headers, BODY, AT)
    assert signing.verify([signing.new_secret(), old], headers, BODY, AT)
    assert not signing.verify([signing.new_secret()], headers, BODY, AT)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_stale_message_is_refused(seconds: int) -> None:
    headers = signing.headers([SECRET], ID, "x", BODY, AT)

    assert not signing.verify([SECRET], headers, BODY, AT + timedelta(seconds=seconds))
    assert signing.verify([SECRET], headers, BODY, AT + timedelta(seconds=seconds // 2))


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_other"},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": ""},
        {"webhook-id": None},
    ],
)
def test_an_altered_message_is_refused(change: dict[str, str | None]) -> None:
    headers = {**signing.headers([SECRET], ID, "x", BODY, AT), **change}

    given = {name: value for name, value in headers.items() if value is not None}
    assert not signing.verify([SECRET], given, BODY, AT)


def test_an_altered_body_is_refused() -> None:
    assert not signing.verify([SECRET], signing.headers([SECRET], ID, "x", BODY, AT), BODY + b" ", AT)


def test_secrets_are_read_in_both_alphabets() -> None:
    assert signing.key_of("whsec_-_-_") == signing.key_of("whsec_+/+/") == b"\xfb\xff\xbf"
    assert signing.key_of("whsec_AAA=") == signing.key_of("whsec_AAA") == b"\0\0"
    assert len(signing.key_of(signing.new_secret())) == 32

"""Codes of authenticator apps: the RFC's own examples, and that each is taken once."""

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from identity.models import TotpDevice
from identity.services import totp
from identity.services.totp import step_now
from platform_core import clock
from tests import authenticators, make

# RFC 6238, appendix B, for SHA-1, shortened to six digits.
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC = [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")]


@pytest.mark.parametrize(("seconds", "code"), RFC)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert totp.code_at(RFC_SECRET, seconds // 30) == code


def test_the_address_is_what_apps_read() -> None:
    secret = totp.new_secret()

    parts = urlsplit(totp.address(secret, "ada+home@example.test"))

    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Mainstay:ada%2Bhome%40example.test")
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert query == {"secret": secret, "issuer": "Mainstay", "algorithm": "SHA1", "digits": "6", "period": "30"}


def test_secrets_are_160_bits() -> None:
    assert len(base64.b32decode(totp.new_secret())) == 20
    assert totp.new_secret() != totp.new_secret()


def test_a_code_and_those_before_it_are_taken_once() -> None:
    secret = authenticators.app_of(make.user())
    device = TotpDevice.objects.get()

    taken = [totp.accept(device, authenticators.code(secret, steps=steps)) for steps in (0, 0, -1, 1, 1)]

    assert taken == [True, False, False, True, False]


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "12345\0"])
def test_what_is_no_code_is_refused(code: str) -> None:
    authenticators.app_of(make.user())

    assert totp.accept(TotpDevice.objects.get(), code) is False


def test_steps_are_half_minutes_since_1970(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "wall", lambda: datetime(1970, 1, 1, 0, 1, 29, tzinfo=UTC))

    assert step_now() == 2

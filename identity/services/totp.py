"""Codes of authenticator apps (RFC 6238): six digits, thirty seconds, one step of tolerance to either side."""

import base64
import hmac
import secrets
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings

from identity.models import TotpDevice
from platform_core import clock

DIGITS = 6
STEP_SECONDS = 30
TOLERANCE = 1


def new_secret() -> str:
    """160 random bits in base32, as people type it where they cannot scan."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def address(secret: str, account: str) -> str:
    """The otpauth:// address that the QR code holds."""
    app = TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303 - see _hotp
    return app.get_provisioning_uri(account, settings.SITE_NAME)


def step_now() -> int:
    """The time step that the clock is in."""
    return int(clock.wall().timestamp()) // STEP_SECONDS


def code_at(secret: str, step: int) -> str:
    """The code that an app shows during a time step."""
    return _hotp(secret).generate(step).decode()


def accept(device: TotpDevice, code: str, **changes: Any) -> bool:
    """Whether the code is the app's and newer than any accepted before; of all workers that ask, one is told yes.

    `changes` are written with it to the app's row.
    """
    step = step_of(device.secret, code)
    if step is None:
        return False
    newer = TotpDevice.objects.filter(pk=device.pk, last_step__lt=step)
    return newer.update(last_step=step, **changes) == 1


def step_of(secret: str, code: str) -> int | None:
    """The latest of the time steps that count whose code this is; None where it is of none."""
    now = step_now()
    # All are compared, whatever matches: the time taken tells nothing.
    steps = [
        step
        for step in range(now - TOLERANCE, now + TOLERANCE + 1)
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode())
    ]
    return max(steps, default=None)


def _hotp(secret: str) -> HOTP:
    return HOTP(base64.b32decode(secret), DIGITS, SHA1())  # noqa: S303 - what every authenticator app speaks

"""Opaque credentials: 256 random bits behind a prefix, stored as a peppered HMAC-SHA-256.

A random secret needs no slow hash; the pepper, kept outside the database, makes a stolen table useless. The digest
names its pepper, so peppers rotate by listing the new one first in TOKEN_PEPPERS ("<id>:<secret>").
"""

import hashlib
import hmac
import secrets

from django.conf import settings


def _peppers() -> list[tuple[str, bytes]]:
    pairs = (entry.partition(":") for entry in settings.TOKEN_PEPPERS)
    return [(pepper_id, secret.encode()) for pepper_id, _, secret in pairs]


def _digest(pepper_id: str, pepper: bytes, token: str) -> str:
    return f"{pepper_id}:{hmac.new(pepper, token.encode(), hashlib.sha256).hexdigest()}"


def new(prefix: str) -> str:
    """A fresh token, `<prefix>_<43 characters>`. Show it once; store only its digest."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def digest(token: str) -> str:
    """The form that is stored, under the newest pepper."""
    pepper_id, pepper = _peppers()[0]
    return _digest(pepper_id, pepper, token)


def digests(token: str) -> list[str]:
    """Every form under which this token may be stored: look a row up with `digest__in`."""
    return [_digest(pepper_id, pepper, token) for pepper_id, pepper in _peppers()]

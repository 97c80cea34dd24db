"""Secrets at rest: Fernet (AES-128-CBC + HMAC-SHA-256) under keys derived from FIELD_ENCRYPTION_KEYS.

The stored text is `<key id>:<token>`; the newest key encrypts, every listed key decrypts, so keys rotate by listing
the new one first and running `manage.py rotate_keys`.
"""

import base64
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.lookups import Lookup

    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class DecryptionError(RuntimeError):
    """No configured key opens a stored secret."""


def _key_id(secret: str) -> str:
    return hashlib.sha256(b"id:" + secret.encode()).hexdigest()[:8]


def newest_key_id() -> str:
    """How text begins that the newest key encrypted."""
    return _key_id(settings.FIELD_ENCRYPTION_KEYS[0])


@lru_cache(maxsize=32)
def _fernet(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"field:" + secret.encode()).digest()))


def encrypt(plain: str) -> str:
    """Encrypt under the newest key."""
    secret: str = settings.FIELD_ENCRYPTION_KEYS[0]
    return f"{_key_id(secret)}:{_fernet(secret).encrypt(plain.encode()).decode()}"


def decrypt(stored: str) -> str:
    """Decrypt under whichever configured key made it; raises DecryptionError when none did."""
    key_id, _, token = stored.partition(":")
    for secret in settings.FIELD_ENCRYPTION_KEYS:
        if _key_id(secret) == key_id:
            try:
                return _fernet(secret).decrypt(token.encode()).decode()
            except InvalidToken as error:
                raise DecryptionError("A stored secret was altered.") from error
    raise DecryptionError(f"No key in FIELD_ENCRYPTION_KEYS has the id {key_id!r}.")


class EncryptedTextField(_TextField):
    """Text that the database only ever sees encrypted. It cannot be filtered on."""

    def get_lookup(self, lookup_name: str) -> "type[Lookup[Any]] | None":
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: no two encryptions of a text are the same.")
        return super().get_lookup(lookup_name)

    def get_prep_value(self, value: Any) -> Any:
        return value if value in (None, "") else encrypt(str(value))

    def from_db_value(self, value: str | None, expression: Any, connection: "BaseDatabaseWrapper") -> str | None:
        return value if value in (None, "") else decrypt(str(value))

"""The keys of access tokens: one signs, those before it verify for a while, and all of these are published."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.db import IntegrityError, transaction
from jwt.algorithms import ECAlgorithm

from identity.models import SigningKey
from platform_core import clock, scoping, transactions
from platform_core.services import audit

ALGORITHM = "ES256"
HELD_FOR = timedelta(seconds=5)


@dataclass(frozen=True)
class Signer:
    """A private key as the library wants it, and the id by which it is published."""

    pk: UUID
    key: EllipticCurvePrivateKey


_HELD: dict[str, tuple[datetime, Signer]] = {}


def _make() -> SigningKey:
    pair = ec.generate_private_key(ec.SECP256R1())
    private = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return SigningKey.objects.create(private_key=private.decode(), public_key=public.decode())


def _make_once() -> SigningKey:
    """The unique index lets one of all who make a key at once through; the others use that one's."""
    try:
        with transaction.atomic():
            return _make()
    except IntegrityError:
        return SigningKey.objects.get(is_signing=True)


def signing_key() -> SigningKey:
    """The key that signs, made when it is first needed."""
    return SigningKey.objects.filter(is_signing=True).first() or _make_once()


def signer() -> Signer:
    """The key that signs, ready to sign. A process asks for it anew after seconds, so that rotation reaches it."""
    held = _HELD.get(ALGORITHM)
    if held is not None and clock.wall() < held[0]:
        return held[1]
    key = signing_key()
    ready = Signer(key.pk, cast("EllipticCurvePrivateKey", load_pem_private_key(key.private_key.encode(), None)))
    if not transactions.is_open():
        # One that was made in a transaction may yet be undone.
        _HELD[ALGORITHM] = (clock.wall() + HELD_FOR, ready)
    return ready


def forget() -> None:
    """Ask the database again."""
    _HELD.clear()


def rotate(*, overlap: timedelta) -> SigningKey:
    """Let a new key sign. The one before loses its private half now and verifies for the overlap."""
    with transaction.atomic(), scoping.system():
        before = list(SigningKey.objects.select_for_update().filter(is_signing=True))
        retires_at = clock.wall() + overlap
        SigningKey.objects.filter(pk__in=[key.pk for key in before]).update(
            is_signing=False, private_key="", retires_at=retires_at
        )
        key = _make()
        audit.record("signing_key.rotate", key, by=None, changes={"before_verify_until": retires_at})
    forget()
    return key


def published() -> list[dict[str, Any]]:
    """Every key that verifies, as RFC 7517 writes it, the newest first."""
    return [_published(key) for key in SigningKey.objects.verifying().order_by("-created_at", "-id")]


def _published(key: SigningKey) -> dict[str, Any]:
    public: Any = load_pem_public_key(key.public_key.encode())
    return {**ECAlgorithm.to_jwk(public, as_dict=True), "kid": str(key.pk), "use": "sig", "alg": ALGORITHM}

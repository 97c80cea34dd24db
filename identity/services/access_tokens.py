"""Access tokens: short, signed, naming a person and a sign-in, and never what they may do (RFC 9068)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.db.models import QuerySet, Subquery
from jwt.types import Options

from identity import permissions
from identity.models import Session, SigningKey
from identity.services import sessions
from identity.services.signing_keys import ALGORITHM, signer
from platform_core import clock, foreign_json
from platform_core.errors import NotAuthenticated
from platform_core.prepared import Prepared
from platform_core.services import daily_counts

TYPE = "at+jwt"
AUDIENCE = "mainstay"
LEEWAY = timedelta(seconds=30)
OPTIONS: Options = {
    "require": ["iss", "aud", "sub", "sid", "jti", "iat", "exp"],
    # PyJWT would compare with its own clock.
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


@dataclass(frozen=True)
class AccessToken:
    """What a valid token says, beside its sign-in as the database knows it now."""

    session: Session
    organization_id: UUID | None


def sign(session: Session, *, seconds: int) -> str:
    """A token for this sign-in."""
    now = int(clock.wall().timestamp())
    claims: dict[str, Any] = {
        "iss": settings.BASE_URL,
        "aud": AUDIENCE,
        "sub": str(session.user_id),
        "sid": str(session.pk),
        "jti": str(uuid4()),
        "iat": now,
        "exp": now + seconds,
    }
    if session.organization_id is not None:
        claims["organization_id"] = str(session.organization_id)
    daily_counts.add(session.organization_id, "tokens_issued")
    key = signer()
    return jwt.encode(claims, key.key, algorithm=ALGORITHM, headers={"kid": str(key.pk), "typ": TYPE})


def verify(token: str, *, for_staff: bool = False) -> AccessToken:
    """The sign-in that a token proves; 401 for any other token, whatever is wrong with it.

    `for_staff`: with what its person may do.
    """
    try:
        return _verified(token, for_staff=for_staff)
    except (jwt.PyJWTError, KeyError, ValueError) as error:
        raise NotAuthenticated("The access token is not valid.") from error


def _known(session_id: UUID, key_id: UUID) -> "QuerySet[Session]":
    key = SigningKey.objects.filter(pk=key_id)
    # Left out is what only a refresh needs.
    known = Session.objects.filter(kind=Session.Kind.TOKENS, pk=session_id).defer("spent", "token_digest", "handle")
    return known.select_related("user").annotate(
        public_key=Subquery(key.values("public_key")[:1]), key_retires_at=Subquery(key.values("retires_at")[:1])
    )


def _known_staff(session_id: UUID, key_id: UUID) -> "QuerySet[Session]":
    return _known(session_id, key_id).annotate(held_permissions=permissions.held_by("user"))


KNOWN = Prepared(_known)
KNOWN_STAFF = Prepared(_known_staff)


def _verified(token: str, *, for_staff: bool) -> AccessToken:
    session, public_key = _named_in(token, for_staff=for_staff)
    claims = _signed(token, public_key, settings.BASE_URL)
    if claims["sub"] != str(session.user_id) or not session.is_usable or not _in_time(claims, clock.wall()):
        raise jwt.InvalidTokenError("The sign-in has ended.")
    sessions.seen(session)
    organization_id = claims.get("organization_id")
    return AccessToken(session, UUID(organization_id) if organization_id else None)


@lru_cache(maxsize=2048)
def _signed(token: str, public_key: str, issuer: str) -> Mapping[str, Any]:
    """What the token says, if this key signed it. That never changes, so a caller's next request need not ask again;
    whether it is in time, and whether sign-in and key still count, is asked each time.
    """
    claims: dict[str, Any] = jwt.decode(
        token,
        _loaded(public_key),  # type: ignore[arg-type]  # the algorithm says of which kind
        algorithms=[ALGORITHM],
        audience=AUDIENCE,
        issuer=issuer,
        options=OPTIONS,
    )
    return claims


def _named_in(token: str, *, for_staff: bool) -> tuple[Session, str]:
    """Sign-in, person and public key in one query, by what the token claims before any of it is believed."""
    session: Any = (KNOWN_STAFF if for_staff else KNOWN).first(*_names_in(token))
    if session is None or not session.public_key or _is_over(session.key_retires_at):
        raise jwt.InvalidTokenError("No such sign-in, or no such key.")
    if for_staff:
        permissions.came_with(session, session.user)
    return session, session.public_key


@lru_cache(maxsize=2048)
def _names_in(token: str) -> tuple[UUID, UUID]:
    """The sign-in and the key that a token names."""
    header, named = (_unverified(part) for part in token.split(".")[:2])
    if header.get("typ") != TYPE:
        raise jwt.InvalidTokenError("Not an access token.")
    return UUID(str(named["sid"])), UUID(str(header["kid"]))


def _unverified(part: str) -> dict[str, Any]:
    """One part of a token as its writer wrote it. PyJWT reads the whole of it again, with the key."""
    found = foreign_json.read(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode())
    if not isinstance(found, dict):
        raise jwt.DecodeError("A token's parts are objects.")
    return found


def _is_over(moment: datetime | None) -> bool:
    return moment is not None and moment <= clock.wall()


@lru_cache(maxsize=8)
def _loaded(pem: str) -> PublicKeyTypes:
    return load_pem_public_key(pem.encode())


def _in_time(claims: Mapping[str, Any], now: datetime) -> bool:
    moment, leeway = now.timestamp(), LEEWAY.total_seconds()
    starts = max(int(claims["iat"]), int(claims.get("nbf", 0)))
    return starts - leeway <= moment < int(claims["exp"]) + leeway

"""Sign-ins by token: a short access token, and a refresh token that changes at each use.

A refresh token is `rt_<handle>.<secret>`; only its digest is stored. Its successor is derived from it with a random
salt that the row keeps for the length of the grace: whoever lost a race presents the spent token, and walking the
salts leads them to the same current token that the winner got. So nobody is signed out by two tabs, a spent token
never branches into a second line of tokens, and neither the row nor a stolen token alone yields the next one.
"""

import base64
import functools
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import transaction

from identity.models import Session, User
from identity.services import access_tokens, sessions
from orgs.selectors import organization_in_use
from platform_core import clock, context, scoping, tokens
from platform_core.errors import NotAuthenticated
from platform_core.services import audit, mail

GRACE = timedelta(seconds=20)
ROTATED = ("spent", "token_digest", "rotated_at", "last_seen_at", "idle_expires_at")


@dataclass(frozen=True)
class IssuedTokens:
    """What a sign-in or a refresh hands out; the refresh token is shown here and nowhere else."""

    access_token: str
    refresh_token: str
    expires_in: int
    session: Session
    token_type: ClassVar[str] = "Bearer"  # noqa: S105 - how to present it


def issue(
    user: User,
    *,
    organization_id: UUID | None,
    methods: Iterable[str] = ("pwd",),
    two_factor: bool = False,
    seconds: int | None = None,
    **facts: Any,
) -> IssuedTokens:
    """Begin a sign-in. `seconds` is the life of this first access token; `facts` are of the one it goes on from."""
    token = f"rt_{secrets.token_urlsafe(16)}.{secrets.token_urlsafe(32)}"
    session = sessions.begin(
        user,
        kind=Session.Kind.TOKENS,
        methods=methods,
        two_factor=two_factor,
        organization_id=organization_id,
        handle=_handle(token),
        token_digest=tokens.digest(token),
        rotated_at=clock.wall(),
        **facts,
    )
    return _hand_out(session, token, seconds)


def refresh(token: str) -> IssuedTokens:
    """Spend a refresh token for the next one; a token spent before the grace ends the whole sign-in."""
    with transaction.atomic():
        session = _locked(token)
        successor = _rotate(session, token)
        if successor is None:
            _end_for_reuse(session)
    # Raised outside: the end of the sign-in must be kept.
    if successor is None:
        raise NotAuthenticated("This sign-in was ended: its token was used twice.", code="REFRESH_REUSE")
    return _hand_out(session, successor, None)


def end(token: str) -> None:
    """Sign out whoever holds this refresh token; nothing happens for any other text."""
    session = Session.objects.select_related("user").filter(handle=_handle(token)).first()
    if session is None:
        return
    if session.token_digest in tokens.digests(token) or _position(session, token) is not None:
        sessions.end(session)


def _handle(token: str) -> str:
    return token.removeprefix("rt_").partition(".")[0][:32]


def _hand_out(session: Session, token: str, seconds: int | None) -> IssuedTokens:
    life = seconds or settings.ACCESS_TOKEN_SECONDS
    return IssuedTokens(access_tokens.sign(session, seconds=life), token, life, session)


def _locked(token: str) -> Session:
    found = Session.objects.select_for_update(of=("self",)).select_related("user")
    session = found.filter(handle=_handle(token)).first()
    if session is None or not session.is_usable:
        raise NotAuthenticated("The refresh token is not valid.")
    return session


def _rotate(session: Session, token: str) -> str | None:
    """The token that follows the presented one, or None where that one has no business to be presented."""
    now = clock.wall()
    session.spent = [step for step in session.spent if datetime.fromisoformat(step["until"]) > now]
    if session.token_digest in tokens.digests(token):
        return _spend(session, token, now)
    position = _position(session, token)
    if position is None or session.spent[position]["browser"] != _browser():
        return None
    return functools.reduce(_derive, (step["salt"] for step in session.spent[position:]), token)


def _spend(session: Session, token: str, now: datetime) -> str:
    salt = secrets.token_hex(32)
    successor = _derive(token, salt)
    until = (now + GRACE).isoformat()
    spent = {"digest": session.token_digest, "salt": salt, "until": until, "browser": _browser()}
    session.spent = [*session.spent, spent]
    session.token_digest = tokens.digest(successor)
    session.rotated_at = now
    session.last_seen_at = now
    session.idle_expires_at = now + sessions.idle_life(session.kind)
    # Whoever left an organization does not go on naming it.
    session.organization_id = organization_in_use(session.user, str(session.organization_id))
    session.save(update_fields=[*ROTATED, "organization_id"])
    return successor


def _position(session: Session, token: str) -> int | None:
    """Where in the line of just spent tokens the presented one stands."""
    digests = tokens.digests(token)
    return next((at for at, step in enumerate(session.spent) if step["digest"] in digests), None)


def _browser() -> str:
    """What the browser calls itself: its tabs race each other, and nobody else does."""
    request = context.current()
    return hashlib.sha256((request.user_agent if request else "").encode()).hexdigest()[:16]


def _derive(token: str, salt: str) -> str:
    secret = hmac.new(bytes.fromhex(salt), token.encode(), hashlib.sha256).digest()
    return f"rt_{_handle(token)}.{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"


def _end_for_reuse(session: Session) -> None:
    Session.objects.filter(pk=session.pk).end("reuse")
    with scoping.system():
        audit.record("session.reuse_detected", session.user, by=None, changes={"session": session.pk})
    mail.queue(
        "identity/session_ended", session.user.email, {"name": session.user.name}, key=f"session.reuse:{session.pk}"
    )

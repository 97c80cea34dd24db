"""Handing a sign-in on to a browser: a token that works once, soon, and for nothing else."""

from datetime import timedelta

from django.db import transaction

from identity.models import ExchangeToken, Session
from identity.services import tokens
from identity.services.tokens import IssuedTokens
from platform_core import clock, scoping
from platform_core.errors import NotAuthenticated
from platform_core.services import audit
from platform_core.tokens import digest, digests, new

LIFE = timedelta(seconds=60)


def issue(session: Session) -> str:
    """A token that a browser can trade for cookies of its own; shown once."""
    token = new("xt")
    with transaction.atomic(), scoping.system():
        expires_at = clock.wall() + LIFE
        ExchangeToken.objects.create(session=session, token_digest=digest(token), expires_at=expires_at)
        audit.record("session.hand_on", session.user, by=session.user, changes={"session": session.pk})
    return token


def redeem(token: str) -> IssuedTokens:
    """A sign-in of its own for the browser that brings the token, proved as the first one was and no longer."""
    with transaction.atomic():
        given = _spent(token)
        session = given.session
        return tokens.issue(
            session.user,
            organization_id=session.organization_id,
            methods=session.methods,
            two_factor_at=session.two_factor_at,
            absolute_expires_at=session.absolute_expires_at,
        )


def _spent(token: str) -> ExchangeToken:
    """Of all who bring a token at once, one gets through."""
    found = ExchangeToken.objects.filter(token_digest__in=digests(token)).select_related("session__user").first()
    refused = NotAuthenticated("This token is not valid any more.")
    if found is None or not found.session.is_usable:
        raise refused
    now = clock.wall()
    if not ExchangeToken.objects.filter(pk=found.pk, used_at=None, expires_at__gt=now).update(used_at=now):
        raise refused
    return found

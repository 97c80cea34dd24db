"""Browsers that are signed in, without the event that signing in leaves."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.test import Client

from identity.models import Session, StepUp, User
from identity.services import sessions
from platform_core import clock


def make_session(user: User, kind: str = "pages", **fields: Any) -> Session:
    """The row of a sign-in of this person. Staff have shown their second factor, unless a test says otherwise."""
    fields.setdefault("two_factor_at", clock.wall() if user.is_staff else None)
    lives = sessions.lives(kind, clock.wall())
    return Session.objects.create(user=user, kind=kind, security_version=user.security_version, **{**lives, **fields})


def enter(client: Client, user: User, kind: str = "pages", **fields: Any) -> Session:
    """Let a browser carry a sign-in of this person; staff have entered their console too."""
    session = make_session(user, kind, **fields)
    client.cookies[settings.SESSION_COOKIE_NAME] = str(sessions.store_of(session).session_key)
    if user.is_staff:
        console = sessions.store_of(make_session(user, "console", **fields))
        client.cookies[settings.CONSOLE_COOKIE_NAME] = str(console.session_key)
    return session


def step_up(user: User, *purposes: str) -> None:
    """In every session of theirs, the person has just proved who they are, for these purposes."""
    expires_at = clock.wall() + timedelta(minutes=10)
    for session in user.sessions.all():
        StepUp.objects.bulk_create(
            StepUp(session=session, purpose=purpose, expires_at=expires_at) for purpose in purposes
        )

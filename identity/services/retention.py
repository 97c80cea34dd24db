"""What need not be kept of sign-ins that are over."""

from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.db.models import Q

from identity.models import ExchangeToken, Session, SigningKey
from platform_core import clock

# For so long staff can see where somebody was signed in; the audit log keeps that they were.
ENDED_FOR = timedelta(days=90)


def forget_ended() -> Mapping[str, int]:
    """Delete sign-ins that ended long ago, tokens that were traded, and keys that verify nothing any more."""
    now = clock.wall()
    before = now - ENDED_FOR
    ended = Q(revoked_at__lt=before) | Q(idle_expires_at__lt=before) | Q(absolute_expires_at__lt=before)
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return {
        "sessions": Session.objects.filter(ended).delete()[1].get("identity.Session", 0),
        "exchange_tokens": ExchangeToken.objects.filter(expires_at__lt=now).delete()[0],
        "signing_keys": SigningKey.objects.filter(retires_at__lt=before).delete()[0],
    }

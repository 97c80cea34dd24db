"""What an export of one's data is made of. Each app lists its parts as PERSONAL_DATA in its `tasks.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Model, Q, QuerySet

from identity.models import AnalyticsEvent, DataExport, Passkey, Session, StaffInvitation, User, UserActivity
from orgs.models import Membership
from platform_core import tables
from platform_core.models import AuditEvent, Mail

PROFILE = ("id", "email", "first_name", "last_name", "status", "is_staff", "is_employee", "created_at", "last_login")
SESSION = ("kind", "methods", "ip_address", "user_agent", "created_at", "last_seen_at", "revoked_at", "revoked_reason")
EVENT = ("created_at", "action", "actor_label", "target_type", "target_id", "changes", "ip_address")
# From where staff work, and which of them, is theirs.
STAFF = {"actor_label": "staff", "ip_address": None}
INVITATION = ("email", "role", "sent_at", "expires_at", "accepted_at", "revoked_at")


@dataclass(frozen=True)
class Part:
    """One file of an export: the rows of one model that are about the person, and of each what they may see."""

    name: str
    model: type[Model]
    rows: Callable[[User], Any]


def everything_of(user: User) -> dict[str, Any]:
    """What an export holds, by the name of its file: all that is about the person, and no secret."""
    parts: list[Part] = tables.entries("PERSONAL_DATA")
    return {part.name: part.rows(user) for part in parts}


def chosen(rows: QuerySet[Any], *names: str) -> list[dict[str, Any]]:
    """These columns of these rows."""
    return list(rows.values(*names))


def _profile(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in PROFILE}


def _addresses(user: User) -> list[dict[str, Any]]:
    return chosen(EmailAddress.objects.filter(user=user), "email", "verified", "primary")


def _organizations(user: User) -> list[dict[str, Any]]:
    mine = Membership.ALL.filter(user=user).order_by("created_at")
    return chosen(mine, "organization_id", "organization__name", "role", "status", "created_at")


def _sessions(user: User) -> list[dict[str, Any]]:
    return chosen(user.sessions.filter(impersonator=None).order_by("created_at"), *SESSION)


def _passkeys(user: User) -> list[dict[str, Any]]:
    return chosen(user.passkeys.order_by("created_at"), "name", "created_at", "last_used_at")


def _events(user: User) -> list[dict[str, Any]]:
    acted = Q(actor_id=str(user.pk), actor_type__in=("user", "staff"))
    about = Q(target_type="identity.user", target_id=str(user.pk))
    rows = chosen(
        AuditEvent.objects.filter(acted | about).order_by("created_at"), "actor_id", "impersonator_id", *EVENT
    )
    return [_of_event(row, str(user.pk)) for row in rows]


def _of_event(row: dict[str, Any], own_id: str) -> dict[str, Any]:
    by_themselves = row.pop("actor_id") == own_id
    acted_as = bool(row.pop("impersonator_id"))
    return row if by_themselves and not acted_as else {**row, **STAFF}


def _analytics_events(user: User) -> list[dict[str, Any]]:
    done = user.analytics_events.order_by("occurred_at")
    return chosen(done, "occurred_at", "name", "organization_id", "properties")


def _activities(user: User) -> list[dict[str, Any]]:
    return chosen(user.activities.order_by("active_on"), "active_on", "organization_id", "events_count", "last_at")


def _mail(user: User) -> list[dict[str, Any]]:
    return chosen(Mail.objects.filter(to=user.email).order_by("created_at"), "created_at", "subject", "status")


def _invitations(user: User) -> list[dict[str, Any]]:
    """How they became staff, and whom they invited."""
    theirs = StaffInvitation.objects.filter(Q(invited_by=user) | Q(accepted_by=user) | Q(email=user.email))
    return chosen(theirs.order_by("created_at"), *INVITATION)


def _exports(user: User) -> list[dict[str, Any]]:
    return chosen(user.exports.order_by("created_at"), "status", "created_at", "expires_at", "downloaded_at")


PARTS = [
    Part("profile", User, _profile),
    Part("addresses", EmailAddress, _addresses),
    Part("organizations", Membership, _organizations),
    Part("sessions", Session, _sessions),
    Part("passkeys", Passkey, _passkeys),
    Part("events", AuditEvent, _events),
    Part("analytics_events", AnalyticsEvent, _analytics_events),
    Part("user_activities", UserActivity, _activities),
    Part("mail", Mail, _mail),
    Part("staff_invitations", StaffInvitation, _invitations),
    Part("exports", DataExport, _exports),
]

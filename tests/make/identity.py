"""People."""

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group

from identity.models import AnalyticsEvent, DataExport, StaffInvitation, User, UserActivity
from platform_core import clock, tokens
from platform_core.models import new_id
from tests.make.numbers import unique

PASSWORD = "correct horse battery staple"


def user(email: str = "", *, password: str | None = PASSWORD, confirmed: bool = True, **fields: Any) -> User:
    """A person of no organization, whose address is confirmed."""
    made = User.objects.create_user(email or f"{unique('person')}@example.test", password, **fields)
    EmailAddress.objects.create(user=made, email=made.email, primary=True, verified=confirmed)
    return made


def staff_invitation(token: str = "inv_token", *, by: User | None = None, **fields: Any) -> StaffInvitation:
    """A pending invitation to support, behind the token, from an owner."""
    values: dict[str, Any] = {
        "email": f"{unique('invited')}@example.test",
        "role": StaffInvitation.Role.SUPPORT,
        "expires_at": clock.wall() + timedelta(hours=72),
    }
    inviter = by or owner()
    return StaffInvitation.objects.create(token_digest=tokens.digest(token), invited_by=inviter, **values | fields)


def owner(**fields: Any) -> User:
    """An owner of the platform."""
    made = user(is_staff=True, **fields)
    made.groups.add(Group.objects.get(name="OWNER"))
    return made


def data_export(user: User, **fields: Any) -> DataExport:
    """An export that was fetched."""
    return DataExport.objects.create(user=user, **{"status": DataExport.Status.ENDED} | fields)


def analytics_event(user: User, **fields: Any) -> AnalyticsEvent:
    """Something that a person did, and their day."""
    day = {"active_on": clock.now().date(), "organization_id": new_id()}
    UserActivity.objects.create(user=user, events_count=1, last_at=clock.now(), **day)
    return AnalyticsEvent.objects.create(user=user, **{"name": "session.started"} | fields)

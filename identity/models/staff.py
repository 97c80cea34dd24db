"""How people become staff."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from identity import staff_roles
from platform_core import clock
from platform_core.models import Row


class StaffInvitationQuerySet(models.QuerySet["StaffInvitation"]):
    """Which invitations."""

    def pending(self) -> "StaffInvitationQuerySet":
        """Those that nobody has accepted or taken back, expired or not."""
        return self.filter(accepted_at=None, revoked_at=None)

    def usable(self) -> "StaffInvitationQuerySet":
        """Those that can still be accepted: in time, and from somebody who is still staff."""
        return self.pending().filter(
            expires_at__gt=clock.wall(), invited_by__is_staff=True, invited_by__status="active"
        )


class StaffInvitation(Row):
    """An address that may become staff in one role, once, by a mailed link. Its times are the machine's."""

    class Role(models.TextChoices):
        OWNER = staff_roles.OWNER
        ADMIN = staff_roles.ADMIN
        MANAGER = staff_roles.MANAGER
        SUPPORT = staff_roles.SUPPORT

    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role)
    # Sending it again makes another token: the link in the older mail is worth nothing then.
    token_digest = models.CharField(max_length=100, unique=True)
    sent_at = models.DateTimeField(default=clock.wall)
    expires_at = models.DateTimeField()
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = StaffInvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"], condition=Q(accepted_at=None, revoked_at=None), name="staff_invitation_one_pending"
            ),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="staff_invitation_email_lower_case"),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"

    @property
    def state(self) -> str:
        """Where it stands: pending, accepted, revoked or expired."""
        if self.accepted_at:
            return "accepted"
        if self.revoked_at:
            return "revoked"
        return "pending" if clock.wall() < self.expires_at else "expired"

"""Who belongs to an organization, and who is invited to."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from orgs.models.organizations import Organization
from orgs.models.roles import KNOWN_ROLE, RoleHolder
from platform_core import clock
from platform_core.models import Row
from platform_core.scoping import BeforeScope, Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Which memberships."""

    def visible_to(self, user: "User") -> "MembershipQuerySet":
        """Those of the organizations the person is an active member of."""
        mine = Membership.ALL.filter(ACTIVE, user=user)
        return self.filter(organization__in=mine.values("organization"))

    def present(self) -> "MembershipQuerySet":
        """Those of people who are there: the place of somebody who was erased is about to go."""
        # Not by a join: few are erased, and whoever counts ten thousand places need not read ten thousand people.
        erased = get_user_model().objects.filter(pk=models.OuterRef("user"), status="deleted")
        return self.filter(~models.Exists(erased))


class Membership(Scoped, RoleHolder, Row):
    """A person's place in an organization. Whoever leaves has none: the audit log keeps that they had one."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"

    class ManagedBy(models.TextChoices):
        """Who says whether the place exists: people, or a system of the organization's."""

        MANUAL = "manual"
        DIRECTORY = "directory"
        SSO = "sso", "SSO"
        DOMAIN = "domain"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    managed_by = models.CharField(max_length=10, choices=ManagedBy, default=ManagedBy.MANUAL)

    objects = ScopedManager.from_queryset(MembershipQuerySet)()
    # Reading one's own memberships is how a scope is found, so it happens before there is one.
    ALL: "models.Manager[Membership]" = BeforeScope.from_queryset(MembershipQuerySet)()

    class Meta:
        indexes = [models.Index(fields=["organization", "created_at"], name="membership_organization")]
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="membership_unique"),
            models.CheckConstraint(condition=KNOWN_ROLE, name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"


# An active place in an active organization: without it a person has nothing to do there.
ACTIVE = Q(status=Membership.Status.ACTIVE, organization__status=Organization.Status.ACTIVE)


def organizations_of(user: Any) -> frozenset[UUID]:
    """The ids of the organizations a person is an active member of: what their scope is made from."""
    return frozenset(Membership.ALL.filter(ACTIVE, user=user).values_list("organization_id", flat=True))


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Which invitations."""

    def visible_to(self, user: "User") -> "InvitationQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def pending(self) -> "InvitationQuerySet":
        """Those that nobody has accepted or taken back, expired or not."""
        return self.filter(accepted_at=None, revoked_at=None)

    def usable(self) -> "InvitationQuerySet":
        """Those that can still be accepted, as far as they themselves say."""
        return self.pending().filter(expires_at__gt=clock.wall(), organization__status=Organization.Status.ACTIVE)


class InvitationStop(Scoped, Row):
    """An address that wants no more invitations of an organization. Which one it is can be recognised, not read."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitation_stops")
    address_digest = models.CharField(max_length=100)

    objects = ScopedManager["InvitationStop"]()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["organization", "address_digest"], name="invitation_stop_once"),
        ]

    def __str__(self) -> str:
        return f"no invitations to {self.organization}"


class Invitation(Scoped, RoleHolder, Row):
    """An address that may join an organization in one role, once, by a mailed link. Its times are the machine's."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    # Product code to role.
    product_roles = models.JSONField(default=dict, blank=True)
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

    objects = ScopedManager.from_queryset(InvitationQuerySet)()

    class Meta:
        ordering = ["-created_at"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_one_pending",
            ),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="invitation_email_lower_case"),
            models.CheckConstraint(condition=KNOWN_ROLE, name="invitation_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role_name}"

    def state_at(self, now: datetime) -> str:
        """Where it stands: pending, accepted, revoked or expired."""
        if self.accepted_at:
            return "accepted"
        if self.revoked_at:
            return "revoked"
        return "pending" if now < self.expires_at else "expired"

    @property
    def state(self) -> str:
        """Where it stands now."""
        return self.state_at(clock.wall())

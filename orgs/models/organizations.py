"""Organizations, and which of them are a person's."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Which organizations."""

    def visible_to(self, user: "User") -> "OrganizationQuerySet":
        """Those the person is an active member of."""
        active = Organization.Status.ACTIVE
        return self.filter(status=active, memberships__user=user, memberships__status="active")


class Organization(Scoped, Row):
    """A customer: the tenant that every other row of a customer belongs to."""

    scope_path = "pk"

    class Status(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"
        # Out of everybody's reach; an owner may restore it until it is purged, which empties the row.
        DELETED = "deleted"

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    billing_email = models.EmailField()
    # The name under which the storage knows its picture.
    avatar = models.CharField(max_length=120, blank=True, editable=False)
    # Whoever signed in without a second factor sees nothing of it until they have one.
    two_factor_required = models.BooleanField(default=False)
    # Whoever signed in longer ago signs in again. None: as long as a sign-in lives anyway.
    session_max_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    # What whoever joins begins with: product code to role.
    default_product_roles = models.JSONField(default=dict, blank=True)
    # What its plans entitle it to, written by billing in the transaction of whatever changes that. A plan that says
    # nothing of seats leaves the limit as it is, which staff may set too; None: no limit.
    seat_limit = models.PositiveIntegerField(null=True, blank=True)
    # The products that it may use now, by their codes. Roles may be given in others too: they are of use once it may.
    product_codes = models.JSONField(default=list, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager.from_queryset(OrganizationQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("slug"), name="organization_slug_unique"),
            models.CheckConstraint(
                condition=Q(status="deleted", deleted_at__isnull=False) | (~Q(status="deleted") & Q(deleted_at=None)),
                name="organization_deleted_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def avatar_url(self) -> str | None:
        """Where its picture is, for its members. Another picture has another address."""
        version = self.avatar.rpartition("/")[2].partition(".")[0][-8:]
        return f"/api/v1/organizations/{self.pk}/avatar?v={version}" if self.avatar else None

    @property
    def email(self) -> str:
        """dj-stripe's name for the address that a subscriber is billed at."""
        return self.billing_email

"""The first customers, who get more for the same price."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from orgs.models import Organization, organizations_of
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from uuid import UUID

    from identity.models import User


class FoundingMemberQuerySet(models.QuerySet["FoundingMember"]):
    """Which founding members."""

    def visible_to(self, user: "User") -> "FoundingMemberQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def multiplier(self, organization_id: "UUID", at: datetime) -> int:
        """What the tokens of an organization's plan are multiplied by in a period that begins then."""
        found = self.filter(organization=organization_id, expires_at__gt=at).values_list("token_multiplier", flat=True)
        return found.first() or 1


class FoundingMember(Scoped, Row):
    """A person's founding membership: its number, and how many times the tokens their organization's plans include.

    Numbers are given in order and never again, so an ended membership keeps its own.
    """

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, related_name="founding_membership")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="founding_membership")
    number = models.PositiveIntegerField(unique=True)
    token_multiplier = models.PositiveSmallIntegerField(default=2)
    expires_at = models.DateTimeField()

    objects = ScopedManager.from_queryset(FoundingMemberQuerySet)()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1), name="founding_member_numbered"),
            models.CheckConstraint(
                condition=Q(token_multiplier__gte=1, token_multiplier__lte=10), name="founding_member_multiplier"
            ),
        ]

    def __str__(self) -> str:
        return f"Founding member {self.number}"

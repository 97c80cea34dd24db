"""Domains that organizations say are theirs, and the proof."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from orgs.models.memberships import organizations_of
from orgs.models.organizations import Organization
from orgs.roles import Role
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User

# What somebody who joins by their address may be: never one who decides about others.
JOIN_ROLES = (Role.MEMBER, Role.BILLING, Role.AUDITOR)
RECORD = "_mainstay-challenge"
PROOF = "mainstay-verification="


class DomainQuerySet(models.QuerySet["Domain"]):
    """Which domains."""

    def visible_to(self, user: "User") -> "DomainQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def verified(self) -> "DomainQuerySet":
        """Those whose proof was there when it was looked for."""
        return self.filter(state=Domain.State.VERIFIED)


class Domain(Scoped, Row):
    """A domain name in its ASCII form. Many may claim one; one organization holds it."""

    class State(models.TextChoices):
        PENDING = "pending"
        VERIFIED = "verified"
        # The proof was there once, and is gone.
        LOST = "lost"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="domains")
    name = models.CharField(max_length=253)
    # What its owner publishes; not a secret, and nobody else's.
    challenge = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    verified_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    next_check_at = models.DateTimeField(null=True, blank=True, db_index=True)
    # Checks in a row that did not find the proof.
    failures = models.PositiveSmallIntegerField(default=0)
    # What people become who confirm an address of this domain; empty: nothing happens.
    join_role = models.CharField(max_length=10, choices=[(role.value, role.label) for role in JOIN_ROLES], blank=True)

    objects = ScopedManager.from_queryset(DomainQuerySet)()

    class Meta:
        ordering = ["name"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="domain_once_in_organization"),
            models.UniqueConstraint(fields=["name"], condition=Q(state="verified"), name="domain_held_once"),
            models.CheckConstraint(condition=Q(name=Lower("name")), name="domain_lower_case"),
            models.CheckConstraint(condition=Q(join_role__in=["", *JOIN_ROLES]), name="domain_join_role_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def record_name(self) -> str:
        """The name of the TXT record that proves it."""
        return f"{RECORD}.{self.name}"

    @property
    def record_value(self) -> str:
        """What that record says."""
        return f"{PROOF}{self.challenge}"

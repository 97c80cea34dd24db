"""Roles that an organization made for itself, and the roles that its members have in products."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from orgs import roles
from orgs.models.organizations import Organization
from orgs.models.products import Product
from orgs.roles import Role
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class CustomRoleQuerySet(models.QuerySet["CustomRole"]):
    """Which custom roles."""

    def visible_to(self, user: "User") -> "CustomRoleQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=Organization.objects.visible_to(user))


class CustomRole(Scoped, Row):
    """A role beside the built-in ones: a name for a set of permissions."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="custom_roles")
    # What members and invitations name it by; never that of a built-in role.
    key = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    permissions = models.JSONField(default=list)

    objects = ScopedManager.from_queryset(CustomRoleQuerySet)()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="custom_role_key_unique"),
            models.CheckConstraint(condition=~Q(key__in=Role.values), name="custom_role_key_not_built_in"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def held(self) -> frozenset[str]:
        """What it lets its holders do now: a permission that is gone from the registry is nothing."""
        return roles.known(self.permissions)


class RoleHolder(models.Model):
    """Whoever has a role: a built-in one, or a custom one, which then stands in the place of plain member."""

    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    custom_role = models.ForeignKey(
        CustomRole, on_delete=models.PROTECT, null=True, blank=True, related_name="%(class)ss"
    )

    class Meta:
        abstract = True

    @property
    def role_key(self) -> str:
        """What the API calls the role."""
        return self.custom_role.key if self.custom_role else self.role

    @property
    def role_name(self) -> str:
        """What people call it."""
        return self.custom_role.name if self.custom_role else self.get_role_display()

    @property
    def permissions(self) -> frozenset[str]:
        """What the role may do."""
        return self.custom_role.held if self.custom_role else roles.PERMISSIONS[self.role]

    def may(self, permission: str) -> bool:
        """Whether the role holds the permission."""
        return permission in self.permissions


KNOWN_ROLE = Q(role__in=Role.values) & (Q(custom_role=None) | Q(role=Role.MEMBER))


class RoleGrantQuerySet(models.QuerySet["RoleGrant"]):
    """Which grants."""

    def given_by_people(self) -> "RoleGrantQuerySet":
        """Those that people gave or that came with joining: what people may take back."""
        return self.filter(source__in=(RoleGrant.Source.MANUAL, RoleGrant.Source.DEFAULT))


class RoleGrant(Scoped, Row):
    """A member's role in one product, and where it comes from. Of several, the strongest counts."""

    product_path = "product__code"

    scope_path = "membership__organization_id"

    class Source(models.TextChoices):
        MANUAL = "manual"
        DEFAULT = "default"
        DIRECTORY = "directory"
        SSO = "sso", "SSO"

    membership = models.ForeignKey("orgs.Membership", on_delete=models.CASCADE, related_name="grants")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=20)
    source = models.CharField(max_length=10, choices=Source, default=Source.MANUAL)
    # Of a directory's or an identity provider's: the group it came with. Taking the group away takes only these.
    source_ref = models.CharField(max_length=200, blank=True)

    objects = ScopedManager.from_queryset(RoleGrantQuerySet)()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "product", "source", "source_ref"], name="role_grant_one_for_each_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.product}"

"""What organizations have in products: a copy for lists, of which each product is the owner."""

from typing import TYPE_CHECKING

from django.db import models

from orgs.models.memberships import organizations_of
from orgs.models.organizations import Organization
from orgs.models.products import Product
from platform_core import clock
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class ProductResourceQuerySet(models.QuerySet["ProductResource"]):
    """Which resources."""

    def visible_to(self, user: "User") -> "ProductResourceQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def present(self) -> "ProductResourceQuerySet":
        """Those that the product still has."""
        return self.filter(deleted_at=None)


class ProductResource(Scoped, Row):
    """A status page or a check, as its product told of it last. One that is gone stays as a mark that it is gone:
    an older message that comes late must not bring it back.
    """

    product_path = "product__code"

    class Kind(models.TextChoices):
        STATUS_PAGE = "status_page", "Status page"
        CHECK = "check"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="resources")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="resources")
    kind = models.CharField(max_length=20, choices=Kind)
    # The product's own name for it.
    external_id = models.CharField(max_length=100)
    # The product's count of changes to it; what is not greater than the last one is old.
    version = models.PositiveBigIntegerField()
    name = models.CharField(max_length=200)
    url = models.URLField(max_length=500, blank=True)
    # In the product's words: "operational", "failing".
    state = models.CharField(max_length=40, blank=True)
    reported_at = models.DateTimeField(default=clock.wall)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager.from_queryset(ProductResourceQuerySet)()

    class Meta:
        default_permissions = ("view",)
        indexes = [models.Index(fields=["organization", "kind", "name"], name="resource_of_organization")]
        constraints = [
            models.UniqueConstraint(fields=["product", "kind", "external_id"], name="resource_unique_in_product"),
        ]

    def __str__(self) -> str:
        return self.name

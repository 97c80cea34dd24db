"""Products of ours that sell through us without a portal of their own: consumers, and who their tenants are here."""

import re

from django.core.validators import RegexValidator
from django.db import models

from orgs.models import Organization
from platform_core.models import Row, WebhookEndpoint
from platform_core.scoping import Scoped, ScopedManager

# A consumer's own id of a tenant: it stands in addresses.
EXTERNAL_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,99}$")


class Consumer(Row):
    """A product's back end that buys for its tenants and is told what came of it."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        # Its rows stay and its events go on; nothing new is bought through it.
        SUSPENDED = "suspended"

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    # Where its events go, and the secrets that sign them. None: it is told nothing.
    endpoint = models.OneToOneField(
        WebhookEndpoint, on_delete=models.SET_NULL, null=True, blank=True, related_name="consumer"
    )

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name


class ConsumerTenant(Scoped, Row):
    """A consumer's customer, under the consumer's own id: one of our organizations, billed like any other."""

    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, related_name="tenants")
    external_id = models.CharField(max_length=100, validators=[RegexValidator(EXTERNAL_ID)])
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="consumer_tenants")
    name = models.CharField(max_length=120)
    legal_name = models.CharField(max_length=200, blank=True)
    # Empty once the person whose address it was has been erased.
    billing_email = models.EmailField(blank=True)

    objects = ScopedManager["ConsumerTenant"]()

    class Meta:
        ordering = ["consumer", "external_id"]
        constraints = [
            models.UniqueConstraint(fields=["consumer", "external_id"], name="consumer_tenant_once"),
            models.UniqueConstraint(fields=["consumer", "organization"], name="consumer_tenant_organization_once"),
        ]
        indexes = [models.Index(fields=["external_id"], name="consumer_tenant_external")]

    def __str__(self) -> str:
        return f"{self.name} ({self.external_id})"

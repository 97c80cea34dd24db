"""What the names of an order point to."""

from django.db import models

from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager
from tenants.models.orders import Order


class DnsRecord(Scoped, Row):
    """What one name of an order was last seen to point to."""

    product_path = "order__subscription__plan__product__code"

    class Outcome(models.TextChoices):
        MATCH = "MATCH"
        MISMATCH = "MISMATCH"
        NXDOMAIN = "NXDOMAIN"
        NODATA = "NODATA"
        TIMEOUT = "TIMEOUT"
        SERVFAIL = "SERVFAIL"

    scope_path = "order__organization_id"

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="dns_records")
    name = models.CharField(max_length=253)
    expected = models.GenericIPAddressField()
    seen = models.JSONField(default=list)
    outcome = models.CharField(max_length=8, choices=Outcome)
    checked_at = models.DateTimeField()

    objects = ScopedManager["DnsRecord"]()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["order", "name"], name="dns_record_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.outcome}"

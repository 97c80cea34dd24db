"""Orders: what a purchase must bring about."""

from itertools import pairwise
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from billing.models import Subscription
from orgs.models import Organization, organizations_of
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class OrderQuerySet(models.QuerySet["Order"]):
    """Which orders."""

    def visible_to(self, user: "User") -> "OrderQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))


def dashboard_of(domain: str) -> str:
    """Where the customer of a domain works."""
    return f"https://{domain}"


def portainer_of(domain: str) -> str:
    """Where the containers of a domain's server are managed."""
    return f"https://portainer.{domain}"


class Order(Scoped, Row):
    """One server for one subscription, from payment to fulfilment."""

    product_path = "subscription__plan__product__code"

    class Status(models.TextChoices):
        PAYMENT_CONFIRMED = "PAYMENT_CONFIRMED", "Payment confirmed"
        AWAITING_SERVER = "AWAITING_SERVER", "Awaiting server"
        SERVER_READY = "SERVER_READY", "Server ready"
        DNS_PENDING = "DNS_PENDING", "DNS pending"
        DNS_READY = "DNS_READY", "DNS ready"
        PROVISIONING = "PROVISIONING"
        FULFILLED = "FULFILLED"
        FAILED = "FAILED"
        SUSPENDED = "SUSPENDED"
        CANCELED = "CANCELED"

    class Automation(models.TextChoices):
        AUTO = "AUTO"
        MANUAL = "MANUAL"
        PAUSED = "PAUSED"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="orders")
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders")
    subscription = models.OneToOneField(Subscription, on_delete=models.PROTECT, related_name="order")
    status = models.CharField(max_length=20, choices=Status, default=Status.PAYMENT_CONFIRMED)
    automation = models.CharField(max_length=8, choices=Automation, default=Automation.AUTO)
    domain = models.CharField(max_length=253)
    tools = models.JSONField(default=list, blank=True)
    failure = models.CharField(max_length=500, blank=True)
    fulfilled_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager.from_queryset(OrderQuerySet)()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(Lower("domain"), name="order_domain_unique")]
        indexes = [models.Index(fields=["status", "-created_at"], name="order_status")]
        permissions = [("provision_order", "Can provision an order")]

    def __str__(self) -> str:
        return self.domain

    @property
    def dashboard_url(self) -> str:
        """Where the customer works."""
        return dashboard_of(self.domain)

    @property
    def portainer_url(self) -> str:
        """Where the containers of the server are managed."""
        return portainer_of(self.domain)


# How far an order is on its way from payment to fulfilment.
WAY = (
    Order.Status.PAYMENT_CONFIRMED,
    Order.Status.AWAITING_SERVER,
    Order.Status.SERVER_READY,
    Order.Status.DNS_PENDING,
    Order.Status.DNS_READY,
    Order.Status.PROVISIONING,
    Order.Status.FULFILLED,
)
_STOPPED = frozenset({Order.Status.FAILED, Order.Status.CANCELED})
# Where an order may go from where it is. A failed one goes on where it failed.
TRANSITIONS: dict[str, frozenset[str]] = {
    **{here: _STOPPED | {there} for here, there in pairwise(WAY)},
    Order.Status.FULFILLED: frozenset({Order.Status.SUSPENDED, Order.Status.CANCELED}),
    Order.Status.SUSPENDED: frozenset({Order.Status.FULFILLED, Order.Status.CANCELED}),
    Order.Status.FAILED: frozenset(WAY[:-1]) | {Order.Status.CANCELED},
    Order.Status.CANCELED: frozenset(),
}

"""Tenant servers, how they prove who they are, and what they last told us."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from orgs.models import organizations_of
from platform_core.models import Row
from platform_core.scoping import Reached, Scoped, ScopedManager
from tenants.models.orders import Order

if TYPE_CHECKING:
    from identity.models import User


class ServerQuerySet(models.QuerySet["Server"]):
    """Which servers."""

    def visible_to(self, user: "User") -> "ServerQuerySet":
        """Those of the person's organizations."""
        return self.filter(order__organization__in=organizations_of(user))


class Server(Scoped, Row):
    """The machine that serves one order."""

    product_path = "order__subscription__plan__product__code"

    scope_path = "order__organization_id"

    class Status(models.TextChoices):
        RESERVED = "reserved"
        ONLINE = "online"
        LATE = "late"
        OFFLINE = "offline"

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="server")
    provider = models.CharField(max_length=20)
    # The provider's own name for it.
    external_id = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.RESERVED)
    ip_address = models.GenericIPAddressField()
    ssh_port = models.PositiveIntegerField(default=22022)
    # Where we reach its agent: known from whoever set the server up, never taken from the agent's word.
    agent_url = models.URLField(max_length=300, blank=True)
    # What the agent says of itself when it registers.
    machine_id = models.CharField(max_length=80, blank=True)
    agent_version = models.CharField(max_length=40, blank=True)
    # The hub API key's digest. The previous key stays valid until the new one was used: the answer that carried the
    # new one may have been lost.
    key_digest = models.CharField(max_length=100, blank=True, db_index=True)
    key_prefix = models.CharField(max_length=12, blank=True)
    key_used_at = models.DateTimeField(null=True, blank=True)
    previous_key_digest = models.CharField(max_length=100, blank=True, db_index=True)
    registered_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager.from_queryset(ServerQuerySet)()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["key_digest"], condition=~Q(key_digest=""), name="server_key_unique")
        ]

    def __str__(self) -> str:
        return f"{self.order.domain} ({self.ip_address})"

    @property
    def organization_id(self) -> object:
        """The organization of its order."""
        return self.order.organization_id


class RegistrationToken(Scoped, Row):
    """What a new server shows once to get its key."""

    product_path = "order__subscription__plan__product__code"

    scope_path = "order__organization_id"

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="registration_tokens")
    digest = models.CharField(max_length=100, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    machine_id = models.CharField(max_length=80, blank=True)

    objects = ScopedManager["RegistrationToken"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(revoked_at__isnull=True), name="registration_token_one_valid"
            )
        ]

    def __str__(self) -> str:
        return f"for {self.order_id}"


class ServerBeat(Reached):
    """The narrow row that every heartbeat updates.

    No column that a beat writes is indexed, so PostgreSQL updates the row in place (HOT); the sweep reads the whole
    table, which for ten thousand servers is about one megabyte.
    """

    scope_path = "server__order__organization_id"

    server = models.OneToOneField(Server, on_delete=models.CASCADE, primary_key=True, related_name="beat")
    last_seen_at = models.DateTimeField(null=True, blank=True)
    # The machine's time, as for any time-out: moving business time must not make a fleet look dead.
    alert_after = models.DateTimeField(null=True, blank=True)
    beat_count = models.PositiveBigIntegerField(default=0)
    # What the server should run, and what it says it runs.
    config_version = models.PositiveIntegerField(default=0)
    seen_config_version = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.beat_count} beats"


class ServerStatus(Reached):
    """The last full status a server reported; written only when it changed."""

    scope_path = "server__order__organization_id"

    server = models.OneToOneField(Server, on_delete=models.CASCADE, primary_key=True, related_name="reported")
    body = models.JSONField()
    # Of what describes a state; figures that differ at each beat are left out.
    body_hash = models.CharField(max_length=64)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "server statuses"

    def __str__(self) -> str:
        return self.body_hash[:12]


class ConfigRevision(Scoped, Row):
    """One numbered version of what a server should be running. Never changed, only followed by the next."""

    product_path = "order__subscription__plan__product__code"

    scope_path = "order__organization_id"

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="config_revisions")
    version = models.PositiveIntegerField()
    body = models.JSONField()
    sha256 = models.CharField(max_length=64)
    reason = models.CharField(max_length=200, blank=True)

    objects = ScopedManager["ConfigRevision"]()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["order", "version"], name="config_revision_numbered")]

    def __str__(self) -> str:
        return f"v{self.version}"


class FleetWatch(models.Model):
    """One row: when the sweep over the fleet last ran, and until when it holds its tongue after a pause of its own."""

    swept_at = models.DateTimeField(null=True, blank=True)
    quiet_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "fleet watch"

    def __str__(self) -> str:
        return f"swept {self.swept_at}"

"""What we owe to the outside: rows written in the business transaction, sent afterwards, tried again until done."""

from django.db import models
from django.db.models import Q

from platform_core.encryption import EncryptedTextField
from platform_core.models.leases import Leased
from platform_core.models.rows import Row
from platform_core.scoping import Scoped, ScopedManager


class WebhookEndpoint(Scoped, Row):
    """An address that receives signed events of one organization."""

    organization_id = models.UUIDField(null=True, blank=True)
    # What the endpoint belongs to, such as ("tenants.server", id).
    owner_type = models.CharField(max_length=60)
    owner_id = models.UUIDField()
    url = models.URLField(max_length=500)
    # Newest first, one per line; deliveries are signed with each while a secret is being replaced.
    secrets = EncryptedTextField()
    # A host that we enrolled ourselves may have a private address; any other may not.
    enrolled = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    objects = ScopedManager["WebhookEndpoint"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner_type", "owner_id"], name="webhook_endpoint_per_owner")]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(Scoped, Row, Leased):
    """One event for one endpoint."""

    scope_path = "endpoint__organization_id"

    class Status(models.TextChoices):
        PENDING = "PENDING"
        DELIVERED = "DELIVERED"
        FAILED = "FAILED"

    CLAIMABLE = (Status.PENDING,)

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=80)
    # Below the endpoint's own address, such as "/webhooks/config-update".
    path = models.CharField(max_length=200, blank=True)
    payload = models.JSONField()
    idempotency_key = models.CharField(max_length=160, unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager["WebhookDelivery"]()

    class Meta:
        indexes = [models.Index(fields=["run_after"], name="webhook_pending", condition=Q(status="PENDING"))]
        verbose_name_plural = "webhook deliveries"

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint_id}"


class Mail(Row, Leased):
    """One message to one person, rendered when it was decided upon."""

    class Status(models.TextChoices):
        PENDING = "PENDING"
        SENT = "SENT"
        FAILED = "FAILED"

    CLAIMABLE = (Status.PENDING,)

    organization_id = models.UUIDField(null=True, blank=True)
    template = models.CharField(max_length=80)
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    text = EncryptedTextField()
    html = EncryptedTextField(blank=True)
    idempotency_key = models.CharField(max_length=160, unique=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    error = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["run_after"], name="mail_pending", condition=Q(status="PENDING"))]
        verbose_name_plural = "mail"

    def __str__(self) -> str:
        return f"{self.template} to {self.to}"

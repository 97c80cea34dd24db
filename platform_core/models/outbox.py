"""What we owe to the outside: rows written in the business transaction, sent afterwards, tried again until done."""

from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from platform_core import clock
from platform_core.encryption import EncryptedTextField
from platform_core.models.leases import Leased
from platform_core.models.rows import Row
from platform_core.scoping import Scoped, ScopedManager


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    """Which endpoints."""

    def of_audience(self, audience_id: UUID) -> "WebhookEndpointQuerySet":
        """Those that hear of what concerns an organization, or a consumer."""
        return self.filter(audience_id=audience_id)


class WebhookEndpoint(Scoped, Row):
    """An address that receives signed events."""

    organization_id = models.UUIDField(null=True, blank=True)
    # What the endpoint belongs to, such as ("tenants.server", id).
    owner_type = models.CharField(max_length=60)
    owner_id = models.UUIDField()
    # Whose events are announced to it: an organization or a consumer. None: it hears only what is addressed to it.
    audience_id = models.UUIDField(null=True, blank=True)
    name = models.CharField(max_length=80, blank=True)
    url = models.URLField(max_length=500)
    # Newest first, one per line; deliveries are signed with each while a secret is being replaced.
    secrets = EncryptedTextField()
    # Until when those before the newest sign along. None: until the next renewal.
    overlap_until = models.DateTimeField(null=True, blank=True)
    # A host that we enrolled ourselves may have a private address; any other may not.
    enrolled = models.BooleanField(default=False)
    # Which events it wants: names, or beginnings of names such as "invoice.*". Empty: all of them.
    event_types = models.JSONField(default=list, blank=True)
    # One after another: an event waits until the one before it has arrived.
    in_order = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    # What is owed meanwhile waits.
    paused_at = models.DateTimeField(null=True, blank=True)
    # Why it was paused or disabled, where nobody did so.
    trouble = models.CharField(max_length=300, blank=True)
    # The receiver said that it has too much to do: nothing is sent before, and how often in a row it said so.
    throttled_until = models.DateTimeField(null=True, blank=True)
    throttle_count = models.PositiveSmallIntegerField(default=0)

    objects = ScopedManager.from_queryset(WebhookEndpointQuerySet)()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner_type", "owner_id"], name="webhook_endpoint_per_owner")]
        indexes = [
            models.Index(fields=["audience_id"], name="webhook_audience", condition=Q(audience_id__isnull=False))
        ]

    def __str__(self) -> str:
        return self.name or self.url

    @property
    def state(self) -> str:
        """How it does, in one word: disabled, paused, throttled or active."""
        if not self.is_active:
            return "disabled"
        if self.paused_at is not None:
            return "paused"
        return "throttled" if self.is_throttled else "active"

    @property
    def is_throttled(self) -> bool:
        """Whether the receiver asked to be left alone for a while."""
        return self.throttled_until is not None and self.throttled_until > clock.now()

    @property
    def signing_secrets(self) -> list[str]:
        """Those that sign now, the newest first."""
        listed = self.secrets.split()
        over = self.overlap_until is not None and self.overlap_until <= clock.now()
        return listed[:1] if over else listed

    def wants(self, event: str) -> bool:
        """Whether an event of this name is among those it asked for."""
        return not self.event_types or any(matches(event, each) for each in self.event_types)


def matches(event: str, pattern: str) -> bool:
    """A name, or a beginning of names: "invoice.*"."""
    return event.startswith(pattern[:-1]) if pattern.endswith("*") else event == pattern


class WebhookMessage(Scoped, Row):
    """An event as it is told to one audience: the same words for each of its endpoints, whenever they are told."""

    # Whom it is about; an audience that is a consumer is told of many organizations.
    organization_id = models.UUIDField(null=True, blank=True)
    audience_id = models.UUIDField()
    event = models.CharField(max_length=80)
    version = models.PositiveSmallIntegerField(default=1)
    payload = models.JSONField()
    idempotency_key = models.CharField(max_length=200, unique=True)

    objects = ScopedManager["WebhookMessage"]()

    class Meta:
        indexes = [models.Index(fields=["audience_id", "created_at"], name="webhook_message_audience")]

    def __str__(self) -> str:
        return self.event


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    """Which deliveries."""

    def waiting(self) -> "WebhookDeliveryQuerySet":
        """Those that are still owed."""
        return self.filter(status__in=WebhookDelivery.WAITING)

    def held(self) -> "WebhookDeliveryQuerySet":
        """Those that wait for a pause to end, or for the one before them."""
        return self.filter(status=WebhookDelivery.Status.HELD)


class WebhookDelivery(Scoped, Row, Leased):
    """One event for one endpoint."""

    scope_path = "endpoint__organization_id"

    class Status(models.TextChoices):
        PENDING = "PENDING"
        # Nobody tries it: its endpoint is paused, or an earlier event has not arrived yet.
        HELD = "HELD"
        DELIVERED = "DELIVERED"
        FAILED = "FAILED"

    CLAIMABLE = (Status.PENDING,)
    WAITING = (Status.PENDING, Status.HELD)

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    # What was announced to an audience; None where it was addressed to this endpoint alone.
    message = models.ForeignKey(
        WebhookMessage, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    event = models.CharField(max_length=80)
    # Below the endpoint's own address, such as "/webhooks/config-update".
    path = models.CharField(max_length=200, blank=True)
    # Empty where the message has it.
    payload = models.JSONField(default=dict, blank=True)
    idempotency_key = models.CharField(max_length=160, unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager.from_queryset(WebhookDeliveryQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "message"],
                name="webhook_delivery_once",
                condition=Q(message__isnull=False),
            )
        ]
        indexes = [
            models.Index(fields=["run_after"], name="webhook_pending", condition=Q(status="PENDING")),
            models.Index(
                fields=["endpoint", "id"], name="webhook_waiting", condition=Q(status__in=["PENDING", "HELD"])
            ),
        ]
        verbose_name_plural = "webhook deliveries"

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint_id}"

    @property
    def webhook_id(self) -> str:
        """What its receiver knows it by: of an event that was announced, the same at each endpoint."""
        return str(self.message_id or self.pk)

    @property
    def body(self) -> Any:
        """What is sent."""
        return self.payload if self.message is None else self.message.payload


class WebhookAttempt(Scoped, Row):
    """One try of a delivery: what was sent beside the event itself, and what came back. Kept for a while."""

    scope_path = "delivery__endpoint__organization_id"

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    url = models.URLField(max_length=700)
    request_headers = models.JSONField(default=dict)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_headers = models.JSONField(default=dict)
    # Its beginning, without secrets.
    response_body = models.TextField(blank=True)
    error = models.CharField(max_length=500, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)

    objects = ScopedManager["WebhookAttempt"]()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["created_at"], name="webhook_attempt_age")]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M:%S}"


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
    # Where its reader says that they want no more of the kind; mail programs offer it, and post to it by themselves.
    unsubscribe_url = EncryptedTextField(blank=True)
    idempotency_key = models.CharField(max_length=160, unique=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    error = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["run_after"], name="mail_pending", condition=Q(status="PENDING"))]
        verbose_name_plural = "mail"

    def __str__(self) -> str:
        return f"{self.template} to {self.to}"

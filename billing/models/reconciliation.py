"""Where our rows and the provider's objects say different things, until that is settled."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from orgs.models import Organization
from platform_core.models import Row


class ReconciliationFinding(Row):
    """One object of which the two sides differ. Found again it is the same finding; once settled, a new one."""

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", "Missing here"
        MISSING_THERE = "missing_there", "Missing at the provider"
        DIFFERS = "differs", "Differs"

    class Object(models.TextChoices):
        CUSTOMER = "customer"
        SUBSCRIPTION = "subscription"
        INVOICE = "invoice"
        PAYMENT = "payment"

    class Resolution(models.TextChoices):
        """How it came to an end."""

        TAKEN = "taken", "The provider's state was taken over"
        PUSHED = "pushed", "Our state was sent to the provider"
        DISMISSED = "dismissed", "Left as it is"
        GONE = "gone", "Both say the same again"

    # By which staff may list what waits for them.
    OPEN: ClassVar = Q(resolved_at__isnull=True)

    provider = models.CharField(max_length=20, default="stripe")
    object_kind = models.CharField(max_length=20, choices=Object)
    object_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=Kind)
    # By name, what we have and what the provider has.
    fields = models.JSONField(default=dict)
    # Null while nobody knows whose it is.
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="reconciliation_findings"
    )
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    # Nobody in particular where a later run found nothing any more.
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    resolution = models.CharField(max_length=10, choices=Resolution, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-last_seen_at", "pk"]
        permissions = [("resolve_reconciliationfinding", "Can settle differences with the provider")]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "object_kind", "object_id"],
                condition=Q(resolved_at__isnull=True),
                name="reconciliation_finding_open_once",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolution="")
                | (Q(resolved_at__isnull=False) & ~Q(resolution="")),
                name="reconciliation_finding_resolved_whole",
            ),
        ]
        indexes = [models.Index(fields=["resolved_at", "-last_seen_at"], name="reconciliation_finding_open")]

    def __str__(self) -> str:
        return f"{self.get_object_kind_display()} {self.object_id}: {self.get_kind_display().lower()}"

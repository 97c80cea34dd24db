"""Who changed what. Rows are only ever added, in the transaction of the change they tell of, and sealed afterwards."""

from uuid import UUID

from django.db import models
from django.db.models import Q

from platform_core.encryption import EncryptedTextField
from platform_core.models.leases import Leased
from platform_core.models.outbox import WebhookEndpoint
from platform_core.models.rows import Row
from platform_core.scoping import Scoped, ScopedManager

# The chain of what belongs to no organization.
PLATFORM = UUID(int=0)
GENESIS = "0" * 64


class AuditChain(Scoped, models.Model):
    """The record of one organization, or of the platform itself: how far it is sealed, and for how long it is kept."""

    # The organization's own id; PLATFORM for what belongs to none.
    id = models.UUIDField(primary_key=True)
    organization_id = models.UUIDField(null=True, blank=True, unique=True)
    # The last sealed event.
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=GENESIS)
    sealed_at = models.DateTimeField(null=True, blank=True)
    # The last event that retention removed: what is kept begins after it.
    floor_sequence = models.BigIntegerField(default=0)
    floor_hash = models.CharField(max_length=64, default=GENESIS)
    # None: for good.
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    legal_hold = models.BooleanField(default=False)
    # What came of looking the whole chain through; an empty problem says that it held.
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_sequence = models.BigIntegerField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)

    objects = ScopedManager["AuditChain"]()

    class Meta:
        default_permissions = ("view",)
        permissions = [("verify_auditchain", "Can verify an audit chain")]

    def __str__(self) -> str:
        return f"record of {self.organization_id}" if self.organization_id else "record of the platform"


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Which events."""

    def unsealed(self) -> "AuditEventQuerySet":
        """Those that have no place in a chain yet."""
        return self.filter(sequence=None)

    def of_chain(self, chain_id: UUID) -> "AuditEventQuerySet":
        """Those that belong into a chain, sealed or not."""
        return self.filter(organization_id=None if chain_id == PLATFORM else chain_id)


class AuditEvent(Scoped, Row):
    """One change. It holds bare ids and labels as they were, so it outlives what it names.

    The database itself refuses to change or delete it (platform_core.append_only), but for sealing, erasing what says
    who somebody was, and retention.
    """

    class ActorType(models.TextChoices):
        USER = "user"
        STAFF = "staff"
        SERVER = "server"
        TOKEN = "token"  # noqa: S105
        SYSTEM = "system"

    organization_id = models.UUIDField(null=True, blank=True)
    # The code of the product that it concerns, where it concerns one.
    product = models.CharField(max_length=40, blank=True)
    action = models.CharField(max_length=80)
    actor_type = models.CharField(max_length=12, choices=ActorType)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_label = models.CharField(max_length=254, blank=True)
    # Of staff who acted as the actor.
    impersonator_id = models.CharField(max_length=64, blank=True)
    impersonator_label = models.CharField(max_length=254, blank=True)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=64)
    target_label = models.CharField(max_length=254, blank=True)
    # Whom the target is, or is about.
    person_id = models.CharField(max_length=64, blank=True)
    changes = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    # Set by sealing. `proofs` holds, for each person the event names, the salt that what it says of them entered the
    # hash with; once they are erased, only the digest that came of it.
    chain = models.ForeignKey(
        AuditChain, on_delete=models.PROTECT, null=True, editable=False, db_index=False, related_name="events"
    )
    sequence = models.BigIntegerField(null=True, editable=False)
    hash = models.CharField(max_length=64, blank=True, editable=False)
    proofs = models.JSONField(default=dict, editable=False)

    objects = ScopedManager.from_queryset(AuditEventQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "sequence"], name="audit_sequence_unique", condition=Q(sequence__isnull=False)
            )
        ]
        indexes = [
            models.Index(fields=["organization_id", "created_at", "id"], name="audit_organization"),
            # For what happened seldom, which the index above would be read to its end for.
            models.Index(fields=["organization_id", "action", "created_at"], name="audit_action"),
            models.Index(
                fields=["organization_id", "product", "created_at"], name="audit_product", condition=~Q(product="")
            ),
            models.Index(fields=["target_type", "target_id"], name="audit_target"),
            models.Index(fields=["actor_id", "created_at"], name="audit_actor", condition=~Q(actor_id="")),
            models.Index(fields=["impersonator_id"], name="audit_impersonator", condition=~Q(impersonator_id="")),
            models.Index(fields=["person_id"], name="audit_person", condition=~Q(person_id="")),
            models.Index(fields=["organization_id", "id"], name="audit_unsealed", condition=Q(sequence=None)),
        ]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.action} {self.target_label or self.target_id}"


class AuditKey(Row):
    """What checkpoints are signed with: Ed25519. The public half follows from the private one, which is encrypted."""

    private_key = EncryptedTextField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)


class AuditCheckpoint(Scoped, Row):
    """A day's end of a chain, signed: whoever rewrites the chain afterwards cannot make this fit."""

    scope_path = "chain__organization_id"

    chain = models.ForeignKey(AuditChain, on_delete=models.PROTECT, related_name="checkpoints")
    sequence = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    key = models.ForeignKey(AuditKey, on_delete=models.PROTECT, related_name="checkpoints")
    signature = models.CharField(max_length=128)

    objects = ScopedManager["AuditCheckpoint"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "sequence"], name="audit_checkpoint_unique")]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.chain_id} to {self.sequence}"


class AuditExport(Scoped, Row):
    """Events of an organization as a file, put together in the background and kept for a while."""

    class Status(models.TextChoices):
        PENDING = "pending"
        READY = "ready"
        FAILED = "failed"
        EXPIRED = "expired"

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        JSONL = "jsonl", "JSON lines"

    organization_id = models.UUIDField()
    requested_by_id = models.UUIDField()
    format = models.CharField(max_length=5, choices=Format)
    # As they were asked for; empty: everything.
    filters = models.JSONField(default=dict)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    total_count = models.PositiveIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    file = models.CharField(max_length=200, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager["AuditExport"]()

    class Meta:
        indexes = [models.Index(fields=["organization_id", "created_at"], name="audit_export_organization")]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.format} of {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def percent(self) -> int:
        """How far it is."""
        return min(100, 100 * self.done_count // self.total_count) if self.total_count else 0


class AuditStream(Scoped, Row, Leased):
    """Where an organization's sealed events are sent, in their order, each at least once. The cursor is the last one
    that arrived: a receiver that was away gets all it missed.
    """

    class Status(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"
        FAILED = "failed"

    CLAIMABLE = (Status.ACTIVE,)

    organization_id = models.UUIDField()
    endpoint = models.OneToOneField(WebhookEndpoint, on_delete=models.CASCADE, related_name="audit_stream")
    # What the receiver wants to read in `Authorization`, where it wants that.
    authorization = EncryptedTextField(blank=True)
    status = models.CharField(max_length=6, choices=Status, default=Status.ACTIVE)
    cursor_sequence = models.BigIntegerField(default=0)
    # Since the last event arrived.
    failure_count = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    test_requested_at = models.DateTimeField(null=True, blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)
    test_error = models.CharField(max_length=500, blank=True)

    objects = ScopedManager["AuditStream"]()

    class Meta:
        indexes = [
            models.Index(fields=["run_after"], name="audit_stream_pending", condition=Q(status="active")),
            models.Index(fields=["organization_id"], name="audit_stream_organization"),
        ]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return str(self.endpoint)

"""What takes an invoice back, in whole or in part: an invoice itself never changes."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from billing.models.invoices import Invoice, InvoiceLine
from billing.models.legal import LegalEntity
from billing.models.payments import Refund
from orgs.models import Organization, organizations_of
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class CreditNoteQuerySet(models.QuerySet["CreditNote"]):
    """Which credit notes."""

    def visible_to(self, user: "User") -> "CreditNoteQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def issued(self) -> "CreditNoteQuerySet":
        """Those that have a number and hold."""
        return self.filter(status=CreditNote.Status.ISSUED)


class CreditNote(Scoped, Row):
    """A document that lessens one invoice. Its amounts are positive."""

    product_path = "invoice__subscription__plan__product__code"

    class Status(models.TextChoices):
        # Ours to ask for: the provider has not answered yet.
        REQUESTED = "requested"
        ISSUED = "issued"
        VOID = "void"
        FAILED = "failed"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="credit_notes")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    # Whose amount went back to the card. Without one it lessens what is due, and beyond that fills the wallet.
    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="credit_note")
    status = models.CharField(max_length=10, choices=Status)
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=60, blank=True)
    sequence = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    currency = models.CharField(max_length=3)
    # With tax.
    total_minor = models.PositiveBigIntegerField()
    tax_minor = models.PositiveBigIntegerField(default=0)
    # How much of it went into the wallet.
    wallet_minor = models.PositiveBigIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    # Whoever asks again with the same key asks for the same credit note.
    idempotency_key = models.CharField(max_length=120, blank=True)
    provider = models.CharField(max_length=20, default="stripe")
    provider_credit_note_id = models.CharField(max_length=120, blank=True)

    objects = ScopedManager.from_queryset(CreditNoteQuerySet)()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["legal_entity", "sequence"], name="credit_note_number_unique"),
            models.CheckConstraint(
                condition=Q(status__in=("requested", "failed"), sequence=None)
                | Q(status__in=("issued", "void"), sequence__isnull=False, issued_at__isnull=False),
                name="credit_note_numbered_when_issued",
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_credit_note_id"],
                condition=~Q(provider_credit_note_id=""),
                name="credit_note_provider_id_unique",
            ),
            models.UniqueConstraint(
                fields=["idempotency_key"], condition=~Q(idempotency_key=""), name="credit_note_key_unique"
            ),
            models.CheckConstraint(condition=Q(total_minor__gt=0), name="credit_note_of_something"),
            models.CheckConstraint(condition=Q(tax_minor__lte=models.F("total_minor")), name="credit_note_tax_within"),
        ]
        permissions = [("issue_creditnote", "Can issue credit notes")]

    def __str__(self) -> str:
        return self.number or "draft"


class CreditNoteLine(Scoped, Row):
    """How much of one line of the invoice is taken back, with its tax."""

    scope_path = "credit_note__organization_id"
    product_path = "invoice_line__invoice__subscription__plan__product__code"

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="lines")
    invoice_line = models.ForeignKey(
        InvoiceLine, on_delete=models.SET_NULL, null=True, blank=True, related_name="credit_note_lines"
    )
    description = models.CharField(max_length=300)
    # With tax; of an adjustment's line it is negative.
    amount_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField(default=0)
    position = models.PositiveSmallIntegerField(default=0)

    objects = ScopedManager["CreditNoteLine"]()

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.description

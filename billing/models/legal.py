"""In whose name invoices are issued, and how far its numbers have come."""

from django.db import models
from django.db.models import Q

from platform_core.models import Row


class LegalEntity(Row):
    """A company of ours that issues invoices and credit notes, each numbered without a gap.

    A counter is the last number that was given out. It moves in the transaction that makes the document final, so
    whoever comes next waits for that one, and a number that was rolled back was never given.
    """

    name = models.CharField(max_length=120)
    # As it stands on documents, line by line, without the name.
    address = models.TextField(max_length=500, blank=True)
    country = models.CharField(max_length=2, blank=True)
    tax_id = models.CharField(max_length=40, blank=True)
    invoice_prefix = models.CharField(max_length=20, unique=True)
    credit_note_prefix = models.CharField(max_length=20, unique=True)
    invoice_count = models.PositiveBigIntegerField(default=0, editable=False)
    credit_note_count = models.PositiveBigIntegerField(default=0, editable=False)
    # Whose documents those are that name no entity.
    is_default = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "legal entities"
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="legal_entity_one_default"
            ),
            models.CheckConstraint(
                condition=~Q(invoice_prefix=models.F("credit_note_prefix")), name="legal_entity_prefixes_differ"
            ),
        ]

    def __str__(self) -> str:
        return self.name

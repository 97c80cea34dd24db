"""Double entry: every fact about money is a transaction whose entries sum to zero in each currency."""

from uuid import UUID

from django.db import models
from django.db.models import Q, Sum

from orgs.models import Organization
from platform_core.models import Row, Unchanging
from platform_core.scoping import Scoped, ScopedManager


class LedgerAccount(Scoped, Row):
    """Where amounts are counted: an organization's own, or one of the company's in general."""

    class Kind(models.TextChoices):
        RECEIVABLE = "receivable", "Owed by the customer"
        WALLET = "wallet", "Prepaid credits"
        REVENUE = "revenue"
        TAX_PAYABLE = "tax_payable", "Tax payable"
        PROVIDER_CLEARING = "provider_clearing", "At the payment provider"
        FEES = "fees", "Provider's fees"
        DISPUTED = "disputed", "Held back in disputes"
        PROMOTIONS = "promotions", "Credits given away"
        BAD_DEBT = "bad_debt", "Bad debt"

    # Kept for each organization; the others are the company's.
    OWNED = (Kind.RECEIVABLE, Kind.WALLET)

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="ledger_accounts"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    currency = models.CharField(max_length=3)

    objects = ScopedManager["LedgerAccount"]()

    class Meta:
        ordering = ["kind", "currency"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "currency"],
                condition=Q(organization__isnull=False),
                name="ledger_account_of_an_organization",
            ),
            models.UniqueConstraint(
                fields=["kind", "currency"], condition=Q(organization=None), name="ledger_account_general"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("receivable", "wallet"), organization__isnull=False)
                | (~Q(kind__in=("receivable", "wallet")) & Q(organization=None)),
                name="ledger_account_owned_by_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.currency.upper()})"


class LedgerTransaction(Unchanging, Scoped, Row):
    """One fact, posted once: what happened, to whom, and which row tells of it."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice finalised"
        VOID = "void", "Invoice voided"
        PAYMENT = "payment", "Payment"
        FEE = "fee", "Provider's fee"
        REFUND = "refund", "Refund"
        REFUND_FAILED = "refund_failed", "Refund failed"
        CREDIT_NOTE = "credit_note", "Credit note"
        CREDIT_NOTE_VOID = "credit_note_void", "Credit note voided"
        DISPUTE = "dispute", "Dispute opened"
        DISPUTE_WON = "dispute_won", "Dispute won"
        DISPUTE_LOST = "dispute_lost", "Dispute lost"
        GRANT = "grant", "Credits granted"
        BURN = "burn", "Credits used"
        EXPIRY = "expiry", "Credits expired"
        CREDITS_RESTORED = "credits_restored", "Credits given back"
        CREDITS_RETURNED = "credits_returned", "Unused credits returned"
        WRITE_OFF = "write_off", "Written off"
        RECOVERY = "recovery", "Paid after it was written off"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="ledger_transactions")
    kind = models.CharField(max_length=20, choices=Kind)
    # The fact's own name: posting it again posts nothing.
    idempotency_key = models.CharField(max_length=120, unique=True)
    occurred_at = models.DateTimeField()
    # The row that tells of the fact.
    source_type = models.CharField(max_length=60)
    source_id = models.UUIDField()

    objects = ScopedManager["LedgerTransaction"]()

    class Meta:
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["organization", "-occurred_at"], name="ledger_organization"),
            models.Index(fields=["source_type", "source_id"], name="ledger_source"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    """Which entries."""

    def balances(self) -> dict[tuple[UUID | None, str, str], int]:
        """By organization, kind of account and currency, what the entries come to."""
        rows = self.values_list("account__organization", "account__kind", "account__currency")
        found = rows.annotate(total=Sum("amount_minor")).order_by()
        return {(owner, kind, currency): total for owner, kind, currency, total in found}


class LedgerEntry(Unchanging, Scoped, Row):
    """What a fact does to one account: positive is a debit, negative a credit."""

    scope_path = "transaction__organization_id"

    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="entries")
    # The account's, once more: the database sums by it.
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()

    objects = ScopedManager.from_queryset(LedgerEntryQuerySet)()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name_plural = "ledger entries"
        default_permissions = ("view",)
        constraints = [models.CheckConstraint(condition=~Q(amount_minor=0), name="ledger_entry_not_zero")]

    def __str__(self) -> str:
        return f"{self.transaction}: {self.amount_minor}"

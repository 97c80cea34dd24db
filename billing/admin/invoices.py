"""What was asked to be paid."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.http import HttpRequest

from billing import money
from billing.admin import questions, verification
from billing.admin.amounts import Priced
from billing.models import BillingPeriod, CreditNote, CreditNoteLine, Invoice, InvoiceLine, Payment
from billing.models.payments import PaymentQuerySet
from billing.revenue import behind
from billing.services import crediting, invoice_endings, invoice_verification, own_invoices, refunding
from identity.models import User
from orgs.models import Organization
from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin
from platform_core.errors import Conflict


class InvoiceLineInline(Priced, StaffInline):
    """What it is made of."""

    model = InvoiceLine
    fields = (
        "kind",
        "description",
        "quantity",
        "amount_minor",
        "discount_minor",
        "tax_minor",
        "period_start",
        "period_end",
    )


class PaymentInline(Priced, StaffInline):
    """Who paid, and how often it was tried."""

    model = Payment
    fields = ("status", "amount_minor", "fee_minor", "method", "failure", "paid_at")
    show_change_link = True


class CreditNoteInline(Priced, StaffInline):
    """What was taken back."""

    model = CreditNote
    fields = ("number", "status", "total_minor", "tax_minor", "reason", "issued_at")
    show_change_link = True


def _verify(invoice: Invoice) -> str:
    problems = [] if invoice.status == Invoice.Status.DRAFT else invoice_verification.of_invoice(invoice)
    if problems:
        raise Conflict("; ".join(problems))
    return verification.verify(BillingPeriod.objects.filter(invoice_lines__invoice=invoice).distinct())


def _paid_by(invoice: Invoice) -> Payment:
    payment = refunding.refundable_payment(invoice)
    if payment is None:
        raise Conflict("Nothing that was paid for it is left to send back.")
    return payment


def _refund(payment: Payment, by: User, *, amount: int, reason: str, key: str) -> str:
    row = refunding.refund(payment, amount, reason=reason, key=f"console:{key}", by=by)
    return f"{money.format_minor(row.amount_minor, row.currency)} {row.get_status_display().lower()}"


def _credit(invoice: Invoice, by: User, *, amount: int, reason: str, key: str) -> str:
    note = crediting.credit(invoice, amount, reason=reason, key=f"console:{key}", by=by)
    return f"{note} over {money.format_minor(note.total_minor, note.currency)}"


def _refund_invoice(invoice: Invoice, by: User, **answers: Any) -> str:
    return _refund(_paid_by(invoice), by, **answers)


@admin.register(Invoice)
class InvoiceAdmin(Priced, StaffModelAdmin[Invoice]):
    """An invoice under our number, as it stands."""

    list_display = ("number", "organization", "state", "total_minor", "issued_at", "paid_at", "discrepancy")
    list_filter = ("status", "currency", "origin", ("discrepancy", admin.EmptyFieldListFilter))
    list_select_related = ("organization",)
    search_fields = ("number", "provider_number", "organization__name", "organization__slug", "provider_invoice_id")
    date_hierarchy = "issued_at"
    inlines = (InvoiceLineInline, PaymentInline, CreditNoteInline)
    operations: ClassVar[Sequence[Operation]] = (
        Operation("verify", "Compute the figures again", "billing.view_invoice", lambda invoice, _by: _verify(invoice)),
        Operation(
            "refund",
            "Refund",
            "billing.refund_payment",
            _refund_invoice,
            offered=lambda invoice: refunding.refundable_payment(invoice) is not None,
            question=questions.RefundInvoice,
            is_dangerous=True,
        ),
        Operation(
            "credit",
            "Credit",
            "billing.issue_creditnote",
            _credit,
            offered=lambda invoice: invoice.status in crediting.CREDITABLE and crediting.creditable_minor(invoice) > 0,
            question=questions.Credit,
        ),
        Operation(
            "void",
            "Void",
            "billing.void_invoice",
            lambda invoice, by, reason, **_: invoice_endings.void(invoice, reason=reason, by=by),
            offered=lambda invoice: invoice.status == Invoice.Status.OPEN,
            question=questions.Void,
            is_dangerous=True,
        ),
        Operation(
            "write_off",
            "Write off",
            "billing.write_off_invoice",
            lambda invoice, by, reason, **_: invoice_endings.write_off(invoice, reason=reason, by=by),
            offered=lambda invoice: invoice.status == Invoice.Status.OPEN,
            question=questions.WriteOff,
            is_dangerous=True,
        ),
    )


def _write(organization: Organization, by: User, *, key: str, amount: int, currency: str, description: str) -> str:
    charge = own_invoices.Charge(description, amount, currency)
    made = own_invoices.write(organization, charge, key=f"console:{key}", by=by)
    return f"{made.number} over {money.format_minor(made.total_minor, made.currency)}"


# On an organization's page.
WRITE = Operation("write_invoice", "Write an invoice", "billing.add_invoice", _write, question=questions.WriteInvoice)


class CreditNoteLineInline(Priced, StaffInline):
    """What was taken of each line."""

    model = CreditNoteLine
    fields = ("description", "amount_minor", "tax_minor")


@admin.register(CreditNote)
class CreditNoteAdmin(Priced, StaffModelAdmin[CreditNote]):
    """What takes an invoice back, under a number of its own."""

    list_display = ("number", "invoice", "organization", "state", "total_minor", "reason", "issued_at")
    list_filter = ("status", "currency")
    list_select_related = ("invoice", "organization")
    search_fields = ("number", "invoice__number", "organization__name", "organization__slug")
    date_hierarchy = "issued_at"
    inlines = (CreditNoteLineInline,)


class Outcome(admin.SimpleListFilter):
    """What the payment success rate counts."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("answered", "Tried"), ("succeeded", "Succeeded"), ("failed", "Failed")]

    def queryset(self, request: HttpRequest, queryset: Any) -> PaymentQuerySet:
        value, made = self.value(), cast("PaymentQuerySet", queryset)
        return behind.of_outcome(made, value) if value else made


@admin.register(Payment)
class PaymentAdmin(Priced, StaffModelAdmin[Payment]):
    """One try to collect money."""

    list_display = ("method", "organization", "invoice", "state", "amount_minor", "fee_minor", "paid_at")
    list_filter = (Outcome, "status", "currency")
    list_select_related = ("invoice", "organization")
    search_fields = ("provider_payment_id", "provider_charge_id", "invoice__number", "organization__name")
    date_hierarchy = "created_at"
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "refund",
            "Refund",
            "billing.refund_payment",
            _refund,
            offered=lambda payment: refunding.refundable_minor(payment) > 0,
            question=questions.RefundPayment,
            is_dangerous=True,
        ),
    )

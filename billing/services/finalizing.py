"""Making invoices of our own final: figures, tax, number, ledger and evidence, in one transaction.

Many are made final together at little more than the cost of one: each table is read once and written once.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from billing.models import BillingProfile, Invoice, InvoiceLine, TaxRate
from billing.services import bookkeeping, invoice_evidence, issuing, ledger, numbers, settling, taxes, wallet
from identity.models import User
from platform_core import clock
from platform_core.errors import Conflict
from platform_core.services import audit

# So many are held at a time: others wait for a batch, not for a night's run.
BATCH = 500
FIGURES = [
    *("status", "legal_entity", "sequence", "number", "issued_by", "billed_to", "issued_at", "finalized_at"),
    *("subtotal_minor", "tax_minor", "total_minor", "is_tax_inclusive", "tax_note", "evidence"),
    *("wallet_minor", "paid_at", "next_attempt_at"),
]


def finalize(invoice: Invoice, *, by: User | None = None) -> Invoice:
    """Make one draft of ours final; one that is final already is given back as it is."""
    finalize_all([invoice.pk], by=by)
    return Invoice.objects.select_related("organization").get(pk=invoice.pk)


def finalize_all(ids: Sequence[UUID], *, by: User | None = None) -> int:
    """Make these drafts of ours final, batch by batch; gives how many were still drafts."""
    return sum(_batch(ids[start : start + BATCH], by) for start in range(0, len(ids), BATCH))


@transaction.atomic
def _batch(ids: Sequence[UUID], by: User | None) -> int:
    # In the order of their keys: two that hold some of the same wait for each other in turn.
    held = Invoice.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    drafts = [
        each
        for each in held.select_related("organization", "legal_entity", "subscription__plan__product")
        if each.status == "draft"
    ]
    foreign = [str(each.pk) for each in drafts if each.origin != Invoice.Origin.OURS]
    if foreign:
        raise Conflict(f"The provider makes these final: {', '.join(foreign)}.")
    if not drafts:
        return 0
    lines = _lines_of(drafts)
    treated = _priced(drafts, lines)
    _numbered(drafts)
    for invoice in drafts:
        invoice.evidence = invoice_evidence.sealed(invoice, lines[invoice.pk], treated[invoice.pk])
    ledger.post_all([bookkeeping.finalized(invoice) for invoice in drafts])
    wallet.apply_to(drafts)
    for invoice in drafts:
        # What credits do not cover is asked for by the clock, outside this transaction.
        invoice.next_attempt_at = clock.now() if invoice.due_minor else None
    _store(drafts, lines)
    _tell(drafts, by)
    return len(drafts)


def _lines_of(drafts: Sequence[Invoice]) -> dict[UUID, list[InvoiceLine]]:
    """The lines of each, recomputed from quantity and price."""
    found: dict[UUID, list[InvoiceLine]] = defaultdict(list)
    for line in InvoiceLine.objects.filter(invoice__in=[each.pk for each in drafts]).order_by("position", "pk"):
        line.amount_minor = invoice_evidence.line_amount(line)
        found[line.invoice_id].append(line)
    empty = [str(each.pk) for each in drafts if not found[each.pk]]
    if empty:
        raise Conflict(f"There is nothing to charge on {', '.join(empty)}: an invoice needs a line.")
    return found


def _priced(drafts: Sequence[Invoice], lines: dict[UUID, list[InvoiceLine]]) -> dict[UUID, taxes.Treatment]:
    """Figures and tax of each, by the rates that hold today and whom it is made out to."""
    now, default = clock.now(), numbers.legal_entity()
    profiles = BillingProfile.objects.filter(organization__in={each.organization_id for each in drafts})
    buyers = {profile.organization_id: profile for profile in profiles}
    rates = list(TaxRate.objects.all())
    treated = {}
    for invoice in drafts:
        seller, buyer = invoice.legal_entity or default, buyers.get(invoice.organization_id)
        treatment = taxes.treatment(seller, buyer, rates, now.date())
        figures = taxes.taxed([line.amount_minor for line in lines[invoice.pk]], treatment)
        for line, tax in zip(lines[invoice.pk], figures.lines, strict=True):
            line.tax_minor = tax
        invoice.subtotal_minor, invoice.tax_minor = figures.subtotal_minor, figures.tax_minor
        invoice.total_minor, invoice.is_tax_inclusive = figures.total_minor, treatment.is_inclusive
        if invoice.total_minor < 0:
            raise Conflict(f"Invoice {invoice.pk} comes to less than nothing: that takes a credit note.")
        invoice.tax_note, invoice.legal_entity = treatment.note, seller
        invoice.issued_at = invoice.finalized_at = now
        invoice.status = Invoice.Status.OPEN
        issuing.stand_as(invoice, seller, buyer)
        treated[invoice.pk] = treatment
    return treated


def _numbered(drafts: Iterable[Invoice]) -> None:
    of_entity: dict[UUID, list[Invoice]] = defaultdict(list)
    for invoice in drafts:
        assert invoice.legal_entity_id  # noqa: S101 - `_priced` sets it
        of_entity[invoice.legal_entity_id].append(invoice)
    # In one order everywhere: two that take from both would wait for each other for ever.
    for _, issued in sorted(of_entity.items()):
        issuing.number(issued)


def _store(drafts: Sequence[Invoice], lines: dict[UUID, list[InvoiceLine]]) -> None:
    # One statement for all of them: an upsert takes a tenth of what `bulk_update` does.
    Invoice.objects.bulk_create(drafts, update_conflicts=True, unique_fields=["id"], update_fields=FIGURES)
    changed = [line for invoice in drafts for line in lines[invoice.pk]]
    InvoiceLine.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["id"], update_fields=["amount_minor", "tax_minor"]
    )


def _tell(drafts: Sequence[Invoice], by: User | None) -> None:
    with audit.together():
        for invoice in drafts:
            changes: dict[str, Any] = {"number": invoice.number, "total_minor": invoice.total_minor}
            audit.record("invoice.finalize", invoice, by=by, changes=changes)
    for invoice in drafts:
        settling.announce(invoice, Invoice.Status.DRAFT)

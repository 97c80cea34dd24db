"""Computing every final invoice again: its figures to the minor unit, its number's place in the row, its books."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Count, F, Max, Min, Sum

from billing.models import CreditNote, Invoice, LedgerEntry, LedgerTransaction, LegalEntity, Refund, Wallet
from billing.services import bookkeeping, invoice_evidence
from billing.services.ledger import Account, Posting


def problems() -> Iterator[str]:
    """Whatever does not come out the same, named."""
    final = Invoice.objects.exclude(status=Invoice.Status.DRAFT).select_related("legal_entity")
    for invoice in final.prefetch_related("lines").order_by("issued_at", "pk").iterator(chunk_size=500):
        for problem in of_invoice(invoice):
            yield f"Invoice {invoice.pk} ({invoice}): {problem}"
    for note in CreditNote.objects.exclude(sequence=None).prefetch_related("lines").iterator(chunk_size=500):
        for problem in of_credit_note(note):
            yield f"Credit note {note.pk} ({note}): {problem}"
    for entity in LegalEntity.objects.order_by("name"):
        yield from _gaps(entity, "invoice", entity.invoice_count)
        yield from _gaps(entity, "credit_note", entity.credit_note_count)


def of_invoice(invoice: Invoice) -> list[str]:
    """What is wrong with one final invoice."""
    found = invoice_evidence.verify(invoice, list(invoice.lines.all()))
    if invoice.discrepancy:
        found.append(invoice.discrepancy)
    if invoice.origin == Invoice.Origin.OURS and invoice.due_minor > 0 and invoice.next_attempt_at is None:
        found.append("nobody asks for its money")
    if invoice.credited_minor > max(0, invoice.total_minor):
        found.append(f"credited with {invoice.credited_minor} of {invoice.total_minor}")
    if invoice.excess_minor:
        found.append(f"{invoice.returned_minor} was given back, {invoice.excess_minor} more than came")
    if invoice.status == Invoice.Status.VOID:
        found += _still_owed(invoice)
    return found + _not_as_posted(bookkeeping.finalized(invoice))


def _still_owed(invoice: Invoice) -> list[str]:
    """Of a void invoice nothing is owed, whatever became of it before."""
    facts = [invoice.pk]
    for rows in (invoice.credit_notes, invoice.payments, invoice.wallet_movements):
        facts += rows.values_list("pk", flat=True)
    facts += Refund.objects.filter(payment__invoice=invoice).values_list("pk", flat=True)
    entries = LedgerEntry.objects.filter(account__kind=Account.RECEIVABLE, transaction__source_id__in=facts)
    owed = entries.aggregate(total=Sum("amount_minor"))["total"] or 0
    return [f"it is void, and {owed} is still receivable"] if owed else []


def of_credit_note(note: CreditNote) -> list[str]:
    """What is wrong with one credit note."""
    sums = (sum(line.amount_minor for line in note.lines.all()), sum(line.tax_minor for line in note.lines.all()))
    found = [] if sums == (note.total_minor, note.tax_minor) else [f"its lines come to {sums[0]} with {sums[1]} tax"]
    return found + _not_as_posted(bookkeeping.credited(note))


def _not_as_posted(expected: Posting) -> list[str]:
    posted = LedgerEntry.objects.filter(transaction__idempotency_key=expected.key)
    rows = posted.values_list("account__kind", "currency").annotate(total=Sum("amount_minor")).order_by()
    told = {(kind, currency): total for kind, currency, total in rows}
    wanted = {(kind.value, expected.currency): amount for kind, amount in expected.amounts.items() if amount}
    return [] if told == wanted else [f"the ledger has {_written(told)} instead of {_written(wanted)}"]


def _written(amounts: dict[tuple[str, str], int]) -> str:
    return ", ".join(f"{kind} {amount}" for (kind, _), amount in sorted(amounts.items())) or "nothing"


def _gaps(entity: LegalEntity, series: str, count: int) -> Iterator[str]:
    """Numbers run from one to the counter, each there once."""
    rows = (
        CreditNote.objects.exclude(sequence=None) if series == "credit_note" else Invoice.objects.exclude(sequence=None)
    )
    found = rows.filter(legal_entity=entity).aggregate(
        first=Min("sequence"), last=Max("sequence"), each=Count("sequence", distinct=True), all=Count("pk")
    )
    whole = (1, count, count, count) if count else (None, None, 0, 0)
    if (found["first"], found["last"], found["each"], found["all"]) != whole:
        yield (
            f"{entity}: {found['all']} numbers of the series {series}, from {found['first']} to {found['last']},"
            f" where {count} were given"
        )


def of_ledger() -> Iterator[str]:
    """What is wrong with the books: sums that are not zero, entries in another currency, wallets that differ."""
    uneven = LedgerEntry.objects.values("transaction", "currency").annotate(total=Sum("amount_minor")).exclude(total=0)
    for row in uneven.order_by("transaction"):
        yield f"Transaction {row['transaction']} sums to {row['total']} {row['currency']}"
    for pk in LedgerTransaction.objects.filter(entries=None).values_list("pk", flat=True):
        yield f"Transaction {pk} has no entries"
    for invoice in Invoice.objects.filter(status=Invoice.Status.VOID, sequence__isnull=False).order_by(
        "issued_at", "pk"
    ):
        yield from (f"Invoice {invoice.pk} ({invoice}): {problem}" for problem in _still_owed(invoice))
    yield from _foreign_entries()
    yield from _wallets()


def _foreign_entries() -> Iterator[str]:
    entries = LedgerEntry.objects.exclude(currency=F("account__currency"))
    for pk in entries.values_list("pk", flat=True):
        yield f"Entry {pk} is in another currency than its account"
    strangers = LedgerEntry.objects.exclude(account__organization=None)
    for pk in strangers.exclude(account__organization=F("transaction__organization")).values_list("pk", flat=True):
        yield f"Entry {pk} is on another organization's account"


def _wallets() -> Iterator[str]:
    booked = LedgerEntry.objects.filter(account__kind=Account.WALLET).balances()
    held: dict[tuple[UUID | None, str], int] = {
        (owner, currency): balance
        for owner, currency, balance in Wallet.objects.values_list("organization", "currency", "balance_minor")
    }
    told = {(owner, currency): -total for (owner, _, currency), total in booked.items()}
    for key in sorted(held.keys() | told.keys(), key=repr):
        if held.get(key, 0) != told.get(key, 0):
            yield f"Wallet of {key[0]} in {key[1]}: {held.get(key, 0)}, in the ledger {told.get(key, 0)}"

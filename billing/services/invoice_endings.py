"""Ending an open invoice without money: void, as if it had never been asked for, or given up as a loss."""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from billing.models import CreditNote, Invoice
from billing.providers import provider
from billing.providers.protocol import InvoiceFact
from billing.services import invoices, settling
from identity.models import User
from platform_core import clock, transactions
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit

Status = Invoice.Status


def void(invoice: Invoice, *, reason: str, by: User | None) -> Invoice:
    """Take an open invoice back whole. It keeps its number; one that is void already stays so."""
    if invoice.status == Status.VOID:
        return invoice
    _check(invoice, reason)
    if invoice.paid_minor or invoice.wallet_minor or _is_credited(invoice):
        raise Conflict("Part of it is settled: that takes a credit note.")
    return _end(invoice, Status.VOID, provider().void_invoice, reason=reason, by=by)


def write_off(invoice: Invoice, *, reason: str, by: User | None) -> Invoice:
    """Give up what is still to be paid; whoever pays after all is still welcome to. Doing it again changes nothing."""
    if invoice.status == Status.UNCOLLECTIBLE:
        return invoice
    _check(invoice, reason)
    return _end(invoice, Status.UNCOLLECTIBLE, provider().give_up_invoice, reason=reason, by=by)


def _check(invoice: Invoice, reason: str) -> None:
    transactions.outside()
    if not reason.strip():
        raise InvalidInput("Say why.", details={"reason": ["This field is required."]})
    if invoice.status != Status.OPEN:
        raise Conflict(f"An invoice that is {invoice.get_status_display().lower()} is not open any more.")


def _is_credited(invoice: Invoice) -> bool:
    standing = (CreditNote.Status.REQUESTED, CreditNote.Status.ISSUED)
    return invoice.credit_notes.filter(status__in=standing).exists()


def _end(invoice: Invoice, status: Status, ask: Callable[..., InvoiceFact], *, reason: str, by: User | None) -> Invoice:
    """At the provider first, where it is the provider's; then here."""
    fact, observed_at = None, clock.wall()
    if invoice.provider_invoice_id:
        fact = ask(invoice.provider_invoice_id, key=f"{status.value}:{invoice.provider_invoice_id}")
    return _record(invoice, status, fact, {"reason": reason.strip()[:300], "by": by, "observed_at": observed_at})


@transaction.atomic
def _record(invoice: Invoice, status: Status, fact: InvoiceFact | None, told: dict[str, Any]) -> Invoice:
    held = Invoice.objects.select_for_update(of=("self",)).select_related("organization").get(pk=invoice.pk)
    if fact is not None:
        held = invoices.apply(fact, organization=held.organization, observed_at=told["observed_at"])
    else:
        _end_ours(held, status)
    if held.status != status:
        raise Conflict(f"It is {held.get_status_display().lower()} meanwhile.")
    verb = "void" if status == Status.VOID else "write_off"
    changes = {"number": held.number, "reason": told["reason"], "written_off_minor": held.written_off_minor}
    audit.record(f"invoice.{verb}", held, by=told["by"], changes=changes)
    return held


def _end_ours(held: Invoice, status: Status) -> None:
    if held.status != Status.OPEN:
        return
    if status == Status.VOID and (held.paid_minor or held.wallet_minor or _is_credited(held)):
        raise Conflict("Part of it is settled meanwhile: that takes a credit note.")
    before, held.status = held.status, status
    settling.follow(held, [])
    held.save(update_fields=["status", "written_off_minor"])
    settling.announce(held, before)

"""What is gone at the provider for good: a tombstone stays, so that nothing which comes late brings it back."""

from collections.abc import Collection, Iterable

from billing.models import Invoice
from billing.providers import provider
from platform_core import clock
from platform_core.models import ProviderEvent, ProviderObject
from platform_core.services import audit

BURIED = ProviderObject.Status.DELETED


def bury(object_id: str) -> bool:
    """Note that an object was deleted there; True where a row of ours ended with it. Runs in a transaction."""
    ProviderObject.objects.bulk_create(
        [ProviderObject(provider=provider().name, external_id=object_id)], ignore_conflicts=True
    )
    standing = ProviderObject.objects.filter(
        provider=provider().name, external_id=object_id, status=ProviderObject.Status.LIVE
    )
    standing.update(status=BURIED, deleted_at=clock.now())
    return _void(object_id) or _let_go(object_id)


def among(events: Iterable[ProviderEvent]) -> Collection[str]:
    """Of the objects that events are about, those that are gone."""
    named = {event.object_id for event in events}
    found = ProviderObject.objects.filter(provider=provider().name, external_id__in=named, status=BURIED)
    return set(found.values_list("external_id", flat=True)) if named else set()


def _void(invoice_id: str) -> bool:
    """Only a draft can be deleted there. Here it stays, as what will never be asked for."""
    drafts = Invoice.objects.select_for_update().filter(
        provider=provider().name, provider_invoice_id=invoice_id, status=Invoice.Status.DRAFT
    )
    for invoice in drafts:
        invoice.status = Invoice.Status.VOID
        invoice.save(update_fields=["status"])
        audit.record("invoice.status", invoice, by=None, changes={"status": [Invoice.Status.DRAFT, invoice.status]})
    return bool(drafts)


def _let_go(invoice_id: str) -> bool:
    """An open invoice of our own whose draft there was deleted is carried again, as a try with a key of its own."""
    carried = Invoice.objects.select_for_update().filter(
        provider=provider().name,
        provider_invoice_id=invoice_id,
        origin=Invoice.Origin.OURS,
        status=Invoice.Status.OPEN,
    )
    for invoice in carried:
        invoice.provider_invoice_id, invoice.attempt_count = "", invoice.attempt_count + 1
        invoice.save(update_fields=["provider_invoice_id", "attempt_count"])
        audit.record("invoice.update", invoice, by=None, changes={"provider_invoice_id": [invoice_id, ""]})
    return bool(carried)

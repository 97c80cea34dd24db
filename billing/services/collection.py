"""Collecting an invoice: its card is charged, and where the bank says no it is asked again on fixed days.

The provider keeps after its own renewals. An invoice that we made ourselves, for the end of a subscription or for
anything else, it leaves to us: each refusal is mailed, with the page on which it can be paid. Every try has a key of
its own, so a try that was killed and is done again is still one try.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from billing.models import Invoice
from billing.providers import provider
from billing.providers.protocol import CardDeclined, InvoiceFact
from billing.services import invoices, notices
from platform_core import clock
from platform_core.services import audit

# After each failed try the next one waits this many days; after the last the invoice is uncollectible.
RETRY_DAYS = (1, 3, 5, 7)
# Why an invoice exists, in the provider's words: somebody made it through the API.
OURS = "manual"


def collect(provider_invoice_id: str, *, attempt: int = 1) -> InvoiceFact:
    """Make the invoice final and charge the card; where the bank says no, the invoice stays open and tells why."""
    fact = provider().finalize_invoice(provider_invoice_id, key=f"finalize:{provider_invoice_id}")
    if fact.status != "open":
        return fact
    try:
        return provider().pay_invoice(provider_invoice_id, key=f"pay:{provider_invoice_id}:{attempt}")
    except CardDeclined as error:
        return replace(fact, payment_error=str(error))


def plan_retry(invoice: Invoice, fact: InvoiceFact) -> None:
    """After the first try of an invoice of our own, in the transaction that records it."""
    if fact.billing_reason != OURS or invoice.status != Invoice.Status.OPEN or invoice.attempt_count:
        return
    invoice.attempt_count, invoice.next_attempt_at = 1, clock.now() + timedelta(days=RETRY_DAYS[0])
    invoice.save(update_fields=["attempt_count", "next_attempt_at"])
    changes = {"next_attempt_at": invoice.next_attempt_at, "payment_error": fact.payment_error}
    audit.record("invoice.decline", invoice, by=None, changes=changes)
    notices.invoice_unpaid(invoice)


def retry(invoice: Invoice) -> bool:
    """Try the card once more, outside any transaction; False if somebody else did so meanwhile."""
    observed_at, attempt = clock.wall(), invoice.attempt_count + 1
    fact = collect(invoice.provider_invoice_id, attempt=attempt)
    if fact.status == "open" and attempt > len(RETRY_DAYS):
        key = f"give-up:{invoice.provider_invoice_id}"
        given_up = provider().give_up_invoice(invoice.provider_invoice_id, key=key)
        why = "" if given_up.status == "paid" else fact.payment_error
        fact = replace(given_up, payment_error=why)
    return _record(invoice, fact, observed_at)


@transaction.atomic
def _record(invoice: Invoice, fact: InvoiceFact, observed_at: datetime) -> bool:
    attempt = invoice.attempt_count + 1
    next_at = clock.now() + timedelta(days=RETRY_DAYS[attempt - 1]) if fact.status == "open" else None
    untried = Invoice.objects.filter(pk=invoice.pk, attempt_count=invoice.attempt_count)
    if not untried.update(attempt_count=attempt, next_attempt_at=next_at):
        return False
    told = invoices.apply(fact, organization=invoice.organization, observed_at=observed_at)
    changes = {"attempt": attempt, "status": fact.status, "payment_error": fact.payment_error}
    audit.record("invoice.retry", invoice, by=None, changes=changes)
    if told.status in (Invoice.Status.OPEN, Invoice.Status.UNCOLLECTIBLE):
        notices.invoice_unpaid(told)
    return True

"""Collecting invoices of our own: each goes to the provider's customer as one line over what is still due.

The provider charges what the customer saved and shows a page on which it can be paid by whatever else; our figures, our
number and our lines stand. Whatever nobody would ask for any more is given up, so every final invoice ends: paid,
uncollectible or void.
"""

from datetime import datetime

from django.db.models import Q

from billing.models import BillingPeriod, Invoice, Subscription
from billing.providers import provider
from billing.providers.protocol import InvoiceFact, InvoiceSpec
from billing.services import accounts, collection, invoice_endings
from billing.services.invoices import OWN

WHY = "Its subscription is over, and nobody asks for it any more."


def due(by: datetime) -> list[Invoice]:
    """Those whose next try has come, and that no subscription's billing asks for."""
    found = Invoice.objects.due_again(by).filter(Q(origin=Invoice.Origin.OURS) | Q(subscription=None))
    return list(found.select_related("organization"))


def collect(invoice: Invoice) -> bool:
    """Ask for one, outside any transaction; False if somebody else did so meanwhile."""
    if not invoice.provider_invoice_id:
        _carry(invoice)
    return collection.retry(invoice)


def _carry(invoice: Invoice) -> None:
    """The provider's invoice that collects ours. What it made before a crash is found by its line, not made again."""
    customer_id = accounts.customer_of(invoice.organization)
    named = str(invoice.pk)
    known = (item.invoice_id for item in provider().invoice_items_of(customer_id) if item.metadata.get(OWN) == named)
    invoice.provider_invoice_id = next(known, "") or _made(invoice, customer_id).id
    Invoice.objects.filter(pk=invoice.pk).update(provider_invoice_id=invoice.provider_invoice_id)


def _made(invoice: Invoice, customer_id: str) -> InvoiceFact:
    spec = InvoiceSpec(
        customer_id=customer_id,
        amount_minor=invoice.due_minor,
        currency=invoice.currency,
        description=f"Invoice {invoice.number}",
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        metadata={OWN: str(invoice.pk)},
    )
    return provider().open_invoice(spec, key=f"own-invoice:{invoice.pk}")


# --- what nobody asks for ---
def abandoned() -> list[Invoice]:
    """Open invoices that the provider ceased to ask for when their subscription ended, once all of it is charged."""
    waiting = Invoice.objects.filter(status=Invoice.Status.OPEN, next_attempt_at=None)
    over = waiting.filter(origin=Invoice.Origin.PROVIDER, subscription__status__in=Subscription.ENDED)
    charged = over.exclude(subscription__in=BillingPeriod.objects.uncharged().values("subscription"))
    return list(charged.select_related("organization").order_by("issued_at", "pk"))


def give_up(invoice: Invoice) -> bool:
    """It ends as what the customer did not pay; its page still takes money. False: nobody was asked."""
    invoice_endings.write_off(invoice, reason=WHY, by=None)
    return False

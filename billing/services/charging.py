"""Putting a closed period's items on an invoice and collecting it: outside any transaction, each step safe to repeat.

What the provider gave us is stored as soon as it is known, and before anything is added we ask what it already has:
an item that it knows is adopted, not added again, however long ago it forgot the key.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.template.loader import render_to_string

from billing.models import BillingPeriod, InvoiceItem, Subscription
from billing.providers import provider
from billing.providers.protocol import InvoiceFact, InvoiceItemSpec
from billing.services import collection, invoices, steps
from billing.services.invoices import item_id_of
from platform_core import clock
from platform_core.services import audit

# A renewal that the provider has not made by then will not come; the period gets an invoice of its own.
RENEWAL_PATIENCE = timedelta(days=1)


def charge(period: BillingPeriod) -> bool:
    """Collect what a closed period is owed; False while its subscription's renewal is still to come."""
    items = list(period.items_to_collect.uncharged().select_related("period"))
    customer_id = period.subscription.organization.billing_account.provider_customer_id
    _adopt([item for item in items if not item.provider_invoice_id], customer_id)
    missing = [item for item in items if not item.provider_item_id]
    if missing and not _add_all(missing, period):
        return False
    _invoice_pending([item for item in items if not item.provider_invoice_id], period.subscription)
    observed_at = clock.wall()
    facts = [collection.collect(invoice_id) for invoice_id in dict.fromkeys(item.provider_invoice_id for item in items)]
    _record(period, items, facts, observed_at)
    return True


def _adopt(items: Sequence[InvoiceItem], customer_id: str) -> None:
    """A crash may have come between adding an item and storing that it was added."""
    known = {item_id_of(fact): fact for fact in provider().invoice_items_of(customer_id)} if items else {}
    for item in items:
        if item.pk in known:
            _store(item, known[item.pk].id, known[item.pk].invoice_id)


def _add_all(items: Sequence[InvoiceItem], period: BillingPeriod) -> bool:
    """Add items to the renewal's draft, or to an invoice of their own where there is none; False to wait for it."""
    renewal = _renewal_of(period, provider().invoices_of(period.subscription.provider_subscription_id))
    if renewal is None and _renewal_is_to_come(period):
        return False
    for item in items:
        _add(item, period.subscription, renewal.id if renewal and renewal.status == "draft" else "")
    return True


def _renewal_of(period: BillingPeriod, known: Sequence[InvoiceFact]) -> InvoiceFact | None:
    """The invoice with the base price of the period that follows."""
    renewals = (fact for fact in known if any(line.period_start == period.ends_at for line in fact.lines))
    return next(renewals, None)


def _renewal_is_to_come(period: BillingPeriod) -> bool:
    over = period.subscription.status in Subscription.ENDED
    return not over and clock.now() < period.ends_at + RENEWAL_PATIENCE


def _add(item: InvoiceItem, subscription: Subscription, invoice_id: str) -> None:
    """Add one item to the renewal's draft, or to what the next invoice of the customer will collect."""
    spec = InvoiceItemSpec(
        customer_id=subscription.organization.billing_account.provider_customer_id,
        subscription_id=subscription.provider_subscription_id,
        invoice_id=invoice_id,
        amount_minor=item.amount_minor,
        currency=item.currency,
        description=render_to_string("billing/invoice_item.txt", wording(item)).strip(),
        period_start=item.period.starts_at,
        period_end=item.period.ends_at,
        metadata={"kind": item.kind, "billing_period": str(item.period_id), "invoice_item": str(item.pk)},
    )
    # Where it goes is part of the request, and a key stands for one request.
    key = item.idempotency_key if invoice_id else f"{item.idempotency_key}:alone"
    _store(item, provider().add_invoice_item(spec, key=key), invoice_id)


def wording(item: InvoiceItem) -> Mapping[str, object]:
    """What the line of an item says."""
    allotment = item.period.token_allotment or 0
    words = {"item": item, "period": item.period, "quantity": f"{item.quantity:,}", "allotment": f"{allotment:,}"}
    # An adjustment is a difference: it has no steps of its own.
    return words | (steps.wording(item.evidence) if item.kind == InvoiceItem.Kind.OVERAGE else {})


def _store(item: InvoiceItem, item_id: str, invoice_id: str) -> None:
    item.provider_item_id, item.provider_invoice_id = item_id, invoice_id
    item.save(update_fields=["provider_item_id", "provider_invoice_id"])


def _invoice_pending(items: Sequence[InvoiceItem], subscription: Subscription) -> None:
    """An invoice of their own for items that no renewal carries."""
    if not items:
        return
    fact = provider().create_invoice(
        customer_id=subscription.organization.billing_account.provider_customer_id,
        subscription_id=subscription.provider_subscription_id,
        key=f"invoice:{items[0].pk}",
    )
    for item in items:
        _store(item, item.provider_item_id, fact.id)


@transaction.atomic
def _record(
    period: BillingPeriod, items: Sequence[InvoiceItem], facts: Iterable[InvoiceFact], observed_at: datetime
) -> None:
    """What the provider did, in one transaction; whoever comes second changes nothing."""
    period = BillingPeriod.objects.select_for_update(of=("self",)).select_related("organization").get(pk=period.pk)
    for fact in facts:
        invoice = invoices.apply(fact, organization=period.organization, observed_at=observed_at)
        collection.plan_retry(invoice, fact)
    now = clock.now()
    charged = period.items_to_collect.uncharged().filter(pk__in=[item.pk for item in items]).update(charged_at=now)
    if not charged:
        return
    audit.record("billing_period.charge", period, by=None, changes={"items": charged})
    if not period.items_to_collect.uncharged().exists():
        period.status, period.invoiced_at = BillingPeriod.Status.INVOICED, now
        period.save(update_fields=["status", "invoiced_at"])

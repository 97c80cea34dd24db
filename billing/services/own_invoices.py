"""Invoices of our own, written and collected: each goes to the provider's customer as one line over what is still due.

The provider charges what the customer saved and shows a page on which it can be paid by whatever else; our figures, our
number and our lines stand. Whatever nobody would ask for any more is given up, so every final invoice ends: paid,
uncollectible or void.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Q

from billing.models import NANO, BillingPeriod, Invoice, InvoiceLine, Payment, Subscription
from billing.money import CURRENCIES
from billing.providers import provider
from billing.providers.facts import InvoiceItemFact
from billing.providers.protocol import InvoiceFact, InvoiceSpec
from billing.services import accounts, collection, finalizing, invoice_endings
from billing.services.invoices import OWN
from billing.services.wallet import LARGEST_MINOR, KeyReused
from identity.models import User
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import InvalidInput

WHY = "Its subscription is over, and nobody asks for it any more."

# Under which name the provider's invoice tells what it was made over, and after how many tries.
ASKED = "own_invoice_asked"
# A bank debit is settled or refused within so long.
BANK_DAYS = 14
# The keys of whoever writes invoices name them within this.
WRITTEN = UUID("5f0c7a52-6f0e-4c52-9a5b-6f3a1f1f7a10")


@dataclass(frozen=True)
class Charge:
    """What an invoice is written over, tax apart: minor units of a currency."""

    description: str
    amount_minor: int
    currency: str


def _check(charge: Charge) -> None:
    problems = {
        "description": "This field is required." if not charge.description.strip() else "",
        "amountMinor": "" if 0 < charge.amount_minor <= LARGEST_MINOR else f"Between 1 and {LARGEST_MINOR:,}.",
        "currency": "" if charge.currency in CURRENCIES else "Three small letters, such as usd.",
    }
    details = {name: [problem] for name, problem in problems.items() if problem}
    if details:
        raise InvalidInput("This cannot be invoiced.", details=details)


@transaction.atomic
def write(organization: Organization, charge: Charge, *, key: str, by: User | None) -> Invoice:
    """Invoice something that no subscription brings about: final at once, taxed, and asked for by the clock.

    Writing again with the same key gives the same invoice.
    """
    _check(charge)
    now = clock.now()
    begun = {
        "organization": organization,
        "origin": Invoice.Origin.OURS,
        "status": Invoice.Status.DRAFT,
        "currency": charge.currency,
        "subtotal_minor": charge.amount_minor,
        "total_minor": charge.amount_minor,
        **dict.fromkeys(("period_start", "period_end", "issued_at"), now),
        "observed_at": clock.wall(),
    }
    invoice, is_new = Invoice.objects.get_or_create(pk=uuid5(WRITTEN, key), defaults=begun)
    if not is_new:
        return _known(invoice, organization, charge)
    InvoiceLine.objects.create(
        invoice=invoice,
        kind=InvoiceLine.Kind.OTHER,
        description=charge.description.strip()[:300],
        unit_price_nano=charge.amount_minor * NANO,
        amount_minor=charge.amount_minor,
        period_start=now,
        period_end=now,
        provider_line_id="own-0",
    )
    return finalizing.finalize(invoice, by=by)


def _known(invoice: Invoice, organization: Organization, charge: Charge) -> Invoice:
    line = invoice.lines.get()
    told = (line.description, line.amount_minor, invoice.currency, invoice.organization_id)
    if told != (charge.description.strip()[:300], charge.amount_minor, charge.currency, organization.pk):
        raise KeyReused("This key was used for another invoice.")
    return invoice


def due(by: datetime) -> list[Invoice]:
    """Those whose next try has come, and that no subscription's billing asks for."""
    found = Invoice.objects.due_again(by).filter(Q(origin=Invoice.Origin.OURS) | Q(subscription=None))
    return list(found.select_related("organization"))


def collect(invoice: Invoice) -> bool:
    """Ask for one as it is now, outside any transaction; False if that is no longer due, or somebody else did so."""
    found = Invoice.objects.due_again(clock.now()).select_related("organization")
    fresh = found.filter(pk=invoice.pk).first()
    if fresh is None or not (fresh.provider_invoice_id or _carry(fresh)):
        return False
    return collection.retry(fresh)


def _carry(invoice: Invoice) -> bool:
    """The provider's invoice that collects ours. What it made before a crash is found by its line, not made again.

    False if ours is settled in part or whole meanwhile: what was made over more stays a draft that nobody charges.
    """
    customer_id = accounts.customer_of(invoice.organization)
    named = _named(invoice)
    items = _without_strays(provider().invoice_items_of(customer_id))
    lines = (item for item in items if item.metadata.items() >= named.items())
    made = next((line.invoice_id for line in lines), "") or _made(invoice, customer_id).id
    invoice.provider_invoice_id = made
    same = Invoice.objects.filter(
        pk=invoice.pk,
        status=Invoice.Status.OPEN,
        provider_invoice_id__in=("", made),
        credited_minor=invoice.credited_minor,
    )
    return same.update(provider_invoice_id=made) == 1


def _without_strays(items: Sequence[InvoiceItemFact]) -> list[InvoiceItemFact]:
    """Of a draft that was deleted there the line waits for whichever invoice comes next: it is taken back."""
    strays = [item for item in items if OWN in item.metadata and not item.invoice_id]
    for stray in strays:
        provider().drop_invoice_item(stray.id)
    return [item for item in items if item not in strays]


def _named(invoice: Invoice) -> dict[str, str]:
    """What tells that the provider's is made for this invoice, over this amount, and not in place of a deleted one."""
    return {OWN: str(invoice.pk), ASKED: f"{invoice.due_minor}:{invoice.attempt_count}"}


def _made(invoice: Invoice, customer_id: str) -> InvoiceFact:
    spec = InvoiceSpec(
        customer_id=customer_id,
        amount_minor=invoice.due_minor,
        currency=invoice.currency,
        description=f"Invoice {invoice.number}",
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        metadata=_named(invoice),
    )
    return provider().open_invoice(spec, key=f"own-invoice:{invoice.pk}:{spec.metadata[ASKED]}")


# --- what nobody asks for ---
def abandoned() -> list[Invoice]:
    """Open invoices that the provider ceased to ask for when their subscription ended, once all of it is charged.

    One that a bank is asked to debit waits for what the bank says.
    """
    waiting = Invoice.objects.filter(status=Invoice.Status.OPEN, next_attempt_at=None)
    since = clock.now() - timedelta(days=BANK_DAYS)
    debits = Payment.objects.filter(status=Payment.Status.PENDING, created_at__gte=since, invoice__isnull=False)
    over = waiting.filter(origin=Invoice.Origin.PROVIDER, subscription__status__in=Subscription.ENDED)
    charged = over.exclude(subscription__in=BillingPeriod.objects.uncharged().values("subscription"))
    asked = charged.exclude(pk__in=debits.values("invoice"))
    return list(asked.select_related("organization").order_by("issued_at", "pk"))


def give_up(invoice: Invoice) -> bool:
    """It ends as what the customer did not pay; its page still takes money. False: nobody was asked."""
    invoice_endings.write_off(invoice, reason=WHY, by=None)
    return False

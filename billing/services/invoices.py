"""Invoices as the provider tells them, in our own columns; each line is held against what we would have charged."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from billing.models import NANO, BillingPeriod, Invoice, InvoiceItem, InvoiceLine, Price, Subscription
from billing.providers import provider
from billing.providers.protocol import InvoiceFact, InvoiceItemFact, InvoiceLineFact
from billing.services import periods, purchases, rating, settling, wallet
from billing.splitting import apportion
from orgs.models import Organization
from platform_core.services import audit

# Under which name the provider's invoice tells which of ours it collects; and how it may end there.
OWN, ENDS = "own_invoice", ("paid", "void", "uncollectible")
log = logging.getLogger(__name__)
# Only these carry whole periods at the full price; others may hold parts of one.
RENEWALS = ("subscription_create", "subscription_cycle")


@transaction.atomic
def apply(fact: InvoiceFact, *, organization: Organization, observed_at: datetime) -> Invoice:
    """Store an invoice and its lines; a fact read earlier than what is stored changes nothing."""
    own = _own(fact)
    if own is not None:
        return _follow_own(own, fact, observed_at)
    subscription = _subscription_of(fact)
    values = _columns(fact, subscription, observed_at)
    # It begins as a draft: its number is taken once the row is ours to make final.
    begun = {**values, "organization": organization, "status": Invoice.Status.DRAFT}
    invoice, is_new = Invoice.objects.select_for_update(of=("self",)).get_or_create(
        provider=provider().name, provider_invoice_id=fact.id, defaults=begun
    )
    if not is_new and invoice.observed_at > observed_at:
        return invoice
    lines = _lines(invoice, fact)
    values["discrepancy"] = "; ".join(_discrepancies(fact, lines, subscription))[:300]
    if values["discrepancy"] and values["discrepancy"] != invoice.discrepancy:
        log.error("Invoice %s differs from our figures: %s", fact.number or fact.id, values["discrepancy"])
    before = "" if is_new else invoice.status
    for name, value in values.items():
        setattr(invoice, name, value)
    wallet.follow_balance(invoice, _balance_used(fact), customer_id=fact.customer_id)
    settling.follow(invoice, lines)
    invoice.save()
    if invoice.status != before:
        audit.record("invoice.status", invoice, by=None, changes={"status": [before, invoice.status]})
    _replace_lines(invoice, lines)
    settling.announce(invoice, before)
    return invoice


def _own(fact: InvoiceFact) -> Invoice | None:
    """The invoice of our own that the provider's collects, held."""
    named = _uuid(fact.metadata.get(OWN, ""))
    held = Invoice.objects.select_for_update(of=("self",)).select_related("organization")
    return held.filter(pk=named, origin=Invoice.Origin.OURS).first() if named else None


def _follow_own(invoice: Invoice, fact: InvoiceFact, observed_at: datetime) -> Invoice:
    """Our figures stand: of the provider's we take what was paid, why not, and how it ended."""
    if invoice.observed_at > observed_at or _is_left_over(invoice, fact):
        return invoice
    before, invoice.observed_at = invoice.status, observed_at
    invoice.provider_invoice_id, invoice.provider_number = fact.id, fact.number
    invoice.payment_error, invoice.payment_url = fact.payment_error[:300], fact.payment_url
    invoice.paid_minor = fact.paid_minor
    wallet.follow_balance(invoice, _balance_used(fact), customer_id=fact.customer_id)
    # What was settled before it went there is no part of what is asked for there.
    there_minor = (invoice.balance_minor or 0) - invoice.carried_minor
    asked = invoice.total_minor - invoice.wallet_minor + there_minor
    holds = asked - invoice.credited_minor <= fact.total_minor <= asked
    invoice.discrepancy = "" if holds else f"asked for as {fact.total_minor}, not {asked}"
    if fact.status in ENDS:
        invoice.status, invoice.paid_at, invoice.next_attempt_at = _end(invoice, fact), fact.paid_at, None
    settling.follow(invoice, [])
    invoice.save()
    if invoice.status != before:
        audit.record("invoice.status", invoice, by=None, changes={"status": [before, invoice.status]})
    settling.announce(invoice, before)
    return invoice


def _balance_used(fact: InvoiceFact) -> int | None:
    """The customer's credit at the provider before it, less what was left after it; None while it is a draft."""
    if fact.status == "void":
        return 0
    if fact.ending_balance_minor is None:
        return None
    return max(0, max(0, -fact.starting_balance_minor) - max(0, -fact.ending_balance_minor))


def _is_left_over(invoice: Invoice, fact: InvoiceFact) -> bool:
    """A try to carry ours that broke off leaves a draft there; another one collects it, or will."""
    if invoice.provider_invoice_id:
        return invoice.provider_invoice_id != fact.id
    return fact.status == "draft" and fact.total_minor != invoice.due_minor


def _end(invoice: Invoice, fact: InvoiceFact) -> Invoice.Status:
    """What credits or credit notes settled in part cannot be as if it had never been: the rest is given up."""
    status = Invoice.Status(fact.status)
    is_settled = bool(invoice.wallet_minor or invoice.credited_minor)
    return Invoice.Status.UNCOLLECTIBLE if status == Invoice.Status.VOID and is_settled else status


def _subscription_of(fact: InvoiceFact) -> Subscription | None:
    found = Subscription.objects.filter(provider=provider().name, provider_subscription_id=fact.subscription_id)
    return found.select_related("plan", "price", "consumer_tenant").first() if fact.subscription_id else None


def _columns(fact: InvoiceFact, subscription: Subscription | None, observed_at: datetime) -> dict[str, Any]:
    same = ("status", "currency", "subtotal_minor", "discount_minor", "tax_minor", "total_minor", "paid_minor")
    return {
        **{name: getattr(fact, name) for name in (*same, "period_start", "period_end", "finalized_at", "paid_at")},
        "provider_number": fact.number,
        "subscription": subscription,
        "consumer_tenant": subscription.consumer_tenant if subscription else purchases.tenant_of(fact.metadata),
        "issued_at": fact.finalized_at or fact.created_at,
        "payment_error": fact.payment_error[:300],
        "payment_url": fact.payment_url,
        "observed_at": observed_at,
    }


def item_id_of(fact: InvoiceLineFact | InvoiceItemFact) -> UUID | None:
    """Which of our invoice items the provider's line is; None for lines that are not ours."""
    return _uuid(fact.metadata.get("invoice_item", ""))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _lines(invoice: Invoice, fact: InvoiceFact) -> list[InvoiceLine]:
    wanted = [item_id_of(line) for line in fact.lines]
    found = InvoiceItem.objects.filter(organization=invoice.organization_id, pk__in=[key for key in wanted if key])
    items = {item.pk: item for item in found}
    priced = Price.objects.filter(provider_price_id__in=[line.price_id for line in fact.lines if line.price_id])
    prices = {price.provider_price_id: price for price in priced.select_related("plan")}
    shares = apportion(fact.tax_minor, [line.amount_minor - line.discount_minor for line in fact.lines])
    return [
        InvoiceLine(
            invoice=invoice,
            position=position,
            provider_line_id=line.id,
            description=line.description[:300],
            amount_minor=line.amount_minor,
            discount_minor=line.discount_minor,
            tax_minor=shares[position],
            period_start=line.period_start,
            period_end=line.period_end,
            **_origin(line, items.get(key) if key else None, prices.get(line.price_id)),
        )
        for position, (line, key) in enumerate(zip(fact.lines, wanted, strict=True))
    ]


def _origin(line: InvoiceLineFact, item: InvoiceItem | None, price: Price | None) -> dict[str, Any]:
    """Where a line comes from: one of our items, the price of a plan or an add-on, or neither."""
    if item:
        return {
            "kind": item.kind,
            "quantity": item.quantity,
            "unit_price_nano": item.unit_price_nano,
            "billing_period_id": item.period_id,
        }
    if price:
        full = line.quantity * (price.amount_minor or 0) == line.amount_minor
        unit = (price.amount_minor or 0) * NANO if full else None
        return {
            "kind": InvoiceLine.Kind.ADD_ON if price.plan.is_add_on else InvoiceLine.Kind.BASE,
            "quantity": line.quantity or 1,
            "unit_price_nano": unit,
            "price": price,
        }
    return {"kind": InvoiceLine.Kind.OTHER, "quantity": line.quantity or 1}


def _replace_lines(invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    invoice.lines.exclude(provider_line_id__in=[line.provider_line_id for line in lines]).delete()
    told = [
        "kind",
        "description",
        "quantity",
        "unit_price_nano",
        "price",
        "amount_minor",
        "discount_minor",
        "tax_minor",
        "period_start",
        "period_end",
    ]
    InvoiceLine.objects.bulk_create(
        lines,
        update_conflicts=True,
        unique_fields=["invoice", "provider_line_id"],
        update_fields=[*told, "billing_period", "position"],
    )


def _discrepancies(fact: InvoiceFact, lines: Sequence[InvoiceLine], subscription: Subscription | None) -> Iterator[str]:
    """How the provider's figures differ from ours."""
    if sum(line.amount_minor for line in fact.lines) != fact.subtotal_minor:
        yield f"the lines do not add up to {fact.subtotal_minor}"
    if sum(line.discount_minor for line in fact.lines) != fact.discount_minor:
        yield f"the lines' discounts do not add up to {fact.discount_minor}"
    for told, line in zip(fact.lines, lines, strict=True):
        item_id = item_id_of(told)
        expected = InvoiceItem.objects.get(pk=item_id).amount_minor if line.billing_period_id and item_id else None
        if expected is not None and expected != line.amount_minor:
            yield f"{line.kind} line is {line.amount_minor}, expected {expected}"
    if subscription is not None and fact.billing_reason in RENEWALS:
        yield from _unlike_terms(_whole_periods(fact, lines), subscription)


def _whole_periods(fact: InvoiceFact, lines: Sequence[InvoiceLine]) -> list[list[InvoiceLineFact]]:
    """The lines for a plan's whole periods, period by period: of tiers each is a line, and so is a tier's amount."""
    found: dict[tuple[Any, ...], list[InvoiceLineFact]] = {}
    for told, line in zip(fact.lines, lines, strict=True):
        if line.kind == InvoiceLine.Kind.BASE and not told.is_proration and not line.billing_period_id:
            found.setdefault((told.price_id, told.period_start, told.period_end), []).append(told)
    return list(found.values())


def _unlike_terms(periods_told: Iterable[Sequence[InvoiceLineFact]], subscription: Subscription) -> Iterator[str]:
    for told in periods_told:
        amount, expected = sum(line.amount_minor for line in told), _expected_minor(told, subscription)
        if expected is not None and expected != amount:
            yield f"base line is {amount}, expected {expected}"


def _expected_minor(told: Sequence[InvoiceLineFact], subscription: Subscription) -> int | None:
    """What we would charge for a whole period; None where we cannot know."""
    if subscription.trial_ends_at and told[0].period_end <= subscription.trial_ends_at:
        return 0
    terms = _terms_for(told[0], subscription)
    if terms is None:
        return None
    # Its quantity may have changed since this was billed.
    return rating.rate(replace(terms, quantity=_quantity(told, terms)), rating.Usage(tokens=0))[0].amount_minor


def _quantity(told: Sequence[InvoiceLineFact], terms: rating.Terms) -> int:
    """Of graduated tiers each tells its part of it; a tier's own amount tells none."""
    counts = [line.quantity for line in told]
    is_shared = terms.base_rate is not None and terms.base_rate.scheme == Price.Scheme.GRADUATED
    return sum(counts) if is_shared else max(counts)


def _terms_for(line: InvoiceLineFact, subscription: Subscription) -> rating.Terms | None:
    """The terms of the whole period that a base line is for; that period may not have been opened yet."""
    window = (line.period_start, line.period_end)
    period = BillingPeriod.objects.filter(
        subscription=subscription,
        starts_at=line.period_start,
        ends_at=line.period_end,
        price__provider_price_id=line.price_id,
    ).first()
    if period:
        return rating.terms_of(period)
    current = (subscription.current_period_start, subscription.current_period_end)
    known = subscription.price.provider_price_id == line.price_id
    return periods.agreed(subscription, window[0]) if known and window == current else None

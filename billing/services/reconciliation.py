"""Each night the provider's objects beside our rows, kind by kind; where they differ is a finding for staff.

A run that was interrupted goes on with the kind that it was at; among customers, who are asked for one by one, with the
page. The others are listed a hundred to a call, and listed again. Changes that are on their way are no findings: what
an event waits for, or what was read after the run began, is left to the next night.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet, Sum

from billing.models import (
    BillingAccount,
    CheckoutSession,
    Invoice,
    Payment,
    Refund,
    Subscription,
    Wallet,
    WalletMovement,
    WalletTransfer,
)
from billing.providers import provider
from billing.providers.protocol import CustomerFact, InvoiceFact, PaymentFact, SubscriptionFact
from billing.services import add_ons, balances, findings, payments, subscriptions
from billing.services.event_kinds import BY_INVOICE, BY_PAYMENT, PURCHASE
from billing.services.findings import Differences, Kind, Object
from orgs.models import Organization
from platform_core import clock
from platform_core.models import ProviderCursor, ProviderEvent

NAME = "reconciliation"
# Invoices of so long ago have come to rest.
WINDOW = timedelta(days=65)
# An object that the provider made at the edge of the window may be listed or not.
EDGE = timedelta(days=1)
# What never became a purchase is not recorded.
NEVER_BEGUN = ("incomplete", "incomplete_expired")
BATCH = 100


def run() -> dict[str, int]:
    """Compare everything; gives how much was looked at, and how many findings there are and were closed."""
    cursor, _ = ProviderCursor.objects.get_or_create(provider=provider().name, name=NAME)
    if cursor.began_at is None or not cursor.position:
        cursor.began_at, cursor.read_count, cursor.found_count = clock.now(), 0, 0
        cursor.position = next(iter(COMPARISONS))
    closed = 0
    first, _, after = cursor.position.partition(":")
    for kind in list(COMPARISONS)[list(COMPARISONS).index(first) :]:
        cursor.position = f"{kind}:{after}" if after and kind == first else kind
        cursor.save()
        for differs in COMPARISONS[kind](cursor):
            cursor.read_count += 1
            cursor.found_count += differs
        closed += findings.close_unseen(Object(kind), _began(cursor))
    cursor.position, cursor.ended_at = "", clock.now()
    cursor.save()
    return {"looked_at": cursor.read_count, "findings": cursor.found_count, "closed": closed}


def _began(cursor: ProviderCursor) -> datetime:
    assert cursor.began_at is not None  # noqa: S101 - a run that goes on has begun
    return cursor.began_at


def _customers(cursor: ProviderCursor) -> Iterator[bool]:
    """Each of ours is asked for: a list would not tell who was deleted."""
    _, _, last = cursor.position.partition(":")
    while page := list(_accounts_after(last)[:BATCH]):
        for account in page:
            fact = provider().customer(account.provider_customer_id)
            named = fact.metadata.get("organization", "")
            ours = str(account.organization_id)
            if fact.is_deleted:
                yield _note(Object.CUSTOMER, fact.id, Kind.MISSING_THERE, {}, account.organization)
            elif named not in ("", ours):
                fields = {"organization": [ours, named]}
                yield _note(Object.CUSTOMER, fact.id, Kind.DIFFERS, fields, account.organization)
            else:
                yield _balance(fact, account.organization, _began(cursor))
        last = str(page[-1].pk)
        cursor.position = f"{Object.CUSTOMER.value}:{last}"
        cursor.save()


def _balance(fact: CustomerFact, organization: Organization, began: datetime) -> bool:
    """What we placed at the provider, and what it carried over from invoices, is its customer's balance."""
    currency = fact.currency
    wallet = Wallet.objects.filter(organization=organization, currency=currency).first()
    ours = balances.expected_minor(organization.pk, currency, -fact.balance_minor)
    if ours == -fact.balance_minor or (wallet and _is_moving(wallet, began)) or balances.is_billed_now(organization.pk):
        return False
    fields: Differences = {"credits_minor": [ours, -fact.balance_minor], "currency": [currency, currency]}
    return _note(Object.CUSTOMER, fact.id, Kind.DIFFERS, fields, organization)


def _is_moving(wallet: Wallet, began: datetime) -> bool:
    """Credits are on their way, or were moved since the run began."""
    moving = Q(status=WalletTransfer.Status.REQUESTED) | Q(created_at__gte=began)
    spent = WalletMovement.objects.filter(grant__wallet=wallet, created_at__gte=began)
    return wallet.transfers.filter(moving).exists() or spent.exists()


def _accounts_after(last: str) -> QuerySet[BillingAccount]:
    accounts = BillingAccount.objects.filter(provider=provider().name).select_related("organization").order_by("pk")
    return accounts.filter(pk__gt=last) if last else accounts


def _subscriptions(cursor: ProviderCursor) -> Iterator[bool]:
    seen, began = set[str](), _began(cursor)
    for fact in provider().subscriptions():
        seen.add(fact.id)
        yield _subscription(fact, began)
    # What was brought in from elsewhere is no business of this provider's.
    rows = Subscription.objects.filter(provider=provider().name, observed_at__lt=began)
    rows = rows.exclude(status__in=Subscription.ENDED)
    for row in rows.exclude(provider_subscription_id__in=seen).select_related("organization"):
        # Made since the list was read, or read by nobody because a run was interrupted: asked for by itself.
        if provider().snapshot(PURCHASE, row.provider_subscription_id) is None:
            yield _note(Object.SUBSCRIPTION, row.provider_subscription_id, Kind.MISSING_THERE, {}, row.organization)


def _subscription(told: SubscriptionFact, began: datetime) -> bool:
    fact = subscriptions.plan_first(told)
    rows = Subscription.objects.select_related("price", "organization")
    row = rows.filter(provider_subscription_id=fact.id).first()
    if row is None:
        owner = _owner_of(fact.customer_id)
        expected = owner is not None and fact.status not in NEVER_BEGUN and not _is_on_its_way(fact.id)
        fields: Differences = {"status": ["", fact.status], "subscription": ["", fact.id]}
        return expected and _note(Object.SUBSCRIPTION, fact.id, Kind.MISSING_HERE, fields, owner)
    fields = _different(
        status=(row.status, fact.status),
        quantity=(row.quantity, fact.quantity),
        price=(row.price.provider_price_id, fact.price_id),
        cancel_at_period_end=(row.cancel_at_period_end, fact.cancel_at_period_end),
        current_period_end=(row.current_period_end.isoformat(), fact.period_end.isoformat()),
        add_ons=add_ons.sides(row, fact),
    )
    if not fields or row.observed_at >= began or _is_on_its_way(fact.id):
        return False
    return _note(Object.SUBSCRIPTION, fact.id, Kind.DIFFERS, fields, row.organization)


def _invoices(cursor: ProviderCursor) -> Iterator[bool]:
    seen, began = set[str](), _began(cursor)
    since = began - WINDOW
    for fact in provider().invoices(since):
        seen.add(fact.id)
        yield _invoice(fact, began)
    rows = Invoice.objects.exclude(status=Invoice.Status.VOID).filter(
        provider=provider().name, issued_at__gte=since + EDGE, observed_at__lt=began
    )
    for row in rows.exclude(provider_invoice_id__in={*seen, ""}).select_related("organization"):
        if not _is_there(BY_INVOICE, row.provider_invoice_id):
            yield _note(Object.INVOICE, row.provider_invoice_id, Kind.MISSING_THERE, {}, row.organization)


def _is_there(kind: str, object_id: str) -> bool:
    snapshot = provider().snapshot(kind, object_id)
    return snapshot is not None and object_id in snapshot.holds


def _invoice(fact: InvoiceFact, began: datetime) -> bool:
    row = Invoice.objects.select_related("organization").filter(provider_invoice_id=fact.id).first()
    waits = _is_on_its_way(fact.subscription_id or fact.id)
    if row is None:
        known = Subscription.objects.filter(provider_subscription_id=fact.subscription_id).first()
        expected = (not fact.subscription_id or (known is not None and known.observed_at < began)) and not waits
        fields: Differences = {"total_minor": [None, fact.total_minor], "subscription": ["", fact.subscription_id]}
        owner = _owner_of(fact.customer_id)
        expected = expected and (known is not None or owner is not None)
        return expected and _note(Object.INVOICE, fact.id, Kind.MISSING_HERE, fields, owner)
    # One of our own is carried there over what credits and credit notes left of it.
    totals = ("total_minor",) if row.origin == Invoice.Origin.PROVIDER else ()
    names = ("status", "currency", *totals, "paid_minor")
    # The number that the provider gave it: the other one is ours.
    sides = {name: (getattr(row, name), getattr(fact, name)) for name in names}
    fields = _different(**sides, number=(row.provider_number, fact.number))
    if not fields or row.observed_at >= began or waits:
        return False
    return _note(Object.INVOICE, fact.id, Kind.DIFFERS, fields, row.organization)


def _payments(cursor: ProviderCursor) -> Iterator[bool]:
    """With what went back of each."""
    seen, began = set[str](), _began(cursor)
    since = began - WINDOW
    for fact in provider().payments(since):
        seen.add(fact.id)
        yield _payment(fact, began)
    rows = Payment.objects.exclude(status=Payment.Status.CANCELED).filter(
        provider=provider().name, created_at__gte=since + EDGE, observed_at__lt=began
    )
    for row in rows.exclude(provider_payment_id__in=seen).select_related("organization"):
        if not _is_there(BY_PAYMENT, row.provider_payment_id):
            yield _note(Object.PAYMENT, row.provider_payment_id, Kind.MISSING_THERE, {}, row.organization)


def _payment(fact: PaymentFact, began: datetime) -> bool:
    rows = Payment.objects.select_related("organization", "invoice")
    row = rows.filter(provider=provider().name, provider_payment_id=fact.id).first()
    waits = _waits_for(fact.customer_id)
    if row is None:
        owner = _owner_of(fact.customer_id)
        # Where its invoice is missing too, that one is the finding.
        stands = not fact.invoice_id or Invoice.objects.filter(provider_invoice_id=fact.invoice_id).exists()
        expected = owner is not None and stands and bool(payments.tried([fact])) and not waits
        fields: Differences = {"amount_minor": [None, fact.amount_minor], "status": ["", fact.status]}
        return expected and _note(Object.PAYMENT, fact.id, Kind.MISSING_HERE, fields, owner)
    moved = row.refunds.filter(status__in=Refund.MOVED).aggregate(total=Sum("amount_minor"))
    fields = _different(
        status=(row.status, payments.status_of(fact).value),
        currency=(row.currency, fact.currency),
        amount_minor=(row.amount_minor, fact.received_minor or fact.amount_minor),
        refunded_minor=(moved["total"] or 0, fact.refunded_minor),
        **_given_back_twice(row.invoice),
    )
    if not fields or row.observed_at >= began or waits:
        return False
    return _note(Object.PAYMENT, fact.id, Kind.DIFFERS, fields, row.organization)


def _given_back_twice(invoice: Invoice | None) -> dict[str, tuple[int, int]]:
    """What was credited here and sent back there as well: what came, and what went."""
    if invoice is None or not invoice.excess_minor:
        return {}
    return {"returned_minor": (invoice.returned_minor - invoice.excess_minor, invoice.returned_minor)}


def _waits_for(customer_id: str) -> bool:
    """Whether there is news of a customer that nobody has acted upon."""
    waiting = ProviderEvent.objects.filter(status=ProviderEvent.Status.RECEIVED, owner_id=customer_id)
    return bool(customer_id) and waiting.exists()


COMPARISONS: dict[str, Callable[[ProviderCursor], Iterator[bool]]] = {
    Object.CUSTOMER.value: _customers,
    Object.SUBSCRIPTION.value: _subscriptions,
    Object.INVOICE.value: _invoices,
    Object.PAYMENT.value: _payments,
}


def _different(**sides: tuple[Any, Any]) -> Differences:
    return {name: [ours, theirs] for name, (ours, theirs) in sides.items() if ours != theirs}


def _owner_of(customer_id: str) -> Organization | None:
    """Whose customer it is; a guest's whose purchase waits to be confirmed is nobody's yet."""
    account = BillingAccount.objects.filter(provider_customer_id=customer_id).select_related("organization").first()
    return account.organization if account else None


def _is_on_its_way(subject_id: str) -> bool:
    waiting = ProviderEvent.objects.filter(status=ProviderEvent.Status.RECEIVED, subject_id=subject_id)
    claimed = CheckoutSession.objects.filter(provider_subscription_id=subject_id, claim=CheckoutSession.Claim.PENDING)
    return waiting.exists() or claimed.exists()


def _note(of: Object, object_id: str, kind: Kind, fields: Differences, organization: Organization | None) -> bool:
    return findings.note(of, object_id, kind, fields, organization=organization) is not None

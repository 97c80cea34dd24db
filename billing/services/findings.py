"""Findings of the reconciliation: noted once, closed when they are gone, settled by staff with one click."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import transaction

from billing.models import BillingAccount, Invoice, Payment, ReconciliationFinding, Subscription
from billing.providers import provider
from billing.services import balances, event_kinds, placing, projection, settling, subscriptions
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

Kind: TypeAlias = ReconciliationFinding.Kind
Object: TypeAlias = ReconciliationFinding.Object
Resolution: TypeAlias = ReconciliationFinding.Resolution
# By name, what we have and what the provider has.
Differences = Mapping[str, Sequence[Any]]
# What we may tell the provider: a wish of the customer's that did not reach it. Money and status it decides itself.
PUSHABLE = {"cancel_at_period_end"}
# A customer's balance, which is ours to say: the wallet is the truth (ADR 21).
CREDITS = "credits_minor"
# An invoice and a payment lead to what they belong to.
READ_BY = {
    Object.SUBSCRIPTION: event_kinds.PURCHASE,
    Object.INVOICE: event_kinds.BY_INVOICE,
    Object.PAYMENT: event_kinds.BY_PAYMENT,
}


@transaction.atomic
def note(
    of: Object, object_id: str, kind: Kind, fields: Differences, *, organization: Organization | None
) -> ReconciliationFinding | None:
    """Open a finding, or see an open one again; one that staff left as it is stays left as long as it is the same."""
    now = clock.now()
    theirs = ReconciliationFinding.objects.filter(provider=provider().name, object_kind=of, object_id=object_id)
    same = {"kind": kind, "fields": dict(fields)}
    last = theirs.order_by("-first_seen_at").first()
    if (
        last is not None
        and last.resolution == Resolution.DISMISSED
        and (last.kind, last.fields) == (kind, same["fields"])
    ):
        theirs.filter(pk=last.pk).update(last_seen_at=now)
        return None
    found, is_new = ReconciliationFinding.objects.get_or_create(
        provider=provider().name,
        object_kind=of,
        object_id=object_id,
        resolved_at=None,
        defaults={**same, "organization": organization, "first_seen_at": now, "last_seen_at": now},
    )
    if is_new:
        audit.record("reconciliation_finding.open", found, by=None, changes={"kind": kind, **fields})
    else:
        theirs.filter(pk=found.pk).update(**same, organization=organization, last_seen_at=now)
    return found


def close_unseen(of: Object, since: datetime) -> int:
    """Both sides say the same again of what was not seen since a run began."""
    unseen = ReconciliationFinding.objects.filter(
        ReconciliationFinding.OPEN, provider=provider().name, object_kind=of, last_seen_at__lt=since
    )
    return sum(_resolve(finding, Resolution.GONE, by=None) for finding in unseen)


def take(finding: ReconciliationFinding, *, by: "User") -> None:
    """Bring our rows to what the provider says now."""
    _must_be_open(finding)
    if CREDITS in finding.fields and finding.organization_id:
        balances.take(finding.organization_id, key=f"reconcile:{finding.pk}", by=by)
        _resolve(finding, Resolution.TAKEN, by=by)
        return
    kind = READ_BY.get(Object(finding.object_kind))
    snapshot = provider().snapshot(kind, finding.object_id) if kind else None
    if finding.kind == Kind.MISSING_THERE and snapshot is not None and finding.object_id in snapshot.holds:
        raise Conflict("The provider has it again: the next comparison closes this finding.")
    with transaction.atomic():
        if not _resolve(finding, Resolution.TAKEN, by=by):
            raise Conflict("It has been settled meanwhile.")
        if finding.kind == Kind.MISSING_THERE:
            _end(finding, by=by)
            return
        # What was read before may be the same; our rows are what is wrong.
        if snapshot is not None and snapshot.subscription is not None:
            read = Subscription.objects.filter(provider_subscription_id=snapshot.subscription.id)
            read.update(snapshot_digest="")
        if snapshot is None or not projection.apply(snapshot):
            raise Conflict("The provider's object belongs to nobody we know: it cannot be taken over.")


def push(finding: ReconciliationFinding, *, by: "User") -> None:
    """Tell the provider what we have, where that is ours to say; safe to repeat."""
    _must_be_open(finding)
    key = f"reconcile:{finding.pk}"
    if finding.object_kind == Object.CUSTOMER and finding.kind == Kind.MISSING_THERE and finding.organization:
        _make_customer_again(finding, finding.organization, key)
    elif CREDITS in finding.fields and finding.organization_id:
        balances.send(finding.organization_id, key=key)
    elif finding.object_kind == Object.SUBSCRIPTION and finding.fields and set(finding.fields) <= PUSHABLE:
        ours, _ = finding.fields["cancel_at_period_end"]
        if ours:
            provider().cancel_subscription(finding.object_id, at_period_end=True, key=key)
        else:
            provider().resume_subscription(finding.object_id, key=key)
    else:
        raise Conflict("This is the provider's to say: take its state, or leave it as it is.")
    with transaction.atomic():
        _resolve(finding, Resolution.PUSHED, by=by)


@transaction.atomic
def dismiss(finding: ReconciliationFinding, *, by: "User") -> None:
    """Leave the two sides as they are, for a reason that was written down."""
    _must_be_open(finding)
    if not finding.reason.strip():
        raise InvalidInput("Write down the reason first.", details={"reason": ["A reason is wanted."]})
    _resolve(finding, Resolution.DISMISSED, by=by)


def _must_be_open(finding: ReconciliationFinding) -> None:
    finding.refresh_from_db()
    if finding.resolved_at is not None:
        raise Conflict("It has been settled already.")


def _resolve(finding: ReconciliationFinding, how: Resolution, *, by: "User | None") -> bool:
    """Compare and set: it is settled once."""
    with transaction.atomic():
        still = ReconciliationFinding.objects.filter(ReconciliationFinding.OPEN, pk=finding.pk)
        settled = still.update(resolved_at=clock.now(), resolved_by=by, resolution=how) == 1
        if settled:
            changes = {"resolution": ["", how], "reason": finding.reason, "fields": finding.fields}
            audit.record("reconciliation_finding.resolve", finding, by=by, changes=changes)
    return settled


def _end(finding: ReconciliationFinding, *, by: "User") -> None:
    """What the provider does not have any more is over here too."""
    if finding.object_kind == Object.SUBSCRIPTION:
        subscriptions.end_missing(finding.object_id, by=by)
    elif finding.object_kind == Object.INVOICE:
        invoice = Invoice.objects.select_for_update().get(provider_invoice_id=finding.object_id)
        if invoice.paid_minor:
            raise Conflict("Money was paid on this invoice: give it back or credit it, and leave the finding as it is.")
        if invoice.wallet_minor or invoice.credited_minor:
            raise Conflict("Part of it is settled: credit or write off the rest, and leave the finding as it is.")
        was, invoice.status = invoice.status, Invoice.Status.VOID
        if was != Invoice.Status.DRAFT:
            settling.follow(invoice, [])
        invoice.save(update_fields=["status", "written_off_minor"])
        settling.announce(invoice, was)
        audit.record("invoice.status", invoice, by=by, changes={"status": [was, invoice.status]})
    elif finding.object_kind == Object.PAYMENT:
        _end_payment(finding, by=by)
    else:
        raise Conflict("A customer who is gone at the provider is made again there, or left as they are.")


def _end_payment(finding: ReconciliationFinding, *, by: "User") -> None:
    payment = Payment.objects.select_for_update(of=("self",)).get(provider_payment_id=finding.object_id)
    if payment.status == Payment.Status.SUCCEEDED:
        raise Conflict("Its money is in the books: find out where it went, and leave the finding as it is.")
    was, payment.status = payment.status, Payment.Status.CANCELED
    payment.save(update_fields=["status"])
    audit.record("payment.status", payment, by=by, changes={"status": [was, payment.status]})


def _make_customer_again(finding: ReconciliationFinding, organization: Organization, key: str) -> None:
    customer_id = provider().ensure_customer(
        organization_id=str(organization.pk), name=organization.name, email=organization.billing_email, key=key
    )
    with transaction.atomic():
        account = BillingAccount.objects.select_for_update().get(organization=organization)
        if account.provider_customer_id == customer_id:
            # Asked a second time: by now credits may stand with the new one.
            return
        changes = {"provider_customer_id": [account.provider_customer_id, customer_id]}
        account.provider_customer_id = customer_id
        account.save(update_fields=["provider_customer_id"])
        audit.record("billing_account.update", account, by=None, changes=changes)
        placing.forget(organization.pk)

"""How an organization pays: saved on the provider's page, made the default, mended when it fails, removed."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from billing.models import Invoice, PaymentMethod, PaymentMethodSetup, Subscription, SubscriptionChange
from billing.providers import provider
from billing.providers.protocol import (
    CardDeclined,
    CheckoutFact,
    PaymentFact,
    PaymentMethodFact,
    ProviderError,
    ProviderRefused,
    SetupSpec,
    Snapshot,
)
from billing.services import accounts
from orgs.models import Organization
from platform_core import clock, context, leases, nudges, scoping
from platform_core.errors import Conflict
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

log = logging.getLogger(__name__)
Status = PaymentMethodSetup.Status
METHODS = ("card", "bank_debit")
CURRENCY = "usd"


# --- Adding -----------------------------------------------------------------------------------------------------------
def begin_setup(
    organization: Organization, *, by: "User", success_url: str = "", cancel_url: str = ""
) -> PaymentMethodSetup:
    """A page of the provider on which to save a card or a bank account. Our row comes first."""
    home = f"{settings.BASE_URL}{reverse('portal:billing')}"
    row = _open_row(organization, by=by, success_url=success_url or f"{home}?saved=1", cancel_url=cancel_url or home)
    fact = provider().open_setup(
        SetupSpec(
            reference=str(row.pk),
            customer_id=accounts.customer_of(organization),
            currency=CURRENCY,
            success_url=row.success_url,
            cancel_url=row.cancel_url,
            methods=METHODS,
        ),
        key=f"setup:{row.pk}",
    )
    row.provider_session_id, row.url = fact.id, fact.url
    row.save(update_fields=["provider_session_id", "url"])
    return row


@transaction.atomic
def _open_row(organization: Organization, *, by: "User", success_url: str, cancel_url: str) -> PaymentMethodSetup:
    row = PaymentMethodSetup.objects.create(
        organization=organization, created_by=by, success_url=success_url, cancel_url=cancel_url
    )
    audit.record("payment_method.setup", row, by=by)
    return row


def attach(organization: Organization, provider_id: str, *, by: "User") -> PaymentMethod:
    """One that the provider's own field in a page of the caller's has made: saved, made the default, tried."""
    customer_id = accounts.customer_of(organization)
    try:
        fact = provider().attach_payment_method(provider_id, customer_id, key=f"attach:{customer_id}:{provider_id}")
    except ProviderRefused as error:
        raise Conflict(f"The payment provider did not take it: {error.message}") from error
    _use(organization, customer_id, fact.id)
    found = PaymentMethod.objects.get(provider_payment_method_id=fact.id)
    with transaction.atomic():
        audit.record("payment_method.attach", found, by=by)
    return found


def completed(fact: CheckoutFact) -> bool:
    """The provider's page was used, or ran out; False where it is none of ours. Runs in the caller's transaction."""
    row = PaymentMethodSetup.objects.filter(provider_session_id=fact.id).select_for_update(of=("self",)).first()
    if row is None:
        return False
    if row.status == Status.OPEN and fact.status != "open":
        saved = fact.status == "complete"
        row.status = Status.SAVED if saved else Status.EXPIRED
        row.provider_payment_method_id, row.run_after = fact.payment_method_id, clock.now()
        row.save(update_fields=["status", "provider_payment_method_id", "run_after"])
        nudges.nudge()
    return True


def finish_one(worker: str) -> bool:
    """Make what was saved the default, and pay what is due with it; False if nothing was saved."""
    row = leases.claim(PaymentMethodSetup, worker=worker)
    if row is None:
        return False
    with scoping.system(), context.working(f"setup:{row.pk}", "payment method setup"):
        try:
            customer_id = accounts.customer_of(row.organization)
            _use(row.organization, customer_id, row.provider_payment_method_id)
        except ProviderRefused as error:
            leases.settle(row, status=Status.FAILED, failure=error.message[:500])
        except ProviderError as error:
            leases.settle(row, failure=error.message[:500])
        else:
            leases.settle(row, status=Status.DONE, done_at=clock.now(), failure="")
    return True


def _use(organization: Organization, customer_id: str, provider_id: str) -> None:
    """From now on everything is paid with it, beginning with what is due."""
    key = f"default:{customer_id}:{provider_id}:{clock.now():%Y%m%d%H%M}"
    provider().set_default_payment_method(customer_id, provider_id, key=key)
    refresh(organization)
    pay_what_is_due(organization, provider_id)


# --- What is there ----------------------------------------------------------------------------------------------------
def refresh(organization: Organization) -> None:
    """Read them anew from the provider."""
    observed_at = clock.wall()
    facts = provider().payment_methods_of(accounts.customer_of(organization))
    with transaction.atomic():
        record(organization, facts, observed_at=observed_at)


def observe(snapshot: Snapshot, organization: Organization) -> None:
    """What a reading says of a customer's payment methods, and of how the last payments went."""
    if snapshot.customer is not None:
        used = snapshot.subscription.payment_method_id if snapshot.subscription else ""
        record(organization, snapshot.payment_methods, observed_at=snapshot.observed_at, used=used)
    record_tries(snapshot.payments)


def record(
    organization: Organization, facts: Sequence[PaymentMethodFact], *, observed_at: datetime, used: str = ""
) -> None:
    """All that a customer has, as it was read: whatever is not among them was removed. `used`: by a subscription.

    Of an organization that was purged nothing is kept, however late the provider tells of it.
    """
    if Organization.objects.select_for_update().get(pk=organization.pk).purged_at is not None:
        return
    known = {row.provider_payment_method_id: row for row in PaymentMethod.objects.filter(organization=organization)}
    if any(row.observed_at > observed_at for row in known.values()):
        return
    told = {fact.id: fact for fact in facts}
    _remove([row for provider_id, row in known.items() if provider_id not in told and row.removed_at is None])
    default = _default_of(facts, known, used)
    PaymentMethod.objects.filter(organization=organization, is_default=True).exclude(
        provider_payment_method_id=default
    ).update(is_default=False)
    for fact in facts:
        row = known.get(fact.id) or PaymentMethod(organization=organization)
        _write(row, replace(fact, is_default=fact.id == default), observed_at)


def owner_of(snapshot: Snapshot) -> Organization | None:
    """Whose payment methods these are, by the rows that we have of them: the provider forgets whose they were."""
    row = _held(snapshot.payment_methods).select_related("organization").first()
    return row.organization if row else None


def detached(snapshot: Snapshot) -> bool:
    """What belongs to no customer any more is removed here too; tells whether any of it was ours."""
    known = list(_held([fact for fact in snapshot.payment_methods if not fact.customer_id]))
    gone = [row for row in known if row.removed_at is None and row.observed_at < snapshot.observed_at]
    _remove(gone)
    # A list of all that was read before this is older, and brings nothing back.
    PaymentMethod.objects.filter(pk__in=[row.pk for row in gone]).update(observed_at=snapshot.observed_at)
    return bool(known)


def _held(facts: Sequence[PaymentMethodFact]) -> QuerySet[PaymentMethod]:
    held = PaymentMethod.objects.select_for_update(of=("self",))
    return held.filter(provider=provider().name, provider_payment_method_id__in=[fact.id for fact in facts])


def _default_of(facts: Sequence[PaymentMethodFact], known: Mapping[str, PaymentMethod], used: str) -> str:
    """The customer's default. Who has none pays with what the subscription was bought with, or with the only one."""
    told = [fact.id for fact in facts if fact.is_default]
    kept = [fact.id for fact in facts if fact.id == used or (fact.id in known and known[fact.id].is_default)]
    return next(iter([*told, *kept, *(fact.id for fact in facts if len(facts) == 1)]), "")


def _remove(rows: Sequence[PaymentMethod]) -> None:
    for row in rows:
        row.removed_at, row.is_default = clock.now(), False
        row.save(update_fields=["removed_at", "is_default"])
        audit.record("payment_method.removed", row, by=None)


def _write(row: PaymentMethod, fact: PaymentMethodFact, observed_at: datetime) -> None:
    is_new = not row.provider_payment_method_id
    row.provider_payment_method_id, row.kind, row.brand, row.last4 = fact.id, fact.kind, fact.brand[:60], fact.last4
    row.exp_month, row.exp_year = fact.exp_month or None, fact.exp_year or None
    row.is_default, row.observed_at, row.removed_at = fact.is_default, observed_at, None
    row.save()
    if is_new:
        audit.record("payment_method.added", row, by=None, changes={"kind": row.kind, "last4": row.last4})


def record_tries(payments: Sequence[PaymentFact]) -> None:
    """Of each method the outcome of its latest try: why the bank said no, or nothing."""
    latest: dict[str, PaymentFact] = {}
    for fact in sorted(payments, key=lambda one: one.created_at or clock.now()):
        if fact.method is not None:
            latest[fact.method.id] = fact
    for provider_id, fact in latest.items():
        failed = bool(fact.failure) and fact.status != "succeeded"
        PaymentMethod.objects.filter(provider_payment_method_id=provider_id).update(
            failure=fact.failure[:300] if failed else "", failed_at=fact.created_at if failed else None
        )


# --- Changing ---------------------------------------------------------------------------------------------------------
def make_default(method: PaymentMethod, *, by: "User") -> PaymentMethod:
    """Everything is paid with it from now on, what is due at once."""
    if method.removed_at is not None:
        raise Conflict("This payment method was removed.")
    _use(method.organization, accounts.customer_of(method.organization), method.provider_payment_method_id)
    with transaction.atomic():
        audit.record("payment_method.default", method, by=by)
    method.refresh_from_db()
    return method


def remove(method: PaymentMethod, *, by: "User") -> None:
    """Forget it. The last one of a subscription that renews stays: there would be nothing to renew it with."""
    others = PaymentMethod.objects.present().filter(organization=method.organization_id).exclude(pk=method.pk)
    if not others.exists() and _needed(method.organization):
        raise Conflict(
            "A subscription renews with this payment method, and there is no other. Add another one first, or cancel "
            "the subscription."
        )
    if method.is_default and (heir := others.first()):
        make_default(heir, by=by)
    provider().detach_payment_method(
        method.provider_payment_method_id, key=f"detach:{method.provider_payment_method_id}"
    )
    with transaction.atomic():
        held = PaymentMethod.objects.select_for_update().get(pk=method.pk)
        if held.removed_at is None:
            held.removed_at, held.is_default, held.observed_at = clock.now(), False, clock.wall()
            held.save(update_fields=["removed_at", "is_default", "observed_at"])
            audit.record("payment_method.remove", held, by=by)


def _needed(organization: Organization) -> bool:
    running = Subscription.objects.filter(organization=organization).exclude(status__in=Subscription.ENDED)
    return running.exclude(cancel_at_period_end=True, status=Subscription.Status.ACTIVE).exists()


# --- What is due ------------------------------------------------------------------------------------------------------
def pay_what_is_due(organization: Organization, provider_id: str) -> None:
    """Try every invoice that is owed with the new default. A bank that says no again changes nothing but the reason.

    What waits for the bank is not owed: that is paid on its own page, or not at all.
    """
    waiting = SubscriptionChange.objects.filter(organization=organization).confirming().values("provider_invoice_id")
    owed = Invoice.objects.filter(organization=organization, status=Invoice.Status.OPEN).exclude(payment_error="")
    for invoice in owed.exclude(provider_invoice_id__in=waiting):
        key = f"pay:{invoice.provider_invoice_id}:{provider_id}:{invoice.attempt_count}"
        try:
            provider().pay_invoice(invoice.provider_invoice_id, key=key)
        except CardDeclined as error:
            log.info("Invoice %s was declined again: %s", invoice.pk, error)

"""A consumer's own books from before it sold through us, brought in once: tenants, subscriptions, purchases.

What is brought in is known by the ids it had, so bringing in the same file again changes nothing. A subscription that
the provider has told us of since is the provider's: the file does not overwrite it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.db import models, transaction

from billing.models import (
    EXTERNAL_ID,
    BillingAccount,
    Consumer,
    ConsumerTenant,
    Price,
    Purchase,
    Subscription,
)
from billing.providers import provider
from billing.services import consumers, entitlements, mrr, periods, plans, schemes
from orgs.models import Organization
from platform_core.errors import DomainError
from platform_core.models.leases import LONG_AGO
from platform_core.services import audit

# Read from a file, never from the provider: whatever the provider says is newer.
UNREAD = LONG_AGO


class _Line(forms.Form):
    """What every line says."""

    consumer_key = forms.SlugField(max_length=40)
    tenant_id = forms.CharField(max_length=100, validators=[RegexValidator(EXTERNAL_ID)])


class TenantLine(_Line):
    """A customer of the consumer; `organization` attaches it to one of ours by its slug."""

    name = forms.CharField(max_length=120)
    legal_name = forms.CharField(max_length=200, required=False)
    billing_email = forms.EmailField()
    organization = forms.SlugField(max_length=60, required=False)
    provider_customer_id = forms.CharField(max_length=120, required=False)


class SubscriptionLine(_Line):
    """What a tenant has; its id is the provider's."""

    id = forms.CharField(max_length=120)
    pricing_item_code = forms.CharField(max_length=100)
    status = forms.ChoiceField(choices=Subscription.Status.choices)
    quantity = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    current_period_start = forms.DateTimeField()
    current_period_end = forms.DateTimeField()
    cancel_at_period_end = forms.BooleanField(required=False)
    canceled_at = forms.DateTimeField(required=False)
    ended_at = forms.DateTimeField(required=False)

    def clean(self) -> dict[str, Any]:
        """A period has a length."""
        given: dict[str, Any] = self.cleaned_data
        start, end = given.get("current_period_start"), given.get("current_period_end")
        if start and end and end <= start:
            self.add_error("current_period_end", "It must be after the beginning.")
        return given


class PurchaseLine(_Line):
    """What a tenant once bought; its id is the consumer's."""

    id = forms.CharField(max_length=120)
    pricing_item_code = forms.CharField(max_length=100)
    quantity = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    amount_minor = forms.IntegerField(min_value=0, max_value=2**63 - 1, required=False)
    purchased_at = forms.DateTimeField()
    subscription_id = forms.CharField(max_length=120, required=False)


KINDS: Mapping[str, type[_Line]] = {"tenant": TenantLine, "subscription": SubscriptionLine, "purchase": PurchaseLine}


@dataclass(frozen=True)
class Outcome:
    """What a line brings about. verb: create, update, same, kept, error."""

    number: int
    verb: str
    subject: str
    changes: Mapping[str, Any]
    problem: str = ""

    def __str__(self) -> str:
        told = ", ".join(f"{name}: {_sides(value)}" for name, value in self.changes.items())
        return f"line {self.number}: {self.verb} {self.subject}" + (f" ({told})" if told else "") + self.problem


def _sides(value: Any) -> str:
    return f"{value[0]} → {value[1]}" if isinstance(value, list) else str(value)


def bring_in(lines: Iterable[tuple[int, Mapping[str, Any]]], *, apply: bool) -> list[Outcome]:
    """What each line brings about. It stays only where that is asked for and no line is wrong; else nothing does."""
    with transaction.atomic():
        outcomes = [_one(number, line) for number, line in lines]
        if not apply or any(each.verb == "error" for each in outcomes):
            transaction.set_rollback(True)
    return outcomes


def _one(number: int, line: Mapping[str, Any]) -> Outcome:
    kind = str(line.get("type", ""))
    form_class = KINDS.get(kind)
    subject = f"{kind or 'line'} {line.get('id') or line.get('tenant_id') or ''}".strip()
    if form_class is None:
        return _wrong(number, subject, f"type must be one of {', '.join(KINDS)}")
    unknown = sorted(set(line) - {"type", *form_class.base_fields})
    form = form_class({name: value for name, value in line.items() if value is not None})
    if unknown or not form.is_valid():
        told = [f"{name}: {' '.join(map(str, found))}" for name, found in form.errors.items()]
        return _wrong(number, subject, "; ".join([*(f"{name}: unknown field" for name in unknown), *told]))
    try:
        with transaction.atomic():
            return partial(WRITERS[kind], number)(_aware(form.cleaned_data))
    except DomainError as error:
        return _wrong(number, subject, error.message)


def _wrong(number: int, subject: str, problem: str) -> Outcome:
    return Outcome(number, "error", subject, {}, f": {problem}")


def _aware(given: Mapping[str, Any]) -> dict[str, Any]:
    """Times without a zone are UTC."""
    return {
        name: value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
        for name, value in given.items()
    }


class _Unknown(DomainError):
    """The line names something that is not there."""


def _consumer(key: str) -> Consumer:
    found = Consumer.objects.filter(key=key).first()
    if found is None:
        raise _Unknown(f"there is no consumer {key}: staff make it first")
    return found


def _tenant(given: Mapping[str, Any]) -> ConsumerTenant:
    consumer = _consumer(given["consumer_key"])
    found = ConsumerTenant.objects.filter(consumer=consumer, external_id=given["tenant_id"]).first()
    if found is None:
        raise _Unknown(f"{consumer.key} has no tenant {given['tenant_id']}: its line comes before")
    return found


def _price(code: str) -> Price:
    """The one on sale under this code, else the latest that was."""
    named = Price.objects.filter(lookup_key=code).exclude(kind=Price.Kind.OVERAGE).select_related("plan__current")
    found = named.order_by("-is_active", "-created_at").first()
    if found is None:
        raise _Unknown(f"there is no pricing item {code}")
    return found


# --- tenants ---
def _write_tenant(number: int, given: Mapping[str, Any]) -> Outcome:
    consumer = _consumer(given["consumer_key"])
    subject = f"tenant {consumer.key}/{given['tenant_id']}"
    told = {name: given[name] for name in ("name", "legal_name", "billing_email")}
    tenant = ConsumerTenant.objects.filter(consumer=consumer, external_id=given["tenant_id"]).first()
    if tenant is None:
        tenant = _new_tenant(consumer, given, told)
        _account(tenant.organization, given["provider_customer_id"])
        return Outcome(number, "create", subject, {"organization": tenant.organization.slug, **told})
    changes = _changed(tenant, told)
    if _account(tenant.organization, given["provider_customer_id"]):
        changes["provider_customer_id"] = given["provider_customer_id"]
    if changes:
        audit.record("consumer_tenant.update", tenant, by=None, changes=changes)
    return Outcome(number, "update" if changes else "same", subject, changes)


def _new_tenant(consumer: Consumer, given: Mapping[str, Any], told: Mapping[str, str]) -> ConsumerTenant:
    slug = given["organization"]
    if not slug:
        return consumers.tenant_for(consumer, given["tenant_id"], told)
    organization = Organization.objects.filter(slug__iexact=slug).first()
    if organization is None:
        raise _Unknown(f"there is no organization {slug}")
    if ConsumerTenant.objects.filter(consumer=consumer, organization=organization).exists():
        raise _Unknown(f"{slug} is another tenant of {consumer.key} already")
    tenant = ConsumerTenant.objects.create(
        consumer=consumer, external_id=given["tenant_id"], organization=organization, **told
    )
    audit.record("consumer_tenant.create", tenant, by=None, changes={"organization": slug})
    return tenant


def _account(organization: Organization, customer_id: str) -> bool:
    """Whose events at the provider are theirs; tells whether that is new."""
    if not customer_id:
        return False
    taken = BillingAccount.objects.filter(provider=provider().name, provider_customer_id=customer_id).first()
    ours = BillingAccount.objects.filter(organization=organization).first()
    if taken is not None and taken == ours:
        return False
    if taken is not None or ours is not None:
        raise _Unknown(f"the provider's customer {customer_id} and {organization.slug} do not belong together")
    account = BillingAccount.objects.create(
        organization=organization, provider=provider().name, provider_customer_id=customer_id
    )
    audit.record("billing_account.create", account, by=None, changes={"provider_customer_id": customer_id})
    return True


def _changed(row: models.Model, values: Mapping[str, Any]) -> dict[str, Any]:
    """Bring a row to these values; gives what was otherwise."""
    changes = {name: [getattr(row, name), value] for name, value in values.items() if getattr(row, name) != value}
    for name in changes:
        setattr(row, name, values[name])
    if changes:
        row.save(update_fields=list(changes))
    return changes


# --- subscriptions ---
STATE = ("status", "current_period_start", "current_period_end", "cancel_at_period_end", "canceled_at", "ended_at")


def _write_subscription(number: int, given: Mapping[str, Any]) -> Outcome:
    tenant, price, subject = _tenant(given), _price(given["pricing_item_code"]), f"subscription {given['id']}"
    quantity = given["quantity"] or 1
    values = {**{name: given[name] for name in STATE}, "quantity": quantity}
    values["monthly_minor"] = mrr.monthly_minor([(price, quantity)])
    found = Subscription.objects.select_for_update(of=("self",)).filter(
        provider=provider().name, provider_subscription_id=given["id"]
    )
    row = found.select_related("plan", "plan_version", "price", "overage_price").first()
    if row is None:
        row = Subscription.objects.create(
            organization=tenant.organization,
            consumer_tenant=tenant,
            provider=provider().name,
            provider_subscription_id=given["id"],
            observed_at=UNREAD,
            **terms(price),
            **values,
        )
        audit.record("subscription.import", row, by=None, changes={"plan": row.plan.code, **values})
        _follow(row)
        return Outcome(number, "create", subject, {"plan": row.plan.code, "status": row.status})
    if row.organization_id != tenant.organization_id:
        raise _Unknown("it is another organization's")
    if row.observed_at > UNREAD:
        return Outcome(number, "kept", subject, {"status": row.status})
    changes = _changed(row, {**values, **terms(price)})
    if changes:
        audit.record("subscription.import", row, by=None, changes=changes)
        _follow(row)
    return Outcome(number, "update" if changes else "same", subject, changes)


def _follow(row: Subscription) -> None:
    """Its billing period, what it brings a month from now on, and what it entitles to."""
    periods.mirror(row)
    mrr.record(row)
    entitlements.write_down(row.organization_id)


def terms(price: Price) -> dict[str, Any]:
    """What somebody has who has this price."""
    return {
        "plan": price.plan,
        "plan_version": price.plan.current,
        "price": price,
        "overage_price": plans.overage_price_of(price),
    }


# --- purchases ---
def _write_purchase(number: int, given: Mapping[str, Any]) -> Outcome:
    tenant, price, subject = _tenant(given), _price(given["pricing_item_code"]), f"purchase {given['id']}"
    quantity = given["quantity"] or 1
    amount = given["amount_minor"]
    subscription = _subscription(tenant, given["subscription_id"])
    values = {
        "organization": tenant.organization,
        "subscription": subscription,
        "kind": Purchase.Kind.SUBSCRIPTION if price.kind == Price.Kind.RECURRING else Purchase.Kind.ONE_OFF,
        "price": price,
        "quantity": quantity,
        "currency": price.currency,
        "amount_minor": schemes.amount_of(price, quantity) if amount is None else amount,
        "purchased_at": given["purchased_at"],
    }
    row = Purchase.objects.filter(consumer_tenant=tenant, external_id=given["id"]).first()
    if row is None:
        row = Purchase.objects.create(consumer_tenant=tenant, external_id=given["id"], **values)
        audit.record("purchase.import", row, by=None, changes={"price": price.lookup_key, "quantity": quantity})
        return Outcome(number, "create", subject, {"item": price.lookup_key, "amount_minor": row.amount_minor})
    changes = _changed(row, values)
    if changes:
        audit.record("purchase.import", row, by=None, changes=changes)
    return Outcome(number, "update" if changes else "same", subject, changes)


def _subscription(tenant: ConsumerTenant, provider_id: str) -> Subscription | None:
    if not provider_id:
        return None
    found = Subscription.objects.filter(organization=tenant.organization, provider_subscription_id=provider_id).first()
    if found is None:
        raise _Unknown(f"its tenant has no subscription {provider_id}: its line comes before")
    return found


Writer = Callable[[int, Mapping[str, Any]], Outcome]
WRITERS: Mapping[str, Writer] = {
    "tenant": _write_tenant,
    "subscription": _write_subscription,
    "purchase": _write_purchase,
}

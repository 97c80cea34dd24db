"""Plans, prices, subscriptions, invoices."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction

from billing.models import (
    NANO,
    BillingAccount,
    CheckoutSession,
    Consumer,
    ConsumerTenant,
    Coupon,
    CreditNote,
    Dunning,
    Invoice,
    InvoiceLine,
    LegalEntity,
    Payment,
    PaymentMethod,
    Plan,
    PlanMigration,
    PlanVersion,
    Price,
    Purchase,
    ReconciliationFinding,
    Subscription,
    SubscriptionChange,
    UsageBucket,
)
from billing.services import mrr, numbers, plans, versions
from identity.models import User
from orgs.models import Organization
from platform_core import clock
from platform_core.models.leases import NEVER
from tests.make import orgs, platform_core
from tests.make.numbers import unique

MONTH_START = datetime(2026, 1, 1, tzinfo=UTC)
MONTH_END = datetime(2026, 2, 1, tzinfo=UTC)


def plan(code: str = "", *, price_minor: int | None = 2_900, overage_nano: int | None = None, **fields: Any) -> Plan:
    """A plan at 29.00 USD a month; `price_minor=None` leaves it without prices."""
    code = code or unique("plan")
    values: dict[str, Any] = {"name": code.title(), "tier": "Team", "rank": 1} | fields
    terms = {name: values.pop(name) for name in versions.TERMS if name in values}
    made = Plan(code=code, product=values.pop("product", None) or orgs.product(), **values)
    made.current = PlanVersion(plan=made, number=1, **terms)
    with transaction.atomic():
        made.save(force_insert=True)
        made.current.save(force_insert=True)
    if price_minor is not None:
        price(made, amount_minor=price_minor)
    if overage_nano is not None:
        price(made, kind=Price.Kind.OVERAGE, amount_minor=None, unit_price_nano=overage_nano)
    return made


def hosting_plan(code: str = "", **fields: Any) -> Plan:
    """A plan that brings a server, a million tokens, and 2 cents for each thousand beyond them."""
    values: dict[str, Any] = {
        "fulfilment": Plan.Fulfilment.SERVER,
        "token_allotment": 1_000_000,
        "overage_nano": 2 * NANO // 1000,
    }
    return plan(code, **values | fields)


def price(plan: Plan, **fields: Any) -> Price:
    """A monthly price, known to the provider."""
    key = unique(f"price-{plan.code}")
    values = {"amount_minor": 2_900, "lookup_key": key, "provider_price_id": f"price_{key}"} | fields
    return Price.objects.create(plan=plan, **values)


def coupon(code: str = "", **fields: Any) -> Coupon:
    """A quarter off the first payment."""
    code = code or unique("coupon").upper()
    return Coupon.objects.create(code=code, **{"name": code.title(), "percent_basis_points": 2_500} | fields)


def subscription(organization: Organization | None = None, plan: Plan | None = None, **fields: Any) -> Subscription:
    """An active subscription in its first month of 2026."""
    of_plan = plan or hosting_plan()
    price = fields.pop("price", None) or of_plan.prices.get(kind=Price.Kind.RECURRING)
    values: dict[str, Any] = {
        "plan_version": of_plan.current,
        "price": price,
        "overage_price": plans.overage_price_of(price),
        "status": Subscription.Status.ACTIVE,
        "current_period_start": MONTH_START,
        "current_period_end": MONTH_END,
        "provider_subscription_id": unique("sub"),
        "observed_at": clock.wall(),
    } | fields
    made = Subscription(organization=organization or orgs.organization(), plan=of_plan, **values)
    made.monthly_minor = made.monthly_minor or mrr.monthly_minor([(made.price, made.quantity)])
    with transaction.atomic():
        made.save(force_insert=True)
        mrr.record(made)
    return made


def invoice(subscription: Subscription | None = None, **fields: Any) -> Invoice:
    """An open invoice over the subscription's price, without lines."""
    of_subscription = subscription or _subscription()
    values = {
        "status": Invoice.Status.OPEN,
        "currency": "usd",
        "subtotal_minor": 2_900,
        "total_minor": 2_900,
        "period_start": of_subscription.current_period_start,
        "period_end": of_subscription.current_period_end,
        "issued_at": of_subscription.current_period_start + timedelta(hours=1),
        "provider_invoice_id": unique("in"),
        "observed_at": clock.wall(),
    } | fields
    values |= _numbered(values)
    return Invoice.objects.create(organization=of_subscription.organization, subscription=of_subscription, **values)


def _numbered(values: dict[str, Any]) -> dict[str, Any]:
    """A final invoice has the next number, unless it was given one."""
    if values["status"] == Invoice.Status.DRAFT:
        return {"number": ""}
    entity = values.get("legal_entity") or numbers.legal_entity()
    sequence = numbers.take(entity, "invoice")
    number = numbers.written(entity, "invoice", sequence)
    return {"legal_entity": entity, "sequence": sequence, "number": number} | values


def legal_entity(**fields: Any) -> LegalEntity:
    """A company of ours, not the default one."""
    prefix = unique("E")
    values = {"name": "Other Ltd", "country": "IE", "invoice_prefix": f"{prefix}-", "credit_note_prefix": f"{prefix}C-"}
    return LegalEntity.objects.create(**values | fields)


def credit_note(invoice: Invoice, **fields: Any) -> CreditNote:
    """A credit note over a dollar, issued, without lines."""
    assert invoice.legal_entity is not None
    sequence = numbers.take(invoice.legal_entity, "credit_note")
    values = {
        "organization_id": invoice.organization_id,
        "status": CreditNote.Status.ISSUED,
        "legal_entity": invoice.legal_entity,
        "sequence": sequence,
        "number": numbers.written(invoice.legal_entity, "credit_note", sequence),
        "currency": invoice.currency,
        "total_minor": 100,
        "issued_at": clock.now(),
    } | fields
    return CreditNote.objects.create(invoice=invoice, **values)


def payment(invoice: Invoice | None = None, **fields: Any) -> Payment:
    """A payment of 29.00 USD that succeeded; of no invoice unless one is given."""
    values = {
        "organization": invoice.organization if invoice else None,
        "status": Payment.Status.SUCCEEDED,
        "currency": "usd",
        "amount_minor": 2_900,
        "method": "visa 4242",
        "provider_payment_id": unique("pi"),
        "paid_at": clock.now(),
        "observed_at": clock.wall(),
    } | fields
    values["organization"] = values["organization"] or orgs.organization()
    return Payment.objects.create(invoice=invoice, **values)


def draft(organization: Organization | None = None, *amounts_minor: int, **fields: Any) -> Invoice:
    """A draft of our own, with a line for each amount: one over 29.00 USD where none is named."""
    values = {
        "origin": Invoice.Origin.OURS,
        "status": Invoice.Status.DRAFT,
        "currency": "usd",
        "subtotal_minor": 0,
        "total_minor": 0,
        "period_start": MONTH_START,
        "period_end": MONTH_END,
        "issued_at": clock.now(),
        "observed_at": clock.wall(),
    } | fields
    made = Invoice.objects.create(organization=organization or orgs.organization(), **values)
    for position, amount in enumerate(amounts_minor or (2_900,)):
        InvoiceLine.objects.create(
            invoice=made,
            kind=InvoiceLine.Kind.OTHER,
            description=f"Item {position + 1}",
            unit_price_nano=None if amount < 0 else amount * NANO,
            amount_minor=amount,
            period_start=MONTH_START,
            period_end=MONTH_END,
            provider_line_id=f"own-{position}",
            position=position,
        )
    return made


def billing_account(organization: Organization | None = None) -> BillingAccount:
    """A customer of the provider, which the provider does not know."""
    owner = organization or orgs.organization()
    return BillingAccount.objects.create(organization=owner, provider_customer_id=unique("cus"))


def offer(subscription: Subscription, *, by: User) -> CheckoutSession:
    """A page on which the subscription's own plan is offered."""
    return CheckoutSession.objects.create(
        organization=subscription.organization,
        created_by=by,
        subscription=subscription,
        plan=subscription.plan,
        plan_version=subscription.plan_version,
        price=subscription.price,
        success_url="http://127.0.0.1/a",
        cancel_url="http://127.0.0.1/b",
    )


def payment_method(organization: Organization | None = None, **fields: Any) -> PaymentMethod:
    """A card that can be charged."""
    values = {
        "kind": PaymentMethod.Kind.CARD,
        "brand": "visa",
        "last4": "4242",
        "exp_month": 12,
        "exp_year": 2034,
        "provider_payment_method_id": unique("pm"),
        "observed_at": clock.wall(),
    } | fields
    return PaymentMethod.objects.create(organization=organization or orgs.organization(), **values)


def subscription_change(subscription: Subscription | None = None, **fields: Any) -> SubscriptionChange:
    """A cancellation that was carried out."""
    of_subscription = subscription or _subscription()
    values = {"kind": SubscriptionChange.Kind.CANCEL, "status": SubscriptionChange.Status.APPLIED} | fields
    if values["status"] == SubscriptionChange.Status.SCHEDULED:
        values = {"run_after": NEVER} | values
    return SubscriptionChange.objects.create(
        organization=of_subscription.organization, subscription=of_subscription, **values
    )


def dunning(invoice: Invoice | None = None, **fields: Any) -> Dunning:
    """A first payment failed today."""
    of_invoice = invoice or _invoice()
    assert of_invoice.subscription is not None
    values = {"began_at": clock.now(), "suspend_at": clock.now() + timedelta(days=10), "try_count": 1} | fields
    return Dunning.objects.create(
        organization=of_invoice.organization, subscription=of_invoice.subscription, invoice=of_invoice, **values
    )


def usage_bucket(subscription: Subscription | None = None, **fields: Any) -> UsageBucket:
    """A hundred tokens in the first hour of the subscription's period."""
    of_subscription = subscription or _subscription()
    values = {
        "source_id": uuid4(),
        "agent_code": "assistant",
        "model_name": "model-1",
        "bucket_hour": of_subscription.current_period_start,
        "tokens_input": 100,
        "tokens_total": 100,
        "reported_at": clock.now(),
    } | fields
    return UsageBucket.objects.create(organization=of_subscription.organization, subscription=of_subscription, **values)


_subscription = subscription
_invoice = invoice


def reconciliation_finding(**fields: Any) -> ReconciliationFinding:
    """A subscription that differs, found just now."""
    now = clock.now()
    values = {"object_kind": "subscription", "object_id": unique("sub"), "kind": "differs", "first_seen_at": now}
    return ReconciliationFinding.objects.create(**values | {"last_seen_at": now} | fields)


def consumer(key: str = "", *, url: str = "", **fields: Any) -> Consumer:
    """A product's back end that sells through us; with an address, one that is told of events."""
    key = key or unique("consumer")
    made = Consumer.objects.create(key=key, **{"name": key.title()} | fields)
    if url:
        made.endpoint = platform_core.audience_endpoint(
            url, audience_id=made.pk, owner_type="billing.consumer", owner_id=made.pk
        )
        made.save()
    return made


def consumer_tenant(
    of_consumer: Consumer | None = None, organization: Organization | None = None, **fields: Any
) -> ConsumerTenant:
    """A customer of a consumer, an organization like any other."""
    values = {"external_id": unique("tenant"), "name": "Demo", "billing_email": "billing@demo.test"} | fields
    of_organization = organization or orgs.organization()
    return ConsumerTenant.objects.create(consumer=of_consumer or consumer(), organization=of_organization, **values)


def purchase(of_subscription: Subscription | None = None, **fields: Any) -> Purchase:
    """What began a subscription."""
    bought = of_subscription or _subscription()
    values = {
        "organization": bought.organization,
        "consumer_tenant": bought.consumer_tenant,
        "subscription": bought,
        "kind": Purchase.Kind.SUBSCRIPTION,
        "price": bought.price,
        "currency": "usd",
        "amount_minor": 2_900,
        "purchased_at": bought.current_period_start,
    } | fields
    return Purchase.objects.create(**values)


def checkout_session(tenant: ConsumerTenant | None = None, **fields: Any) -> CheckoutSession:
    """A checkout that a consumer's tenant completed."""
    of_tenant = tenant or consumer_tenant()
    bought = price(plan(price_minor=None))
    values = {
        "plan": bought.plan,
        "plan_version": bought.plan.current,
        "price": bought,
        "status": CheckoutSession.Status.COMPLETED,
        "provider_session_id": unique("cs"),
        "success_url": "https://shop.test/done",
        "cancel_url": "https://shop.test/back",
    } | fields
    return CheckoutSession.objects.create(organization=of_tenant.organization, consumer_tenant=of_tenant, **values)


def plan_migration(plan: Plan, **fields: Any) -> PlanMigration:
    """A draft that would move a plan's subscribers to its present version, without charge."""
    values: dict[str, Any] = {"to_version": plan.current, "policy": PlanMigration.Policy.FREE, "reason": "Moved."}
    return PlanMigration.objects.create(plan=plan, **(values | fields))

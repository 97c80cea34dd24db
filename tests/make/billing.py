"""Plans, prices, subscriptions, invoices."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from billing.models import NANO, Invoice, Plan, Price, Subscription, UsageBucket
from orgs.models import Organization
from platform_core import clock
from tests.make import orgs
from tests.make.numbers import unique

MONTH_START = datetime(2026, 1, 1, tzinfo=UTC)
MONTH_END = datetime(2026, 2, 1, tzinfo=UTC)


def plan(code: str = "", *, price_minor: int | None = 2_900, overage_nano: int | None = None, **fields: Any) -> Plan:
    """A plan at 29.00 USD a month; `price_minor=None` leaves it without prices."""
    code = code or unique("plan")
    values: dict[str, Any] = {"name": code.title(), "tier": "Team", "rank": 1} | fields
    made = Plan.objects.create(code=code, product=values.pop("product", None) or orgs.product(), **values)
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


def subscription(organization: Organization | None = None, plan: Plan | None = None, **fields: Any) -> Subscription:
    """An active subscription in its first month of 2026."""
    of_plan = plan or hosting_plan()
    values = {
        "price": of_plan.prices.get(kind=Price.Kind.RECURRING),
        "status": Subscription.Status.ACTIVE,
        "current_period_start": MONTH_START,
        "current_period_end": MONTH_END,
        "provider_subscription_id": unique("sub"),
        "observed_at": clock.wall(),
    } | fields
    return Subscription.objects.create(organization=organization or orgs.organization(), plan=of_plan, **values)


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
    return Invoice.objects.create(organization=of_subscription.organization, subscription=of_subscription, **values)


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

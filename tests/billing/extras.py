"""A shop that sells more than plans by the month: add-ons, a yearly price, a trial, something paid once, coupons."""

from typing import Any

from billing.models import Coupon, Plan, Price
from billing.services import carts, catalog, plan_editing
from billing.services.carts import Cart, Wishes
from billing.services.plans import price_of
from orgs.models import Organization
from tests import kept, make
from tests.billing import shop

BACKUPS, DOMAINS = "hosting-backups", "pages-domains"


def opened() -> None:
    """Hosting with backups beside it, and Pages Team with fourteen days of trial."""
    kept.situation("a shop with extras", _open)


def _open() -> None:
    shop.opened()
    backup = {"code": "backups", "kind": "quota", "limit": 5}
    month, year = ({"currency": "usd", "interval": each} for each in ("month", "year"))
    values = {"code": BACKUPS, "name": "More backups", "is_add_on": True, "entitlements": [backup]}
    plan_editing.add("hosting", {**values, "prices": [{**month, "amount_minor": 1_901}]}, by=None)
    domain = {"code": DOMAINS, "name": "More domains", "is_add_on": True}
    plan_editing.add("pages", {**domain, "prices": [{**month, "amount_minor": 500}]}, by=None)
    pro = Plan.objects.get(code="hosting-pro")
    once = {"kind": "one_off", "currency": "usd", "amount_minor": 25_000}
    plan_editing.change(pro, {"prices": [{**year, "amount_minor": 129_000}, once]}, by=None)
    plan_editing.change(Plan.objects.get(code="pages-team"), {"trial_days": 14}, by=None)
    catalog.publish_prices()


def coupon(code: str = "SPRING", **fields: Any) -> Coupon:
    """A quarter off the first payment."""
    return make.coupon(code, **fields)


def cart(organization: Organization | None, plan: str = "hosting-pro", interval: str = "month", **wishes: Any) -> Cart:
    """What the organization would buy."""
    price = price_of(Plan.objects.get(code=plan), interval=interval)
    return carts.fill(price, organization, Wishes(**wishes))


def price(code: str, interval: str = Price.Interval.MONTH) -> Price:
    """A price on sale."""
    return Price.objects.get(plan__code=code, interval=interval, is_active=True, kind=Price.Kind.RECURRING)

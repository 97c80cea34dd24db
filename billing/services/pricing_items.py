"""Pricing items: the catalog's prices as a consumer's back end sees and keeps them. An item's code stays its own."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.text import slugify

from billing.models import Plan, Price
from billing.services import plan_editing, prices
from platform_core.errors import Conflict, InvalidInput

if TYPE_CHECKING:
    from identity.models import User

PRICED = ("kind", "scheme", "interval", "currency", *prices.AMOUNTS)
CALLED = ("name", "description")


def items(*, active: bool | None = None, product: str = "") -> QuerySet[Price]:
    """Every pricing item, or those on sale (not); what tokens beyond an allotment cost is no item of its own."""
    found = Price.objects.exclude(kind=Price.Kind.OVERAGE).select_related("plan__product", "plan__current")
    if product:
        found = found.filter(plan__product__code=product)
    if active is not None:
        on_sale = found.on_sale()
        found = on_sale if active else found.exclude(pk__in=on_sale.values("pk"))
    return found.order_by("plan__product__position", "plan__rank", "lookup_key", "-pk")


def public(*, active: bool = True) -> QuerySet[Price]:
    """What anybody may be shown: published at the provider, and not by agreement."""
    return items(active=active).exclude(provider_price_id="").filter(plan__is_custom=False)


@transaction.atomic
def add(code: str, values: Mapping[str, Any], *, by: "User | None" = None) -> Price:
    """A price under a code: of the plan that is named, or of a plan of its own in the product that is named.

    The same again, of one that the provider has not been told of yet, is that one.
    """
    terms = prices.checked({name: values[name] for name in PRICED if name in values})
    present = Price.objects.filter(lookup_key=code, is_active=True).select_related("plan__product").first()
    if present is not None:
        if present.provider_price_id or not _is_meant(present, values, terms):
            raise Conflict(f"There is a pricing item {code!r} already.")
        return present
    plan = _plan(values["plan"]) if values.get("plan") else _own_plan(code, values, by=by)
    taken = {name: terms[name] for name in ("kind", "interval", "currency")}
    if plan.prices.filter(is_active=True, **taken).exists():
        raise Conflict(f"{plan} has a price of this kind, interval and currency already: change that one.")
    return prices.put_on_sale(plan, {**terms, "lookup_key": code}, by=by)


def _is_meant(price: Price, values: Mapping[str, Any], terms: Mapping[str, Any]) -> bool:
    of = price.plan.code == values["plan"] if values.get("plan") else price.plan.product.code == values.get("product")
    return of and all(getattr(price, name) == value for name, value in terms.items())


def _plan(code: str) -> Plan:
    plan = Plan.objects.filter(code=code, status=Plan.Status.ACTIVE).first()
    if plan is None:
        raise InvalidInput(f"There is no plan {code!r} on sale.", details={"plan": ["Unknown plan."]})
    return plan


def _own_plan(code: str, values: Mapping[str, Any], *, by: "User | None") -> Plan:
    if not values.get("product"):
        raise InvalidInput("Name a plan or a product.", details={"product": ["A product or a plan is wanted."]})
    name = values.get("name") or code
    about = {"code": slugify(code)[:60], "name": name[:80], "description": values.get("description", "")}
    left = _left_behind(code, about["code"], values["product"])
    if left is not None:
        return plan_editing.change(left, {name: about[name] for name in CALLED}, by=by)
    return plan_editing.add(values["product"], about, by=by)


def _left_behind(code: str, plan: str, product: str) -> Plan | None:
    """The plan of an item of this code that is not sold any more, or never was: nothing else is priced under it."""
    found = Plan.objects.on_sale().filter(code=plan, product__code=product, prices__lookup_key=code)
    others = Q(prices__is_active=True) | ~Q(prices__lookup_key=code)
    return found.exclude(pk__in=Plan.objects.filter(others, code=plan).values("pk")).first()


@transaction.atomic
def change(price: Price, values: Mapping[str, Any], *, by: "User | None" = None) -> Price:
    """Change what is given. Another amount is another price under the same code: present subscribers keep theirs."""
    price = Price.objects.select_for_update(of=("self",)).select_related("plan").get(pk=price.pk)
    called = {name: values[name] for name in CALLED if name in values}
    if called:
        plan_editing.change(price.plan, called, by=by)
    if values.get("active") is False:
        return archive(price, by=by)
    terms = {name: values[name] for name in PRICED if name in values}
    if values.get("active") and not price.is_active:
        price = prices.restore(price, by=by)
    return prices.replace(price, by=by, **terms) if terms else Price.objects.select_related("plan").get(pk=price.pk)


def archive(price: Price, *, by: "User | None" = None) -> Price:
    """Sell it no more. Again changes nothing."""
    return prices.withdraw(price, by=by)

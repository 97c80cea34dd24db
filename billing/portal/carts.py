"""What somebody looks at before they pay: how often it is paid, what goes with it, a coupon, and what it comes to."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from billing.models import Plan, Price
from billing.portal.add_on_fields import AddOnField
from billing.services import carts, plans
from billing.services.carts import Cart, Quote, Wishes
from orgs.models import Organization
from platform_core.errors import DomainError
from platform_core.portal.fields import LineField

ADD_ON = "add_on_"
# From the shortest, which is shown where nothing is chosen.
EVERY = {
    Price.Interval.MONTH.value: "Every month",
    Price.Interval.YEAR.value: "Every year",
    Price.Interval.ONCE.value: "Once",
}


class CartForm(forms.Form):
    """The plan, and what goes with it. A guest has no coupon; what is paid once has nothing beside it."""

    plan = forms.SlugField(max_length=60, widget=forms.HiddenInput)
    interval = forms.ChoiceField(label="You pay")
    coupon = LineField(max_length=40, required=False, label="Coupon")

    def __init__(self, plan: Plan, given: QueryDict, *, is_guest: bool) -> None:
        sold = sold_by(plan)
        super().__init__({"interval": first_interval(plan), **given.dict(), "plan": plan.code})
        interval: Any = self.fields["interval"]
        interval.choices = [(each, EVERY[each]) for each in sold]
        if len(sold) == 1:
            interval.widget = forms.HiddenInput()
        if is_guest:
            del self.fields["coupon"]
        for code, price in self._offered(plan).items():
            self.fields[ADD_ON + code] = AddOnField(price)
        self.order_fields(["plan", "interval", *(name for name in self.fields if name.startswith(ADD_ON)), "coupon"])

    def _offered(self, plan: Plan) -> dict[str, Price]:
        """By the interval that was chosen, if there is one."""
        sold = plan.prices.sold_by(self.data["interval"]).select_related("plan__product").order_by("pk").first()
        return carts.offered(sold) if sold else {}

    def wishes(self) -> Wishes:
        """What was asked for beside the plan."""
        given = self.cleaned_data
        add_ons = {name.removeprefix(ADD_ON): number for name, number in given.items() if name.startswith(ADD_ON)}
        return Wishes(
            add_ons={code: number for code, number in add_ons.items() if number}, coupon=given.get("coupon", "")
        )


def sold_by(plan: Plan) -> list[str]:
    """How often it can be paid for."""
    published = plan.prices.filter(is_active=True).exclude(kind=Price.Kind.OVERAGE).exclude(provider_price_id="")
    there = set(published.values_list("interval", flat=True))
    return [each for each in EVERY if each in there]


def first_interval(plan: Plan) -> str:
    """How often it is paid for where nothing is chosen."""
    return next(iter(sold_by(plan)), "")


@dataclass(frozen=True)
class Filled:
    """A cart as far as it could be filled; with an error the form says what could not."""

    form: CartForm
    cart: Cart | None
    error: DomainError | None = None

    @property
    def quote(self) -> Quote | None:
        """What it comes to."""
        return carts.quote(self.cart) if self.cart else None

    @property
    def status(self) -> int:
        """Of the page that shows it."""
        return self.error.status if self.error else 200 if self.form.is_valid() else 400


def filled(plan: Plan, given: QueryDict, buyer: Organization | None) -> Filled:
    """What was asked for, as far as it can be had; what cannot be sold at all is a DomainError."""
    if plan.is_custom or plan.is_add_on or not sold_by(plan):
        plans.price_of(plan)
    form = CartForm(plan, given, is_guest=buyer is None)
    if not form.is_valid():
        return Filled(form, None)
    price = plans.price_of(plan, interval=form.cleaned_data["interval"])
    wishes = form.wishes()
    try:
        return Filled(form, carts.fill(price, buyer, wishes))
    except DomainError as error:
        for name, told in error.details.items():
            form.add_error(name if name in form.fields else None, list(told))
        without = Wishes(add_ons=wishes.add_ons) if "coupon" in error.details else Wishes()
        return Filled(form, carts.fill(price, buyer, without), error)

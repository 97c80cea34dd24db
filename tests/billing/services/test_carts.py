"""What a cart holds, what may be in it, and that its quote is what the provider charges."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import conservation
from billing.models import (
    Coupon,
    Invoice,
    MrrMovement,
    Plan,
    Price,
    Purchase,
    Subscription,
    SubscriptionAddOn,
)
from billing.providers.sandbox.behaviour import discounting
from billing.providers.sandbox.checkout import pay
from billing.services import carts, catalog, entitlements, invoice_verification, prices
from billing.services.carts import Cart, Item
from billing.services.checkout import start_checkout
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import InvalidInput
from tests import make
from tests.billing import extras, shop

amounts = st.integers(0, 10**9)
shares = st.builds(lambda share: Coupon(percent_basis_points=share), st.integers(1, 10_000))
sums = st.builds(lambda off: Coupon(amount_minor=off, currency="usd"), st.integers(1, 10**9))


def cart_of(costs: list[int], coupon: Coupon | None = None, trial_days: int = 0) -> Cart:
    prices = [Price(plan=Plan(), amount_minor=cost, currency="usd", interval="month") for cost in costs]
    first, *others = [Item(price) for price in prices]
    return Cart(first, tuple(others), coupon, trial_days)


@given(st.lists(amounts, min_size=1, max_size=6), st.one_of(st.none(), shares, sums), st.integers(0, 30))
def test_the_parts_of_a_quote_sum_to_the_whole(costs: list[int], coupon: Coupon | None, days: int) -> None:
    quote = carts.quote(cart_of(costs, coupon, days))

    assert quote.subtotal_minor == sum(costs)
    assert quote.total_minor == sum(each.amount_minor - each.discount_minor for each in quote.items)
    assert 0 <= quote.total_minor <= quote.subtotal_minor
    assert all(0 <= each.discount_minor <= each.amount_minor for each in quote.items)
    assert quote.due_minor == (0 if days else quote.total_minor)


@given(st.lists(amounts, min_size=1, max_size=6), st.one_of(shares, sums))
def test_a_quote_is_what_the_provider_works_out(costs: list[int], coupon: Coupon) -> None:
    lines: list[dict[str, Any]] = [{"amount": cost, "discountable": True, "pricing": None} for cost in costs]
    percent = None if coupon.percent_basis_points is None else coupon.percent_basis_points / 100
    theirs: dict[str, Any] = {"percent_off": percent, "amount_off": coupon.amount_minor, "_products": []}
    discounting.apply_coupons([("di", theirs)], lines)

    quote = carts.quote(cart_of(costs, coupon))

    told = [sum(each["amount"] for each in line["discount_amounts"]) for line in lines]
    assert [each.discount_minor for each in quote.items] == told


def test_a_coupon_of_a_product_takes_nothing_off_what_came_later(organization: Organization) -> None:
    extras.opened()
    extras.coupon(product=Plan.objects.get(code="hosting-pro").product)
    Plan.objects.filter(code=extras.BACKUPS).update(created_at=clock.now() + timedelta(seconds=1))

    quote = carts.quote(extras.cart(organization, add_ons={extras.BACKUPS: 2}, coupon="spring"))

    assert [each.discount_minor for each in quote.items] == [3_225, 0]


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({}, 3),
        ({"duration": "forever"}, 0),
        ({"percent_basis_points": None, "amount_minor": 999, "currency": "usd"}, 1),
        ({"percent_basis_points": 10_000}, 1),
    ],
)
def test_what_was_quoted_is_on_the_invoice(organization: Organization, fields: dict[str, Any], count: int) -> None:
    extras.opened()
    extras.coupon(**fields)
    cart = extras.cart(organization, add_ons={extras.BACKUPS: count}, coupon="spring")
    quote = carts.quote(cart)

    row = start_checkout(cart, organization=organization, by=make.person(organization))
    pay(row.provider_session_id)
    shop.catch_up()

    invoice = Invoice.objects.get()
    assert invoice.status == "paid"
    figures = (invoice.subtotal_minor, invoice.discount_minor, invoice.total_minor, invoice.paid_minor)
    assert figures == (quote.subtotal_minor, quote.discount_minor, quote.total_minor, quote.total_minor)
    lines = list(invoice.lines.values_list("kind", "quantity", "amount_minor", "discount_minor"))
    kinds = ["base", "add_on"][: len(quote.items)]
    assert lines == [
        (kind, each.item.quantity, each.amount_minor, each.discount_minor)
        for kind, each in zip(kinds, quote.items, strict=True)
    ]
    assert list(invoice_verification.problems()) == []
    assert all(each.holds for each in conservation.report())
    assert Purchase.objects.get().amount_minor == quote.subtotal_minor


def test_an_add_on_is_had_with_its_plan_and_counted(organization: Organization) -> None:
    extras.opened()
    cart = extras.cart(organization, add_ons={extras.BACKUPS: 2})

    row = start_checkout(cart, organization=organization, by=make.person(organization))
    pay(row.provider_session_id)
    shop.catch_up()

    held = SubscriptionAddOn.objects.get()
    assert (held.subscription, held.price.plan.code, held.quantity) == (Subscription.objects.get(), extras.BACKUPS, 2)
    assert held.subscription.price == cart.price
    assert entitlements.entitlements_of([held.subscription])["backups"].limit == 10
    assert MrrMovement.objects.get().amount_minor == held.subscription.monthly_minor == 12_900 + 2 * 1_901


def test_what_it_costs_by_the_year_and_once() -> None:
    extras.opened()

    assert carts.quote(extras.cart(None, interval="year")).total_minor == 129_000
    once = extras.cart(None, interval="once")
    assert (once.price.kind, carts.quote(once).total_minor) == ("one_off", 25_000)
    with pytest.raises(InvalidInput) as refused:
        extras.cart(None, "pages-team", "year")
    assert list(refused.value.details) == ["interval"]


@pytest.mark.parametrize(
    ("plan", "interval", "code"),
    [
        ("hosting-pro", "month", "hosting-starter"),
        ("hosting-pro", "month", "nothing"),
        ("hosting-pro", "year", extras.BACKUPS),
        ("hosting-pro", "once", extras.BACKUPS),
        ("pages-team", "month", extras.BACKUPS),
    ],
)
def test_only_an_add_on_of_the_product_and_of_the_rhythm_goes_with_a_plan(plan: str, interval: str, code: str) -> None:
    extras.opened()

    with pytest.raises(InvalidInput) as refused:
        extras.cart(None, plan, interval, add_ons={code: 1})

    assert list(refused.value.details) == ["add_ons"]


def test_what_is_flat_is_added_once() -> None:
    extras.opened()
    prices.replace(extras.price(extras.BACKUPS), by=None, scheme="flat")
    catalog.publish_prices()

    with pytest.raises(InvalidInput, match="one at a time"):
        extras.cart(None, add_ons={extras.BACKUPS: 2})


def test_a_guest_has_no_coupon_and_everybody_tries_a_product_once(organization: Organization) -> None:
    extras.opened()
    extras.coupon()

    with pytest.raises(InvalidInput, match="Sign in to use a coupon"):
        extras.cart(None, coupon="SPRING")
    assert extras.cart(None, "pages-team").trial_days == 14
    assert extras.cart(organization, "pages-team").trial_days == 14
    make.subscription(organization, Plan.objects.get(code="pages-team"), status="canceled")
    assert extras.cart(organization, "pages-team").trial_days == 0

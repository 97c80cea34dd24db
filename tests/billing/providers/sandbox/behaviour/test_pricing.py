"""What a quantity costs, price by price, as invoices say it; and that parts sum to the whole."""

from datetime import timedelta
from typing import Any

import stripe
from hypothesis import given
from hypothesis import strategies as st

from billing.providers.sandbox import clock
from billing.providers.sandbox.behaviour import discounting, pricing, taxing
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes.catalog import price as priced
from tests.billing.providers.sandbox import shop

TIERS: Any = [{"up_to": 5, "unit_amount": 100, "flat_amount": 300}, {"up_to": "inf", "unit_amount_decimal": "12.5"}]
TIERED: Any = {"unit_amount": None, "billing_scheme": "tiered", "tiers": TIERS}


def lines(of: stripe.Price, quantity: int) -> list[tuple[int | None, int]]:
    """Quantities and amounts of the first invoice."""
    bought = shop.subscription(of, shop.customer(), items=[{"price": of.id, "quantity": quantity}])
    (invoice,) = shop.invoices(bought.id)
    return [(line.quantity, line.amount) for line in invoice.lines.data]


def test_each_tier_costs_its_own() -> None:
    graduated = shop.price(**TIERED, tiers_mode="graduated")

    assert lines(graduated, 4) == [(4, 400), (0, 300)]
    assert lines(graduated, 8) == [(5, 500), (0, 300), (3, 38)]


def test_all_of_it_costs_what_the_reached_tier_does() -> None:
    volume = shop.price(**TIERED, tiers_mode="volume")

    assert lines(volume, 5) == [(5, 500), (0, 300)]
    assert lines(volume, 6) == [(6, 75)]


def test_packages_are_paid_for_when_they_are_begun_or_full() -> None:
    begun = shop.price(500, transform_quantity={"divide_by": 10, "round": "up"})
    full = shop.price(500, transform_quantity={"divide_by": 10, "round": "down"})

    assert (lines(begun, 21), lines(full, 21)) == ([(21, 1_500)], [(21, 1_000)])


def test_a_unit_may_cost_a_fraction() -> None:
    small = shop.price(unit_amount=None, unit_amount_decimal="0.0125")

    assert lines(small, 1_000) == [(1_000, 13)]
    assert small.unit_amount is None


def test_taxes_are_on_top_or_included_line_by_line() -> None:
    api = shop.client().v1
    vat = api.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    gst = api.tax_rates.create({"display_name": "GST", "percentage": 10, "inclusive": True})
    on_top = shop.subscription(shop.price(10_000), shop.customer(), default_tax_rates=[vat.id])
    within = shop.subscription(shop.price(11_000), shop.customer(), default_tax_rates=[gst.id])

    (added,), (included,) = shop.invoices(on_top.id), shop.invoices(within.id)

    assert (added.subtotal, added.total, added.total_excluding_tax) == (10_000, 11_900, 10_000)
    assert [tax.amount for tax in added.lines.data[0].taxes or []] == [1_900]
    assert (included.subtotal, included.total, included.total_excluding_tax) == (11_000, 11_000, 10_000)
    assert [(tax.amount, tax.tax_behavior) for tax in included.total_taxes or []] == [(1_000, "inclusive")]
    clock.advance(by=timedelta(days=32))
    assert shop.invoices(on_top.id)[-1].total == 11_900


def test_coupons_hold_once_for_some_months_or_for_ever() -> None:
    api = shop.client().v1
    api.coupons.create({"id": "ONCE", "amount_off": 1_000, "currency": "usd", "duration": "once"})
    api.coupons.create({"id": "TWO", "percent_off": 50, "duration": "repeating", "duration_in_months": 2})
    api.coupons.create({"id": "EVER", "percent_off": 12.5, "duration": "forever"})
    price = shop.price(10_000)
    bought = {
        name: shop.subscription(price, shop.customer(), discounts=[{"coupon": name}])
        for name in ("ONCE", "TWO", "EVER")
    }

    clock.advance(by=timedelta(days=95))

    paid = {name: [invoice.total for invoice in shop.invoices(each.id)] for name, each in bought.items()}
    assert paid == {
        "ONCE": [9_000, 10_000, 10_000, 10_000],
        "TWO": [5_000, 5_000, 10_000, 10_000],
        "EVER": [8_750] * 4,
    }


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**8), min_size=1, max_size=12))
def test_a_discounts_parts_sum_to_the_whole_and_take_no_line_below_nothing(off: int, weights: list[int]) -> None:
    whole = min(off, sum(weights))

    parts = discounting.spread(whole, weights)

    assert sum(parts) == whole
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


@given(st.integers(1, 10_000), st.integers(1, 500), st.sampled_from(["graduated", "volume"]))
def test_a_tiered_prices_lines_sum_to_its_amount_and_rise_with_the_quantity(
    quantity: int, ends: int, mode: str
) -> None:
    tiers = [{"up_to": ends, "unit_amount": 7}, {"up_to": None, "unit_amount_decimal": "6.999"}]
    params: Json = {"currency": "usd", "billing_scheme": "tiered", "tiers_mode": mode, "tiers": tiers}
    price = priced(params, product_id="prod_1", at=0)

    parts = pricing.parts_of(price, quantity)

    assert sum(part.quantity for part in parts) == quantity
    assert sum(part.amount for part in parts) == pricing.amount_of(price, quantity)
    if mode == "graduated":
        assert pricing.amount_of(price, quantity) <= pricing.amount_of(price, quantity + 1)


@given(st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=8))
def test_totals_of_taxes_are_the_sum_of_the_lines(amounts: list[int]) -> None:
    taxed = [
        {
            "taxes": [
                {
                    "amount": amount,
                    "taxable_amount": 0,
                    "tax_behavior": "exclusive",
                    "tax_rate_details": {"tax_rate": "t"},
                }
            ]
        }
        for amount in amounts
    ]

    found = taxing.totals(taxed)

    assert found["_tax_added"] == sum(amounts) == found["total_taxes"][0]["amount"]
    assert found["_tax_included"] == 0

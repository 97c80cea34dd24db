"""How a quantity becomes an amount, by each scheme."""

from dataclasses import replace
from itertools import accumulate
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from billing.models import NANO, Price
from billing.models.terms import Tier, tiers_of
from billing.money import format_minor
from billing.providers.sandbox.behaviour import pricing
from billing.providers.sandbox.shapes import catalog as shapes
from billing.providers.specs import PriceSpec, TierSpec
from billing.providers.stripe import catalog as published
from billing.services import prices, rating, schemes
from billing.services.rating import Terms, Usage
from billing.services.schemes import Part, Rate
from platform_core.errors import InvalidInput
from tests import make

# The first 10 units 5.00 each, the next 90 at 4.00, all beyond at 3.00 and 10.00 once.
STEPS = (Tier(10, 500 * NANO), Tier(100, 400 * NANO), Tier(None, 300 * NANO, 1_000))
GRADUATED, VOLUME, FLAT, PACKAGE = (
    Rate("graduated", STEPS),
    Rate("volume", STEPS),
    Rate("flat"),
    Rate("package", package_size=1_000),
)
AGREED = Terms("usd", quantity=12, base_unit_minor=0, token_allotment=100, unit_price_nano=None)
quantities = st.integers(0, 10**12)


def tiers(*, falling: bool = False) -> st.SearchStrategy[tuple[Tier, ...]]:
    """Any steps; where they are `falling`, no unit is dearer than one before it."""

    def built(widths: list[int], units: list[int], fixed: list[int]) -> tuple[Tier, ...]:
        ends = [*accumulate(widths[: len(units) - 1]), None]
        ordered = sorted(units, reverse=True) if falling else units
        return tuple(
            Tier(end, unit, 0 if falling else once) for end, unit, once in zip(ends, ordered, fixed, strict=False)
        )

    several = st.lists(st.integers(0, 10**12), min_size=1, max_size=6)
    widths = st.lists(st.integers(1, 10**6), min_size=6, max_size=6)
    return st.builds(built, widths, several, st.lists(st.integers(0, 10**6), min_size=6, max_size=6))


rates = st.one_of(
    st.none(),
    st.just(FLAT),
    st.builds(lambda size: Rate("package", package_size=size), st.integers(1, 10**6)),
    st.builds(Rate, st.sampled_from(["graduated", "volume"]), tiers()),
)


def cost(rate: Rate | None, quantity: int, unit_price_nano: int = 0) -> int:
    return sum(part.amount_minor for part in schemes.parts(rate, unit_price_nano, quantity))


@pytest.mark.parametrize(
    ("quantity", "graduated", "volume"),
    [
        (0, 0, 0),
        (1, 500, 500),
        (10, 5_000, 5_000),
        (11, 5_400, 4_400),
        (100, 41_000, 40_000),
        (101, 42_300, 31_300),
        (200, 72_000, 61_000),
    ],
)
def test_tiers_at_their_edges(quantity: int, graduated: int, volume: int) -> None:
    assert (cost(GRADUATED, quantity), cost(VOLUME, quantity)) == (graduated, volume)


@pytest.mark.parametrize(("quantity", "minor"), [(0, 0), (1, 700), (1_000, 700), (1_001, 1_400), (2_500, 2_100)])
def test_a_begun_package_is_a_whole_one(quantity: int, minor: int) -> None:
    assert cost(PACKAGE, quantity, 700 * NANO) == minor


@pytest.mark.parametrize("quantity", [1, 7])
def test_flat_is_once_however_many(quantity: int) -> None:
    assert schemes.parts(FLAT, 900 * NANO, quantity) == (Part(1, 900 * NANO, 900 * NANO, 900),)


@given(rates, quantities, st.integers(0, 10**15))
def test_each_part_is_rounded_by_itself(rate: Rate | None, quantity: int, unit: int) -> None:
    for part in schemes.parts(rate, unit, quantity):
        assert abs(part.amount_minor * NANO - part.amount_nano) * 2 <= NANO


@given(rates, quantities, st.integers(0, 10**15))
def test_before_parts_summed_to_the_whole_rounded_once(rate: Rate | None, quantity: int, unit: int) -> None:
    parts = schemes.parts_of_rounded_sum(rate, unit, quantity)

    assert sum(part.amount_minor for part in parts) == schemes.rounded(sum(part.amount_nano for part in parts))
    assert all(abs(part.amount_minor * NANO - part.amount_nano) < NANO for part in parts)


def at_provider(rate: Rate | None, amount_minor: int) -> dict[str, Any]:
    """The price as it is published and kept there."""
    steps = tuple(TierSpec(tier.up_to, tier.unit_price_nano, tier.amount_minor) for tier in rate.tiers) if rate else ()
    is_flat = rate is not None and rate.scheme == "flat"
    if is_flat:
        steps = (TierSpec(None, 0, amount_minor),)
    spec = PriceSpec("any", "any", "Any", "usd", amount_minor, "month", tiers=steps)
    unit = {"unit_amount_decimal": f"{published._unit(spec):f}"}
    scheme: Any = "volume" if is_flat else rate.scheme if rate else "per_unit"
    params: dict[str, Any] = published._tiers(replace(spec, scheme=scheme)) if steps else unit
    for tier in params.get("tiers", []):
        tier["up_to"] = None if tier["up_to"] == "inf" else tier["up_to"]
    size = {"divide_by": rate.package_size, "round": "up"} if rate and rate.package_size else None
    return shapes.price({"currency": "usd", "transform_quantity": size, **params}, product_id="any", at=0)


@given(rates, st.integers(1, 10**9), st.integers(0, 10**9))
def test_what_is_quoted_is_what_the_provider_bills(rate: Rate | None, quantity: int, amount_minor: int) -> None:
    billed = pricing.amount_of(at_provider(rate, amount_minor), quantity)

    assert cost(rate, quantity, amount_minor * NANO) == billed


@given(tiers(), quantities)
def test_graduated_is_the_sum_of_its_tiers(steps: tuple[Tier, ...], quantity: int) -> None:
    parts = schemes.parts(Rate("graduated", steps), 0, quantity)

    assert sum(part.quantity for part in parts) == quantity
    each = [
        schemes.parts(Rate("volume", (replace(step, up_to=None),)), 0, part.quantity)[0].amount_nano
        for step, part in zip(steps, parts, strict=False)
    ]
    assert [part.amount_nano for part in parts] == each


@given(
    rates.filter(lambda rate: rate is None or rate.scheme != "volume"), quantities, quantities, st.integers(0, 10**9)
)
def test_more_never_costs_less_but_by_volume(rate: Rate | None, one: int, other: int, unit: int) -> None:
    less, more = sorted((one, other))

    assert cost(rate, less, unit) <= cost(rate, more, unit)


@given(tiers(falling=True), quantities)
def test_by_volume_is_never_dearer_than_graduated_where_units_grow_cheaper(
    steps: tuple[Tier, ...], quantity: int
) -> None:
    volume, graduated = (
        sum(part.amount_nano for part in schemes.parts(Rate(scheme, steps), 0, quantity))
        for scheme in ("volume", "graduated")
    )
    assert volume <= graduated


@given(rates, rates, quantities, st.integers(1, 10_000))
def test_evidence_of_any_scheme_gives_the_same_lines_again(
    base: Rate | None, over: Rate | None, used: int, quantity: int
) -> None:
    agreed = replace(AGREED, quantity=quantity, base_unit_minor=900, base_rate=base, overage_rate=over)
    again = rating._terms(rating._document(agreed))

    assert again == agreed
    assert rating.rate(again, Usage(used)) == rating.rate(agreed, Usage(used))


def test_a_line_without_one_price_for_all_units_tells_its_parts() -> None:
    base, over = rating.rate(replace(AGREED, base_rate=GRADUATED, overage_rate=VOLUME), Usage(tokens=111))

    assert (base.unit_price_nano, base.amount_minor) == (None, 5_800)
    assert [(part.quantity, part.unit_price_nano, part.amount_minor) for part in base.parts] == [
        (10, 500 * NANO, 5_000),
        (2, 400 * NANO, 800),
    ]
    assert (over.quantity, over.amount_minor) == (11, 4_400)


def test_tiers_of_half_a_minor_unit_are_each_rounded_and_were_shared_out_before() -> None:
    steps = (Tier(1, NANO // 2), Tier(2, NANO // 4), Tier(None, NANO // 2))
    rate = Rate("graduated", steps)

    assert [part.amount_minor for part in schemes.parts(rate, 0, 3)] == [1, 0, 1]
    assert [part.amount_minor for part in schemes.parts_of_rounded_sum(rate, 0, 3)] == [1, 0, 0]


def test_what_was_sealed_by_the_rule_before_is_read_by_it() -> None:
    steps = (Tier(1, NANO // 2), Tier(None, NANO // 2))
    terms = replace(AGREED, quantity=2, base_rate=Rate("graduated", steps))
    sealed = {"terms": rating._document(terms), "usage": {"tokens": 0}}

    now, before = (rating.recompute({**sealed, "rounding": rule})[2][0].amount_minor for rule in rating.RULES)
    assert (now, before) == (2, 1)
    with pytest.raises(rating.Unverifiable):
        rating.recompute({**sealed, "rounding": "no-such-rule"})


@pytest.mark.parametrize(("currency", "text"), [("jpy", "¥5,800"), ("kwd", "KWD 5.800"), ("usd", "$58.00")])
def test_minor_units_are_the_currencys_own(currency: str, text: str) -> None:
    (base,) = rating.rate(replace(AGREED, currency=currency, base_rate=GRADUATED), Usage(tokens=0))

    assert format_minor(base.amount_minor, currency) == text


@pytest.mark.parametrize(
    ("tiers", "problem"),
    [
        ([], "the last one has no end"),
        ("x", "list of at most 50"),
        ([{"up_to": 5}], "the last one has no end"),
        ([{"up_to": 5}, {"up_to": 5}, {"up_to": None}], "above the one before"),
        ([{"up_to": 0}, {"up_to": None}], "whole number of units"),
        ([{"up_to": None, "unit_price_nano": -1}], "Tier 1: prices"),
        ([{"up_to": None, "amount_minor": 1.5}], "Tier 1: prices"),
        ([{"up_to": None, "amount_minor": True}], "Tier 1: prices"),
        ([{"up_to": None, "colour": 1}], "Tier 1: unknown colour"),
        ([{"up_to": number} for number in range(1, 51)] + [{"up_to": None}], "at most 50"),
    ],
)
def test_tiers_that_are_none_are_refused_whichever_way_they_are_written(tiers: Any, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        tiers_of(tiers)
    price = make.plan().prices.get()
    with pytest.raises(InvalidInput) as refused:
        prices.replace(price, by=None, scheme="graduated", amount_minor=None, tiers=tiers)
    assert problem in str(refused.value.details["tiers"])
    assert Price.objects.get() == price


@pytest.mark.parametrize(
    ("values", "rate"),
    [
        ({}, None),
        ({"scheme": "flat"}, FLAT),
        ({"scheme": "package", "package_size": 1_000}, PACKAGE),
        (
            {"scheme": "volume", "amount_minor": None, "tiers": [{"up_to": None, "unit_price_nano": 7}]},
            Rate("volume", (Tier(None, 7),)),
        ),
    ],
)
def test_a_price_says_by_which_scheme_it_is_rated(values: dict[str, Any], rate: Rate | None) -> None:
    assert schemes.rate_of(make.price(make.plan(price_minor=None), **values)) == rate

"""What usage costs."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import NANO, BillingPeriod
from billing.services import rating
from billing.services.rating import RatedLine, Terms, Unverifiable, Usage, rate

# The plan "Hosting Pro": 129.00 a month with 15 million tokens, 2.50 for each million beyond them.
PRO = Terms(currency="usd", quantity=1, base_unit_minor=12_900, token_allotment=15_000_000, unit_price_nano=250_000)
HUGE = 2**63 - 1

terms = st.builds(
    Terms,
    currency=st.sampled_from(["usd", "jpy", "kwd"]),
    quantity=st.integers(1, 10_000),
    base_unit_minor=st.integers(0, 10**12),
    token_allotment=st.none() | st.integers(0, HUGE),
    unit_price_nano=st.none() | st.integers(0, 10**15),
)
tokens = st.integers(0, HUGE)


def total(lines: tuple[RatedLine, ...]) -> int:
    return sum(line.amount_minor for line in lines)


def test_a_million_and_a_quarter_beyond_the_allotment_cost_313_cents() -> None:
    assert rate(PRO, Usage(tokens=16_250_000)) == (
        RatedLine("base", 1, 12_900 * NANO, 12_900),
        RatedLine("overage", 1_250_000, 250_000, 313),  # 312.5, rounded once, upwards
    )


@pytest.mark.parametrize("used", [0, 1, 14_999_999, 15_000_000])
def test_what_is_included_costs_nothing_more(used: int) -> None:
    assert rate(PRO, Usage(tokens=used)) == (RatedLine("base", 1, 12_900 * NANO, 12_900),)


def test_the_first_token_beyond_is_counted_though_it_rounds_to_nothing() -> None:
    assert rate(PRO, Usage(tokens=15_000_001))[1] == RatedLine("overage", 1, 250_000, 0)


@pytest.mark.parametrize(("over", "minor"), [(1_999, 0), (2_000, 1), (5_999, 1), (6_000, 2)])
def test_half_a_minor_unit_is_rounded_up(over: int, minor: int) -> None:
    assert rate(PRO, Usage(tokens=15_000_000 + over))[1].amount_minor == minor


def test_without_an_allotment_of_its_own_every_token_is_beyond_it() -> None:
    assert rate(replace(PRO, token_allotment=0), Usage(tokens=4_000_000))[1] == RatedLine(
        "overage", 4_000_000, 250_000, 1_000
    )


def test_tokens_that_are_no_part_of_the_plan_are_not_charged() -> None:
    assert len(rate(replace(PRO, token_allotment=None), Usage(tokens=10**12))) == 1


def test_tokens_beyond_without_a_price_are_counted_and_cost_nothing() -> None:
    assert rate(replace(PRO, unit_price_nano=None), Usage(tokens=16_000_000))[1] == RatedLine(
        "overage", 1_000_000, 0, 0
    )


def test_each_of_several_is_charged_its_base() -> None:
    assert rate(replace(PRO, quantity=3), Usage(tokens=0))[0] == RatedLine("base", 3, 12_900 * NANO, 38_700)


@given(terms, tokens)
def test_every_token_is_either_included_or_on_a_line(agreed: Terms, used: int) -> None:
    over = rating.overage(agreed, Usage(used)).quantity

    included = used if agreed.token_allotment is None else min(used, agreed.token_allotment)
    assert included + over == used


@given(terms, tokens, tokens)
def test_more_usage_never_costs_less(agreed: Terms, one: int, other: int) -> None:
    less, more = sorted((one, other))

    assert total(rate(agreed, Usage(less))) <= total(rate(agreed, Usage(more)))


@given(terms, tokens)
def test_a_line_is_off_by_at_most_half_a_minor_unit(agreed: Terms, used: int) -> None:
    for line in rate(agreed, Usage(used)):
        assert abs(line.amount_minor * NANO - line.quantity * (line.unit_price_nano or 0)) * 2 <= NANO


@given(terms, tokens)
def test_the_currency_changes_nothing_but_how_it_is_written(agreed: Terms, used: int) -> None:
    assert rate(replace(agreed, currency="jpy"), Usage(used)) == rate(replace(agreed, currency="kwd"), Usage(used))


@given(terms, tokens)
def test_evidence_gives_the_same_lines_again(agreed: Terms, used: int) -> None:
    sealed = rating.evidence(closed_period(**vars(agreed)), Usage(used))

    assert rating.is_sealed(sealed)
    assert rating.recompute(sealed) == (agreed, Usage(used), rate(agreed, Usage(used)))


def closed_period(tokens: int = 16_250_000, **changes: Any) -> BillingPeriod:
    """A closed month of so many tokens, not stored."""
    values: dict[str, Any] = {
        "pk": UUID("018f0000-0000-7000-8000-000000000001"),
        "subscription_id": UUID("018f0000-0000-7000-8000-000000000002"),
        "starts_at": datetime(2026, 3, 1, tzinfo=UTC),
        "ends_at": datetime(2026, 4, 1, tzinfo=UTC),
        **vars(PRO),
    }
    period = BillingPeriod(**values | changes)
    line = rating.overage(rating.terms_of(period), Usage(tokens))
    period.tokens_used, period.overage_tokens, period.overage_minor = tokens, line.quantity, line.amount_minor
    period.evidence = rating.evidence(period, Usage(tokens))
    return period


def altered(**changes: Any) -> BillingPeriod:
    """The same with some of its columns changed afterwards."""
    period = closed_period()
    for name, value in changes.items():
        setattr(period, name, value)
    return period


def test_a_closed_period_that_was_left_alone_verifies() -> None:
    assert rating.verify(closed_period()) == []


def test_altered_evidence_is_noticed() -> None:
    evidence = closed_period().evidence | {"usage": {"tokens": 15_000_000}}

    assert rating.verify(altered(evidence=evidence)) == ["The evidence was altered after it was sealed."]


@pytest.mark.parametrize(
    "changes",
    [{"tokens_used": 16_250_001}, {"overage_tokens": 0}, {"overage_minor": 312}],
)
def test_altered_figures_are_noticed(changes: dict[str, int]) -> None:
    assert rating.verify(altered(**changes)) == ["The period's figures are not its evidence's."]


def test_altered_terms_are_noticed() -> None:
    assert rating.verify(altered(unit_price_nano=1)) == ["The terms are not the period's."]


def test_evidence_of_another_period_is_noticed() -> None:
    other = closed_period(ends_at=datetime(2026, 3, 31, tzinfo=UTC))

    assert rating.verify(altered(evidence=other.evidence)) == ["The evidence is another period's."]


def test_evidence_of_another_calculation_is_noticed() -> None:
    document = closed_period().evidence
    document["lines"][1]["amount_minor"] = 312
    del document["sha256"]
    resealed = {**document, "sha256": rating._sha256(document)}

    assert rating.verify(altered(evidence=resealed)) == ["The lines differ from what the terms and the usage give."]


def test_an_unknown_rounding_rule_is_not_guessed_at() -> None:
    with pytest.raises(Unverifiable):
        rating.recompute({"rounding": "bankers/9"})

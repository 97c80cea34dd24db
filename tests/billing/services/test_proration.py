"""What the rest of a period is worth: parts sum to the whole, and nothing is lost between them."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing.services.proration import Billed, base_minor, prorate, share
from billing.services.rating import Terms

START = datetime(2027, 3, 1, 10, 15, tzinfo=UTC)
END = datetime(2027, 4, 1, 10, 15, tzinfo=UTC)
MONTH = int((END - START).total_seconds())
AMOUNTS = st.integers(0, 10**12)
QUANTITIES = st.integers(1, 100_000)


def terms(unit_minor: int, quantity: int = 1) -> Terms:
    return Terms("usd", quantity, unit_minor, None, None)


def whole(unit_minor: int, quantity: int = 1) -> Billed:
    """The whole period, billed at its beginning."""
    return Billed(base_minor(terms(unit_minor, quantity)), quantity, START)


def test_half_a_month_is_half_of_both() -> None:
    middle = START + (END - START) / 2

    credit, charge = prorate(whole(12_900), terms(39_900), starts_at=START, ends_at=END, at=middle)

    assert (credit.kind, credit.amount_minor, credit.starts_at, credit.ends_at) == ("credit", -6_450, middle, END)
    assert (charge.kind, charge.amount_minor, charge.starts_at, charge.ends_at) == ("charge", 19_950, middle, END)


def test_halves_are_rounded_away_from_nought_as_the_provider_does() -> None:
    assert (share(1, 1, 2), share(-1, 1, 2), share(5, 1, 3), share(-5, 1, 3)) == (1, -1, 2, -2)


@given(AMOUNTS, QUANTITIES)
def test_at_the_beginning_it_is_the_whole_and_at_the_end_nothing(amount: int, quantity: int) -> None:
    of = terms(amount, quantity)

    first = prorate(whole(amount, quantity), of, starts_at=START, ends_at=END, at=START)
    last = prorate(whole(amount, quantity), of, starts_at=START, ends_at=END, at=END)

    assert [line.amount_minor for line in first] == [-base_minor(of), base_minor(of)]
    assert [line.amount_minor for line in last] == [0, 0]


@given(AMOUNTS, st.integers(0, MONTH))
def test_what_was_used_and_what_is_left_sum_to_the_whole(amount: int, left: int) -> None:
    """Rounded each for itself, they miss it by at most the one that both rounded."""
    assert abs(share(amount, left, MONTH) + share(amount, MONTH - left, MONTH) - amount) <= 1


@given(AMOUNTS, AMOUNTS, QUANTITIES, st.integers(0, MONTH - 1))
def test_a_change_and_back_at_the_same_moment_costs_nothing(old: int, new: int, quantity: int, passed: int) -> None:
    at = START + timedelta(seconds=passed)
    there = prorate(whole(old, quantity), terms(new, quantity), starts_at=START, ends_at=END, at=at)
    billed = Billed(there[1].amount_minor, quantity, at)
    back = prorate(billed, terms(old, quantity), starts_at=START, ends_at=END, at=at)

    assert sum(line.amount_minor for line in (*there, *back)) == 0


@given(AMOUNTS, QUANTITIES, st.integers(0, MONTH), st.integers(0, MONTH))
def test_the_later_the_less_is_left(amount: int, quantity: int, one: int, other: int) -> None:
    earlier, later = sorted((one, other))
    of = terms(amount, quantity)
    left = [
        prorate(whole(amount, quantity), of, starts_at=START, ends_at=END, at=START + timedelta(seconds=passed))[
            1
        ].amount_minor
        for passed in (earlier, later)
    ]

    assert left[0] >= left[1] >= 0

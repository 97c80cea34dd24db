"""Parts sum to the whole."""

from hypothesis import given
from hypothesis import strategies as st

from billing.splitting import apportion, half_up

amounts = st.integers(-(10**15), 10**15)
weights = st.lists(st.integers(-(10**12), 10**12), max_size=30)


def test_what_is_left_over_goes_to_the_largest_remainders() -> None:
    assert apportion(100, [1, 1, 1]) == [34, 33, 33]
    assert apportion(10, [55, 30, 15]) == [6, 3, 1]
    assert apportion(-100, [1, 1, 1]) == [-33, -33, -34]
    assert apportion(5, []) == []
    assert apportion(5, [3, -3]) == [5, 0]


def test_half_a_unit_is_rounded_upwards() -> None:
    assert [half_up(n, 2) for n in (1, 3, -1, -3)] == [1, 2, 0, -1]


@given(amounts, weights.filter(bool))
def test_shares_sum_to_the_amount(amount: int, each: list[int]) -> None:
    assert sum(apportion(amount, each)) == amount


@given(amounts, weights.filter(lambda each: sum(each) != 0))
def test_a_share_is_its_quota_rounded_down_or_up(amount: int, each: list[int]) -> None:
    whole = sum(each)

    for share, weight in zip(apportion(amount, each), each, strict=True):
        assert share - amount * weight // whole in (0, 1)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20), st.data())
def test_a_part_never_takes_more_than_is_there(each: list[int], data: st.DataObject) -> None:
    taken = data.draw(st.integers(0, sum(each)))

    assert all(0 <= share <= weight for share, weight in zip(apportion(taken, each), each, strict=True) if sum(each))

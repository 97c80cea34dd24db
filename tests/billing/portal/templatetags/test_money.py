"""Prices as people read them."""

import pytest

from billing.models import NANO
from billing.portal.templatetags.money import list_price, money, unit_price


def test_amounts_have_every_digit() -> None:
    assert money(6_500, "usd") == "$65.00"


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(6_500, "usd", "$65"), (6_550, "usd", "$65.50"), (6_500, "jpy", "¥6,500"), (6_500, "kwd", "KWD 6.500")],
)
def test_a_list_price_leaves_out_noughts(amount: int, currency: str, text: str) -> None:
    assert list_price(amount, currency) == text


def test_a_price_of_tokens_is_told_by_the_million() -> None:
    assert unit_price(NANO // 4_000, "usd") == "$2.50"

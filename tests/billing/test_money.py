"""Money as people read it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money import exponent, format_minor, format_unit_price, parse_minor, plain_minor


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (6_500, "usd", "$65.00"),
        (6_500, "USD", "$65.00"),
        (5, "usd", "$0.05"),
        (0, "eur", "€0.00"),
        (-313, "usd", "-$3.13"),
        (123_456_789, "gbp", "£1,234,567.89"),
        (6_500, "jpy", "¥6,500"),
        (0, "jpy", "¥0"),
        (6_500, "kwd", "KWD 6.500"),
        (-1, "bhd", "-BHD 0.001"),
        (12_345, "clf", "CLF 1.2345"),
        (12_345, "chf", "CHF 123.45"),
    ],
)
def test_amounts_have_the_digits_of_their_currency(amount_minor: int, currency: str, text: str) -> None:
    assert format_minor(amount_minor, currency) == text


@pytest.mark.parametrize(
    ("nano", "currency", "per", "text"),
    [
        (250_000, "usd", 1, "$0.0000025"),
        (250_000, "usd", 1_000_000, "$2.50"),
        (12_900 * 10**9, "usd", 1, "$129.00"),
        (1, "usd", 1, "$0.00000000001"),
        (0, "usd", 1, "$0.00"),
        (250_000, "jpy", 1_000_000, "¥250"),
        (250_000, "jpy", 1, "¥0.00025"),
        (1_500_000, "kwd", 1_000_000, "KWD 1.500"),
    ],
)
def test_unit_prices_are_written_exactly(nano: int, currency: str, per: int, text: str) -> None:
    assert format_unit_price(nano, currency, per=per) == text


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(["usd", "jpy", "kwd", "clf", "xyz"]))
def test_no_digit_is_lost(amount_minor: int, currency: str) -> None:
    digits = "".join(character for character in format_minor(amount_minor, currency) if character.isdigit())

    assert int(digits) == abs(amount_minor)
    assert format_minor(amount_minor, currency).rpartition(".")[2].isdigit() == (exponent(currency) > 0)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("65", "usd", 6_500),
        ("65.5", "usd", 6_550),
        ("1,065.05", "usd", 106_505),
        ("65", "jpy", 65),
        ("6.5", "kwd", 6_500),
    ],
)
def test_what_people_write_as_minor_units(text: str, currency: str, minor: int) -> None:
    assert parse_minor(text, currency) == minor
    assert parse_minor(plain_minor(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"), [("", "usd"), ("-1", "usd"), ("1.005", "usd"), ("1.5", "jpy"), ("1e3", "usd")]
)
def test_what_is_no_amount(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=text.replace(".", r"\.") or "^$"):
        parse_minor(text, currency)

"""Amounts in words."""

import pytest

from billing.providers.sandbox.money import amount_text
from billing.providers.sandbox.templatetags.sandbox import every, moment


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (6_500, "usd", "$65.00"),
        (-123_456, "eur", "-€1,234.56"),
        (500, "jpy", "¥500"),
        (10_000, "kwd", "10.000 KWD"),
        (5, "gbp", "£0.05"),
        (0, "chf", "0.00 CHF"),
    ],
)
def test_amounts(minor: int, currency: str, text: str) -> None:
    assert amount_text(minor, currency) == text


def test_moments_and_intervals() -> None:
    assert (moment(1_800_000_000), moment(None)) == ("15 Jan 2027, 08:00", "never")
    assert every({"interval": "month", "interval_count": 1}) == "per month"
    assert every({"interval": "month", "interval_count": 3}) == "every 3 months"
    assert every(None) == ""

"""Tokens whose price comes in steps, as a bill names them."""

from typing import Any

import pytest
from django.template.loader import render_to_string

from billing.models import NANO, BillingPeriod, InvoiceItem
from billing.models.terms import Tier
from billing.services import charging, rating, schemes
from billing.services.schemes import Rate
from billing.services.steps import wording
from tests import make

MILLION = 1_000_000


def evidence(rate: Rate | None, tokens: int, unit_price_nano: int | None = None) -> dict[str, Any]:
    """Of a period that includes a million tokens."""
    terms = rating.Terms("usd", 1, 0, MILLION, unit_price_nano)
    document = {"currency": "usd", "quantity": 1, "base_unit_minor": 0, "token_allotment": MILLION}
    told = {**document, "unit_price_nano": terms.unit_price_nano, "overage_rate": schemes.document(rate)}
    return {"rounding": rating.ROUNDING, "terms": told, "usage": {"tokens": tokens}}


def graduated(*up_to: int | None, fixed_minor: int = 0) -> Rate:
    """Each step a cent cheaper for a thousand, from ten cents on."""
    steps = [(10 - at) * NANO // 1000 for at in range(len(up_to))]
    tiers = [Tier(end, price, fixed_minor) for end, price in zip(up_to, steps, strict=True)]
    return Rate("graduated", tuple(tiers))


@pytest.mark.parametrize(
    ("rate", "tokens", "words"),
    [
        (None, 1_500_000, "500,000 tokens beyond the 1,000,000 included"),
        (
            graduated(200_000, None),
            1_500_000,
            "500,000 tokens beyond the 1,000,000 included: 200,000 at $100.00 a million, 300,000 at $90.00 a million",
        ),
        (
            graduated(200_000, None, fixed_minor=250),
            1_100_000,
            "100,000 tokens beyond the 1,000,000 included: 100,000 at $100.00 a million and $2.50",
        ),
        (
            Rate("package", package_size=200_000),
            1_500_000,
            "500,000 tokens beyond the 1,000,000 included: 3 \N{MULTIPLICATION SIGN} 200,000 at $5.00",
        ),
        (
            graduated(10, 20, 30, 40, 50, None),
            1_000_060,
            (
                "60 tokens beyond the 1,000,000 included: 10 at $100.00 a million, 10 at $90.00 a million, "
                "10 at $80.00 a million, 10 at $70.00 a million and 2 more steps"
            ),
        ),
    ],
)
def test_what_is_beyond_the_allotment_is_written_step_by_step(rate: Rate | None, tokens: int, words: str) -> None:
    period = BillingPeriod(token_allotment=MILLION)
    price = 500 * NANO if rate is None or rate.scheme == "package" else None
    item = InvoiceItem(period=period, kind="overage", quantity=tokens - MILLION, evidence=evidence(rate, tokens, price))

    assert render_to_string("billing/invoice_item.txt", charging.wording(item)).strip() == words


def test_an_adjustment_is_a_difference_and_has_no_steps() -> None:
    subscription = make.subscription()
    period = BillingPeriod(
        token_allotment=5, starts_at=subscription.current_period_start, ends_at=subscription.current_period_end
    )
    item = InvoiceItem(period=period, kind="adjustment", quantity=-3)

    words = render_to_string("billing/invoice_item.txt", charging.wording(item)).strip()

    assert words == "Adjustment of 1 Jan 2026 to 1 Feb 2026: -3 tokens beyond the 5 included"
    assert wording(evidence(None, 7, 1)) == {"steps": []}

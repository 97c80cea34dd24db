"""The field says what is asked for, and what each costs."""

import pytest

from billing.models import Price
from billing.portal.add_on_fields import AddOnField
from tests.billing.beside import SOLD, held


@pytest.mark.parametrize(
    ("code", "label", "cost", "most"),
    [
        ("hosting-backups", "More backups: how many", "$19.01 a month for each. ", 10_000),
        ("hosting-support", "More support: none or one", "$50 a month. ", 1),
        ("hosting-packs", "More packs: how many", "$9.99 for every 4 begun, a month. ", 10_000),
    ],
)
def test_it_says_what_it_costs(code: str, label: str, cost: str, most: int) -> None:
    held()
    field = AddOnField(Price.objects.get(plan__code=code, interval="month"))

    assert (field.label, field.help_text, field.max_value, field.initial) == (label, cost, most, 0)
    assert code in SOLD


def test_all_at_one_price() -> None:
    held()
    tiers = [
        {"up_to": 5, "unit_price_nano": 10**12, "amount_minor": 0},
        {"up_to": None, "unit_price_nano": 8 * 10**11, "amount_minor": 0},
    ]
    price = Price(plan=Price.objects.earliest("created_at").plan, scheme="volume", interval="year", tiers=tiers)

    assert AddOnField(price).help_text.startswith("Up to 5: $10 each; beyond: $8 each, all at one price, a year. ")

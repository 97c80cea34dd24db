"""Which of a subscription's items is the plan's, in whichever order Stripe tells them."""

from typing import Any

import pytest

from billing.providers.specs import ChangeSpec
from billing.providers.stripe.changes import items_of, plan_first

STORAGE = {"id": "si_storage", "price": {"id": "price_storage"}, "quantity": 4}


def told(price_id: str) -> dict[str, Any]:
    plan = {"id": "si_plan", "price": {"id": price_id}, "quantity": 1}
    return {"items": {"data": [STORAGE, plan]}}


def upgrade(**fields: Any) -> ChangeSpec:
    return ChangeSpec("sub_1", "price_top", **fields)


def test_the_plan_is_changed_and_not_what_was_told_first() -> None:
    spec = upgrade(from_price_id="price_pro")

    assert items_of(told("price_pro"), spec) == [{"id": "si_plan", "price": "price_top", "quantity": 1}]


@pytest.mark.parametrize(
    ("spec", "first"),
    [
        (upgrade(from_price_id="price_pro"), "si_plan"),
        (upgrade(item_id="si_plan", from_price_id="price_storage"), "si_plan"),
        (upgrade(), "si_storage"),
        # Somebody moved it at Stripe to a price that we do not know.
        (upgrade(from_price_id="price_other"), "si_storage"),
    ],
)
def test_the_plan_is_the_item_named_or_the_one_at_its_price(spec: ChangeSpec, first: str) -> None:
    assert plan_first(told("price_pro"), spec)[0]["id"] == first


def test_one_that_was_changed_before_is_known_by_its_new_price() -> None:
    assert plan_first(told("price_top"), upgrade(from_price_id="price_pro"))[0]["id"] == "si_plan"

"""The catalog as a consumer's back end keeps it."""

from typing import Any

import pytest

from billing.models import Plan, Price
from billing.services import pricing_items
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent
from tests import make

STARTER: dict[str, Any] = {"product": "funnel", "name": "Starter", "currency": "eur", "amount_minor": 1_900}


@pytest.fixture
def item() -> Price:
    make.product("funnel")
    return pricing_items.add("starter_month", STARTER)


def test_an_item_is_a_price_of_a_plan_of_its_own(item: Price) -> None:
    assert (item.lookup_key, item.amount_minor, item.currency, item.interval) == (
        "starter_month",
        1_900,
        "eur",
        "month",
    )
    assert (item.plan.code, item.plan.name, item.plan.product.code, item.plan.rank) == (
        "starter_month",
        "Starter",
        "funnel",
        1,
    )
    assert list(pricing_items.items()) == [item]
    assert list(pricing_items.items(product="funnel", active=True)) == [item]
    assert not pricing_items.items(product="other").exists()
    assert not pricing_items.public().exists()
    Price.objects.update(provider_price_id="price_1")
    assert list(pricing_items.public()) == [item]


def test_or_of_a_plan_that_is_there(item: Price) -> None:
    yearly = pricing_items.add(
        "starter_year", {"plan": "starter_month", "interval": "year", "currency": "eur", "amount_minor": 19_000}
    )
    once = pricing_items.add("setup_fee", {**STARTER, "kind": "one_off", "name": "Setup"})

    assert (yearly.plan, once.interval, once.plan.rank) == (item.plan, "once", 2)
    with pytest.raises(Conflict, match="already: change that one"):
        pricing_items.add("starter_again", {"plan": "starter_month", "currency": "eur", "amount_minor": 1})
    assert Price.objects.count() == 3


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"product": "none"}, "product"),
        ({"product": ""}, "product"),
        ({"plan": "none"}, "plan"),
        ({"currency": "xxx"}, "currency"),
        ({"amount_minor": None}, "amount_minor"),
        ({"scheme": "volume", "amount_minor": None, "tiers": [{"up_to": 5}]}, "tiers"),
    ],
)
def test_a_bad_one_is_refused_whole(values: dict[str, Any], field: str) -> None:
    make.product("funnel")

    with pytest.raises(InvalidInput) as refused:
        pricing_items.add("bad", {**STARTER, **values})

    assert field in refused.value.details
    assert not Plan.objects.exists()


def test_a_code_names_one_item(item: Price) -> None:
    Price.objects.update(provider_price_id="price_1")
    with pytest.raises(Conflict, match="already"):
        pricing_items.add("starter_month", STARTER)
    with pytest.raises(Conflict, match="Another plan has this code"):
        pricing_items.add("starter_month!", STARTER)

    assert Price.objects.get() == item


def test_another_amount_is_another_price_under_the_same_code(item: Price) -> None:
    subscription = make.subscription(plan=item.plan, price=item)

    changed = pricing_items.change(item, {"amount_minor": 2_900, "name": "Start", "description": "Begin here."})

    assert (changed.lookup_key, changed.amount_minor, changed.is_active) == ("starter_month", 2_900, True)
    assert (changed.plan.name, changed.plan.description) == ("Start", "Begin here.")
    subscription.refresh_from_db()
    assert subscription.price.amount_minor == 1_900
    assert list(pricing_items.items(active=True)) == [changed]


def test_archived_it_is_sold_no_more_and_may_come_back(item: Price) -> None:
    pricing_items.archive(item)
    pricing_items.archive(item)
    assert not pricing_items.items(active=True).exists()
    assert list(pricing_items.items(active=False)) == [item]

    back = pricing_items.change(item, {"active": True})
    assert back.is_active
    assert not pricing_items.change(back, {"active": False}).is_active

    pricing_items.add("starter_month", {"plan": "starter_month", "currency": "eur", "amount_minor": 5})
    with pytest.raises(Conflict, match="took its place"):
        pricing_items.change(item, {"active": True})
    told = AuditEvent.objects.filter(action__startswith="price.").order_by("created_at")
    assert list(told.values_list("action", flat=True)) == [
        "price.create",
        "price.withdraw",
        "price.restore",
        "price.withdraw",
        "price.create",
    ]


def test_one_that_the_provider_has_not_been_told_of_is_asked_for_again(item: Price) -> None:
    make.product("other")
    of_its_plan = {name: value for name, value in STARTER.items() if name != "product"} | {"plan": "starter_month"}

    assert pricing_items.add("starter_month", STARTER) == item
    assert pricing_items.add("starter_month", of_its_plan) == item
    for other in ({"amount_minor": 1}, {"product": "other"}, {"plan": "other"}, {"currency": "usd"}):
        with pytest.raises(Conflict, match="already"):
            pricing_items.add("starter_month", STARTER | other)
    assert Price.objects.get() == item


def test_a_code_that_was_archived_is_sold_anew_under_its_own_plan(item: Price) -> None:
    pricing_items.archive(item)

    anew = pricing_items.add("starter_month", {**STARTER, "name": "Start", "amount_minor": 5})

    assert (anew.plan, anew.plan.name, anew.amount_minor) == (item.plan, "Start", 5)
    assert anew.pk != item.pk
    pricing_items.archive(anew)
    make.price(item.plan, interval="year", lookup_key="another", is_active=False)
    with pytest.raises(Conflict, match="Another plan has this code"):
        pricing_items.add("starter_month", STARTER)

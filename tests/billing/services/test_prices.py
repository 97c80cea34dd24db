"""A price gives its place to another."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.models import Price
from billing.models.terms import LARGEST
from billing.services import prices
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent
from tests import make


def test_another_takes_its_place_under_the_same_name() -> None:
    price = make.plan().prices.get()

    successor = prices.replace(price, by=None, amount_minor=3_900)

    price.refresh_from_db()
    assert (price.is_active, price.amount_minor) == (False, 2_900)
    assert (successor.is_active, successor.amount_minor, successor.lookup_key) == (True, 3_900, price.lookup_key)
    assert successor.provider_price_id == ""
    assert AuditEvent.objects.get().changes == {"amount_minor": [2_900, 3_900]}


def test_the_same_again_is_no_other_price() -> None:
    price = make.plan().prices.get()

    assert prices.replace(price, by=None, amount_minor=2_900) == price

    assert Price.objects.count() == 1
    assert not AuditEvent.objects.exists()


def test_one_that_lost_its_place_has_none_to_give() -> None:
    price = make.plan().prices.get()
    prices.replace(price, by=None, amount_minor=3_900)

    with pytest.raises(Conflict, match="not on sale any more"):
        prices.replace(price, by=None, amount_minor=4_900)

    assert Price.objects.filter(is_active=True).get().amount_minor == 3_900


TIERS = [{"up_to": None, "unit_price_nano": 1}]


@pytest.mark.parametrize(
    "values",
    [
        {"scheme": "flat", "amount_minor": None},
        {"scheme": "flat", "package_size": 5},
        {"scheme": "flat", "kind": "overage"},
        {"scheme": "per_unit", "unit_price_nano": 5},
        {"scheme": "per_unit", "kind": "overage"},
        {"scheme": "package"},
        {"scheme": "package", "package_size": 0},
        {"scheme": "graduated", "amount_minor": None},
        {"scheme": "graduated", "tiers": TIERS},
        {"scheme": "volume", "tiers": TIERS, "amount_minor": None, "package_size": 5},
        {"kind": "one_off", "interval": "month"},
        {"interval": "once"},
    ],
)
def test_the_database_refuses_a_price_that_does_not_fit_its_scheme(values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make.price(make.plan(price_minor=None), **values)


@pytest.mark.parametrize(
    "values",
    [
        {"scheme": "flat"},
        {"scheme": "package", "package_size": 5, "kind": "overage"},
        {"scheme": "graduated", "tiers": TIERS, "amount_minor": None, "kind": "overage"},
        {"scheme": "volume", "tiers": TIERS, "amount_minor": None},
        {"kind": "one_off", "interval": "once"},
        {"interval": "year", "currency": "kwd"},
    ],
)
def test_and_takes_one_that_does(values: dict[str, Any]) -> None:
    assert make.price(make.plan(price_minor=None), **values).is_active


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"amount_minor": -1}, {"amount_minor": [f"A whole number from 0 to {LARGEST} is wanted."]}),
        ({"amount_minor": LARGEST + 1}, {"amount_minor": [f"A whole number from 0 to {LARGEST} is wanted."]}),
        (
            {"scheme": "package", "amount_minor": 1, "package_size": 0},
            {"package_size": [f"A whole number from 1 to {LARGEST} is wanted."]},
        ),
    ],
)
def test_an_amount_that_is_none_is_refused_naming_the_field(values: dict[str, Any], told: dict[str, list[str]]) -> None:
    with pytest.raises(InvalidInput) as refused:
        prices.put_on_sale(make.plan(price_minor=None), values, by=None)

    assert refused.value.details == told
    assert not Price.objects.exists()


def test_a_name_that_another_plans_price_is_sold_under_is_taken() -> None:
    sold, plan = make.plan().prices.get(), make.plan(price_minor=None)

    with pytest.raises(Conflict, match=f"on sale as '{sold.lookup_key}'"):
        prices.put_on_sale(plan, {"amount_minor": 100, "lookup_key": sold.lookup_key}, by=None)

    assert Price.objects.get() == sold
    assert not AuditEvent.objects.exists()

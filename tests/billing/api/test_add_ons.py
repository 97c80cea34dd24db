"""Add-ons as requests name them."""

from typing import Any

import pytest

from billing.api.add_ons import CheckoutAddOnsField
from platform_core.api.strict import StrictSerializer


class _Request(StrictSerializer):
    add_ons = CheckoutAddOnsField(required=False)


def read(value: Any) -> tuple[Any, Any]:
    request = _Request(data={"addOns": value})
    return request.is_valid(), request.validated_data.get("add_ons") if not request.errors else None


def test_they_are_numbers_by_code() -> None:
    assert read([{"code": "backups", "quantity": 3}, {"code": "seats"}]) == (True, {"backups": 3, "seats": 1})
    assert read([]) == (True, {})


@pytest.mark.parametrize(
    "value",
    [
        "backups",
        [{"quantity": 1}],
        [{"code": "a", "quantity": 0}],
        [{"code": "a", "quantity": 10_001}],
        [{"code": "a", "price": 1}],
        [{"code": "a"}, {"code": "a"}],
        [{"code": f"a{number}"} for number in range(21)],
    ],
)
def test_what_is_none_is_refused(value: Any) -> None:
    assert read(value) == (False, None)

"""Months on the wire."""

from datetime import date

import pytest
from rest_framework.exceptions import ValidationError

from platform_core.api.months import MonthField


def test_a_month_is_its_first_day() -> None:
    assert MonthField().to_internal_value("2024-02") == date(2024, 2, 1)
    assert MonthField().to_representation(date(2024, 2, 29)) == "2024-02"


@pytest.mark.parametrize("text", ["2024", "2024-2", "2024-00", "2024-13", "24-02", "2024-02-01", "", 202402, None])
def test_anything_else_is_none(text: object) -> None:
    with pytest.raises(ValidationError, match="2026-03"):
        MonthField().to_internal_value(text)

"""Months in the API: `2026-03`."""

import re
from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from platform_core.api.strict import StrictSerializer

MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@extend_schema_field({"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$", "example": "2026-03"})
class MonthField(serializers.Field[date, str, str, Any]):
    """A month, as the date of its first day."""

    default_error_messages = {"invalid": "A month is written like 2026-03."}

    def to_internal_value(self, data: Any) -> date:
        found = MONTH.fullmatch(data) if isinstance(data, str) else None
        if found is None or found[1] == "0000":
            self.fail("invalid")
        return date(int(found[1]), int(found[2]), 1)

    def to_representation(self, value: date) -> str:
        return f"{value:%Y-%m}"


class SpanSerializer(StrictSerializer):
    """Which months, both included; by itself, the twelve until this one."""

    from_month = MonthField(required=False, default=None)
    to_month = MonthField(required=False, default=None)

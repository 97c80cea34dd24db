"""What is bought beside a plan, as a request names it and an answer shows it."""

from typing import Any

from rest_framework import serializers

from platform_core.api.strict import StrictSerializer

MOST = 20
MOST_OF_ONE = 10_000


class BoughtAddOnSerializer(StrictSerializer):
    """An add-on by its code, and how many of it."""

    code = serializers.SlugField(max_length=60, source="price.plan.code")
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_OF_ONE, default=1)


class WantedAddOnSerializer(StrictSerializer):
    """An add-on of the plan's product by its code, and how many of it."""

    code = serializers.SlugField(max_length=60)
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_OF_ONE, default=1)


class CheckoutAddOnsField(serializers.ListField):
    """Add-ons to buy with a plan, each named once; read as numbers by code."""

    child = WantedAddOnSerializer()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        given = super().to_internal_value(data)
        found = {each["code"]: each["quantity"] for each in given}
        if len(found) < len(given):
            raise serializers.ValidationError("Each add-on is named once.")
        return found

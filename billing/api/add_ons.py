"""What is bought beside a plan, as a request names it and an answer shows it."""

from typing import Any

from rest_framework import serializers

from billing.services.add_on_wishes import MOST as MOST_OF_ONE
from platform_core.api.strict import StrictSerializer

MOST = 20


class BoughtAddOnSerializer(StrictSerializer):
    """An add-on by its code, and how many of it."""

    code = serializers.SlugField(max_length=60, source="price.plan.code")
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_OF_ONE, default=1)


class WantedAddOnSerializer(StrictSerializer):
    """An add-on of the plan's product by its code, and how many of it."""

    code = serializers.SlugField(max_length=60)
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_OF_ONE, default=1)


class CountedAddOnSerializer(StrictSerializer):
    """An add-on by its code, and how many of it there are to be: none, and it goes."""

    code = serializers.SlugField(max_length=60)
    quantity = serializers.IntegerField(min_value=0, max_value=MOST_OF_ONE)


class CheckoutAddOnsField(serializers.ListField):
    """Add-ons to buy with a plan, each named once; read as numbers by code."""

    child: serializers.Serializer[Any] = WantedAddOnSerializer()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        given = super().to_internal_value(data)
        found = {each["code"]: each["quantity"] for each in given}
        if len(found) < len(given):
            raise serializers.ValidationError("Each add-on is named once.")
        return found


class CountedAddOnsField(CheckoutAddOnsField):
    """Add-ons of a running subscription, each named once; what is not named stays."""

    child = CountedAddOnSerializer()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=1, **kwargs)

"""Currencies as every surface tells them: ISO 4217 writes its codes in capitals."""

from typing import Any

from rest_framework import serializers


class CurrencyField(serializers.RegexField):
    """A code; asked for it may be in small letters, as it is kept."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[A-Za-z]{3}$", **{"help_text": "ISO 4217.", **kwargs})

    def to_internal_value(self, data: Any) -> str:
        return str(super().to_internal_value(data)).lower()

    def to_representation(self, value: Any) -> str:
        return str(value).upper()


class ByCurrencyField(serializers.DictField):
    """Amounts in minor units, by currency."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=serializers.IntegerField(), **{"help_text": "By currency, ISO 4217.", **kwargs})

    def to_representation(self, value: Any) -> dict[str, int]:
        return {currency.upper(): amount for currency, amount in super().to_representation(value).items()}

"""Figures as staff read them: grouped digits, and money where an app knows its currency."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import models

from platform_core.admin import documents
from platform_core.models.leases import LONG_AGO

Shown = Callable[[Any], Any]
# How a column is named that holds a currency's minor units, or billionths of them.
UNITS = (" minor", " nano")


def of(model: type[models.Model], written: Callable[[Any, str], Any]) -> dict[str, Shown]:
    """By field, what stands in its place; a port is a number and no quantity, a document is no text."""
    return {
        field.name: _shown(field, written)
        for field in model._meta.fields
        if field.name == "lease_until"
        or isinstance(field, models.JSONField)
        or (isinstance(field, models.IntegerField) and _counts(field))
    }


def written(row: Any, name: str) -> Any:
    """A count in groups of three; a lease that nobody holds has no end."""
    value = getattr(row, name)
    if name == "lease_until":
        return None if value == LONG_AGO else value
    if isinstance(value, (dict, list)):
        return documents.readable(value)
    return f"{value:,}" if isinstance(value, int) else value


def _counts(field: "models.Field[Any, Any]") -> bool:
    return not field.primary_key and not field.name.endswith("port")


def _shown(field: "models.Field[Any, Any]", written: Callable[[Any, str], Any]) -> Shown:
    label = str(field.verbose_name)
    for unit in UNITS:
        label = label.removesuffix(unit)

    @admin.display(description=label.capitalize(), ordering=field.name)
    def shown(row: Any) -> Any:
        return written(row, field.name)

    shown.__name__ = field.name
    return shown

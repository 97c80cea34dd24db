"""What a serializer shows of a row: REST framework's own answer, with what is alike for all rows found out once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from operator import attrgetter
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from rest_framework import serializers
from rest_framework.fields import SkipField
from rest_framework.relations import PKOnlyObject
from rest_framework.settings import api_settings

Field = serializers.Field[Any, Any, Any, Any]
Step = Callable[[Any], Any]


class ShowsRows(serializers.Serializer[Any]):
    """For each row REST framework asks each field anew how it comes by its value: most of what a page of rows costs."""

    @cached_property
    def _steps(self) -> Sequence[tuple[str, Step, Step]]:
        """Of each field that is shown: its name, what reads its value of a row, and what makes JSON of the value."""
        shown = [(name, field) for name, field in self.fields.items() if not field.write_only]
        return [(name, _reading(field), _showing(field)) for name, field in shown]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        if isinstance(instance, Mapping):
            return super().to_representation(instance)
        shown = {}
        for name, read, show in self._steps:
            try:
                value = read(instance)
            except SkipField:
                continue
            shown[name] = None if value is None else show(value)
        return shown


def _reading(field: Field) -> Step:
    """A plain attribute is read at once; the field itself is asked for what is not one, or not there."""
    if type(field).get_attribute is not serializers.Field.get_attribute:
        return lambda row: _unless_empty(field.get_attribute(row))
    if field.source == "*":
        return field.get_attribute
    plain = attrgetter(".".join(field.source_attrs))

    def read(row: Any) -> Any:
        try:
            value = plain(row)
        except (AttributeError, KeyError, ObjectDoesNotExist):
            return field.get_attribute(row)
        return field.get_attribute(row) if callable(value) else value

    return read


def _unless_empty(value: Any) -> Any:
    return None if isinstance(value, PKOnlyObject) and value.pk is None else value


def _showing(field: Field) -> Step:
    if type(field) is not serializers.DateTimeField or "format" in vars(field):
        return field.to_representation

    def show(value: Any) -> Any:
        # As every row's is; REST framework would turn each into the time zone that it has already.
        in_utc = isinstance(value, datetime) and value.tzinfo is UTC
        return value.strftime(api_settings.DATETIME_FORMAT) if in_utc else field.to_representation(value)

    return show

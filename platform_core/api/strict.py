"""Serializers that refuse what they do not know. Fields are written in snake_case and travel in camelCase."""

import copy
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from django.db.models import Model
from rest_framework import serializers

from platform_core import lines
from platform_core.api.names import camel
from platform_core.api.showing import ShowsRows

T = TypeVar("T")
M = TypeVar("M", bound=Model)
UNKNOWN = "Unknown field."
READ_ONLY = "This field cannot be set."


class StrictMixin(ShowsRows):
    """Names in camelCase; unknown and read-only input refused together with whatever else is wrong."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = {}
        for name, field in super().get_fields().items():
            wire = camel(name)
            if wire != name:
                _keep_source(field, name)
            fields[wire] = field
        return fields

    def to_internal_value(self, data: Any) -> Any:
        refused = self._refused(data)
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if refused and isinstance(error.detail, dict):
                raise serializers.ValidationError({**error.detail, **refused}) from error
            raise
        if refused:
            raise serializers.ValidationError(refused)
        return value

    def _refused(self, data: Any) -> dict[str, list[str]]:
        if not isinstance(data, Mapping):
            return {}
        return {str(name): [problem] for name, value in data.items() if (problem := self._problem(name, value))}

    def _problem(self, name: str, value: Any) -> str:
        field = self.fields.get(name)
        if field is None:
            return UNKNOWN
        if field.read_only:
            return READ_ONLY
        # A password is whatever its owner types.
        is_line = isinstance(field, serializers.CharField) and field.trim_whitespace
        return lines.ONE_LINE if is_line and isinstance(value, str) and not lines.is_one(value) else ""


def _keep_source(field: serializers.Field[Any, Any, Any, Any], name: str) -> None:
    """Bind a renamed field to what its first name meant."""
    if isinstance(field, serializers.SerializerMethodField):
        field.method_name = field.method_name or f"get_{name}"
    elif field.source is None:
        field.source = name


class StrictSerializer(StrictMixin):
    """A plain serializer of a body, a query or an answer."""


class BuiltOnce(serializers.ModelSerializer[M]):
    """REST framework derives the fields from the model for each answer anew; here each class does it once."""

    _built: ClassVar[dict[type, dict[str, Any]]] = {}

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        built = self._built.get(type(self))
        if built is None:
            built = self._built[type(self)] = super().get_fields()
        # Fields are bound to one serializer; a copy of one is as new.
        return copy.deepcopy(built)


class StrictModelSerializer(StrictMixin, BuiltOnce[M]):
    """The same for a model's row."""


class Nothing(StrictSerializer):
    """The body of a request that takes none: absent, empty or {}."""

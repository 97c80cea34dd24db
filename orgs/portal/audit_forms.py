"""Forms of the audit log's pages."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.apps import apps

from orgs.models import Product
from platform_core.models import AuditExport
from platform_core.scoping import Scoped
from platform_core.services import audit_retention

EVERYTHING = [("", "Everything")]


def entity_types() -> list[tuple[str, str]]:
    """Whatever belongs to an organization, by name."""
    models = [model for model in apps.get_models() if issubclass(model, Scoped)]
    named = [(model._meta.label_lower, str(model._meta.verbose_name).capitalize()) for model in models]
    return sorted(named, key=lambda pair: pair[1])


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


class AuditFilterForm(forms.Form):
    """What the list and an export are narrowed by."""

    text = forms.CharField(max_length=100, required=False, help_text="Within actions, names and ids")
    action = forms.CharField(max_length=80, required=False, help_text="Such as member.*, or access.denied")
    actor = forms.CharField(max_length=254, required=False, label="Who", help_text="Email or id")
    entity_type = forms.ChoiceField(required=False, label="What")
    product = forms.ChoiceField(required=False)
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds, products = self.fields["entity_type"], self.fields["product"]
        kinds.choices = [*EVERYTHING, *entity_types()]  # type: ignore[attr-defined]
        products.choices = [*EVERYTHING, *Product.objects.values_list("code", "name")]  # type: ignore[attr-defined]

    @property
    def asked(self) -> dict[str, Any]:
        """As the selector takes it: both days are meant whole."""
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "since" in given:
            given["since"] = _midnight(given["since"])
        if "until" in given:
            given["until"] = _midnight(given["until"]) + timedelta(days=1)
        return given


class ExportForm(AuditFilterForm):
    """The same filters, and the format."""

    format = forms.ChoiceField(choices=AuditExport.Format.choices)

    @property
    def asked(self) -> dict[str, Any]:
        """The filters alone."""
        given = super().asked
        given.pop("format")
        return given


class RetentionForm(forms.Form):
    """For how long the record is kept."""

    retention_days = forms.IntegerField(
        required=False,
        min_value=audit_retention.SHORTEST_DAYS,
        max_value=audit_retention.LONGEST_DAYS,
        label="Days to keep events",
        help_text="Empty: kept forever.",
    )
    legal_hold = forms.BooleanField(required=False, label="Legal hold: remove nothing while it is on")


class NewStreamForm(forms.Form):
    """Where events are to be sent."""

    url = forms.URLField(max_length=500, label="URL", assume_scheme="https", help_text="It begins with https://.")
    authorization = forms.CharField(
        max_length=1000,
        required=False,
        label="Authorization",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="What the receiver wants in that header, where it wants something. Nobody can read it here again.",
    )
    from_beginning = forms.BooleanField(required=False, label="Send what was recorded before, too")


class StreamForm(forms.Form):
    """What of a stream may change. Authorization that is left out stays as it is."""

    url = forms.URLField(max_length=500, label="URL", assume_scheme="https")
    authorization = forms.CharField(
        max_length=1000,
        required=False,
        label="New authorization",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Empty: stays as it is.",
    )

    @property
    def changes(self) -> dict[str, Any]:
        """As the service takes them."""
        return {name: value for name, value in self.cleaned_data.items() if value}

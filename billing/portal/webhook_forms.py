"""Forms of an organization's webhook pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms

from billing.services.outbound import EVENTS
from platform_core import clock
from platform_core.models import WebhookDelivery
from platform_core.services import webhook_messages

LOCAL = "%Y-%m-%dT%H:%M"
CHOICES = [(name, name) for name in EVENTS]


class WebhookForm(forms.Form):
    """Where events are sent, and which."""

    url = forms.URLField(max_length=500, label="URL", assume_scheme="https", help_text="It begins with https://.")
    name = forms.CharField(max_length=80, required=False, help_text="What you call it here.")
    event_types = forms.MultipleChoiceField(
        choices=CHOICES,
        required=False,
        label="Events",
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all of them, and those that are new some day.",
    )
    in_order = forms.BooleanField(required=False, label="In order: an event waits until the one before it has arrived")


def _moment(label: str, help_text: str = "", *, required: bool = True) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)
    return forms.DateTimeField(label=label, help_text=help_text, required=required, widget=widget)


class ReplayForm(forms.Form):
    """From when to when, and which."""

    since = _moment("From (UTC)", f"Events are kept for {webhook_messages.KEPT.days} days.")
    until = _moment("To (UTC)", "Empty: until now.", required=False)
    event_types = forms.MultipleChoiceField(
        choices=CHOICES,
        required=False,
        label="Events",
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: those that the endpoint wants.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"since": clock.now() - timedelta(days=1)})
        super().__init__(*args, **kwargs)

    @property
    def asked(self) -> dict[str, Any]:
        """As the service takes it."""
        given = self.cleaned_data
        until: datetime | None = given["until"]
        return {
            "since": given["since"].replace(tzinfo=UTC),
            "until": until.replace(tzinfo=UTC) if until else None,
            "event_types": given["event_types"],
        }


class DeliveryFilterForm(forms.Form):
    """What the list of deliveries is narrowed by."""

    event = forms.ChoiceField(choices=[("", "Everything"), *CHOICES], required=False)
    status = forms.ChoiceField(choices=[("", "Any"), *WebhookDelivery.Status.choices], required=False)

    @property
    def asked(self) -> dict[str, str]:
        """Those that say something."""
        return {name: value for name, value in self.cleaned_data.items() if value}

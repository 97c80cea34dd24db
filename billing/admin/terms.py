"""Changing a plan in the console: its terms, and first of all whom that leaves on what they bought."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold import widgets

from billing.admin.entitlements import EntitlementsField
from billing.models import Plan, PlanVersion
from billing.models.terms import as_json, entitlements_of
from billing.services import plan_editing, versions
from platform_core.errors import InvalidInput

NUMBER = widgets.UnfoldAdminIntegerFieldWidget


class TermsForm(forms.ModelForm):  # type: ignore[type-arg]
    """A plan's own words and the terms of its present version. Other terms are saved once they are confirmed."""

    features = forms.CharField(
        widget=widgets.UnfoldAdminTextareaWidget(attrs={"rows": 4}), required=False, help_text="One on each line."
    )
    rate_limit = forms.IntegerField(min_value=1, required=False, widget=NUMBER, help_text="Requests a minute.")
    monthly_limit = forms.IntegerField(min_value=1, required=False, widget=NUMBER, help_text="Requests a month.")
    token_allotment = forms.IntegerField(min_value=0, required=False, widget=NUMBER)
    trial_days = forms.IntegerField(min_value=0, required=False, widget=NUMBER)
    after_trial = forms.ChoiceField(
        choices=PlanVersion.AfterTrial.choices,
        required=False,
        widget=widgets.UnfoldAdminSelectWidget,
        label="After a trial without a way to pay",
    )
    entitlements = EntitlementsField(required=False)
    covers = forms.CharField(
        widget=widgets.UnfoldAdminTextInputWidget,
        required=False,
        help_text="Codes of the products a bundle covers, with spaces between.",
    )
    confirm = forms.BooleanField(
        widget=widgets.UnfoldBooleanWidget, required=False, label="Save other terms for new buyers"
    )

    class Meta:
        model = Plan
        fields = ("name", "tier", "description")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = self.instance.current
        terms = versions.terms_of(current) | {"entitlements": as_json(current.granted)}
        joined = {"features": "\n".join(terms["features"]), "covers": " ".join(terms["covers"])}
        self.initial.update(terms | joined)

    def clean(self) -> dict[str, Any]:
        """What would change is told before it is done."""
        given = super().clean() or {}
        if self.errors:
            return given
        wanted = self.terms()
        try:
            plan_editing.checked(dict(wanted))
        except InvalidInput as error:
            for name, told in error.details.items():
                self.add_error(name, list(told))
            return given
        before = versions.terms_of(self.instance.current)
        changed = [name for name, value in wanted.items() if before[name] != value]
        if changed and not given.get("confirm"):
            self.add_error("confirm", _told(self.instance, changed))
        return given

    def terms(self) -> dict[str, Any]:
        """The terms as they were typed."""
        given: dict[str, Any] = {name: self.cleaned_data.get(name) for name in versions.TERMS}
        lists = {
            "features": [line.strip() for line in given["features"].splitlines() if line.strip()],
            "covers": given["covers"].split(),
            "entitlements": self._entitlements(given["entitlements"] or []),
        }
        present = self.instance.current.after_trial
        return given | lists | {"trial_days": given["trial_days"] or 0, "after_trial": given["after_trial"] or present}

    def _entitlements(self, typed: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """As they are stored, where they say the same: that alone makes no version."""
        stored = self.instance.current
        try:
            same = entitlements_of(typed) == stored.granted
        except ValidationError:
            return typed
        return list(stored.entitlements) if same else typed


def _told(plan: Plan, changed: list[str]) -> str:
    affected = plan_editing.affected_by(plan)
    return (
        f"This makes version {plan.current.number + 1} ({', '.join(changed)}). {affected.subscription_count} live "
        f"subscriptions of {affected.organization_count} organizations stay on what they bought and pay what they pay; "
        f"{affected.earlier_version_count} of them are on an earlier version already. Tick this to save it."
    )

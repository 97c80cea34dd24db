"""Forms of the billing pages."""

from django import forms

LARGEST = 100_000


class ChangeForm(forms.Form):
    """A plan and how many of it; with what was shown of it, where it is confirmed."""

    plan = forms.SlugField(max_length=60)
    quantity = forms.IntegerField(min_value=1, max_value=LARGEST, required=False)
    interval = forms.ChoiceField(choices=[("month", ""), ("year", "")], required=False)
    # The moment and the amount that were shown.
    at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M:%SZ"])
    due = forms.IntegerField(required=False)


class ReasonForm(forms.Form):
    """Why somebody leaves, if they want to say."""

    reason = forms.CharField(max_length=500, required=False)
    at = forms.ChoiceField(choices=[("period_end", ""), ("now", "")], required=False)

"""Fields that the forms of pages share."""

from django import forms
from django.core.exceptions import ValidationError

from platform_core import lines


def _one_line(text: str) -> None:
    if not lines.is_one(text):
        raise ValidationError(lines.ONE_LINE)


class LineField(forms.CharField):
    """A name: refused, as the API refuses it, where it would not stay on its line."""

    default_validators = [_one_line]

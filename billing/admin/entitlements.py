"""Entitlements as rows of fields: a code, what kind of thing it is, and what there is of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing.models.terms import ENFORCEMENTS, KINDS, LARGEST, RESETS

Row = Mapping[str, Any]
# Rows that stand empty below those that are there.
SPARE = 3
TEXTS = ("code", "value", "limit")
CHOICES = {"kind": KINDS, "enforcement": ENFORCEMENTS, "reset": RESETS}
SHOWN = {
    "code": "Code",
    "kind": "Kind",
    "value": "Value (static)",
    "limit": "Limit (quota; empty: none)",
    "enforcement": "At the limit",
    "reset": "Begins anew",
}


class EntitlementsWidget(forms.Widget):
    """A line of inputs for each entitlement."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[dict[str, str]]:
        """The lines in which something was typed."""
        found = []
        for number in range(len(data)):
            if f"{name}-{number}-code" not in data:
                break
            line = {each: str(data.get(f"{name}-{number}-{each}", "")).strip() for each in SHOWN}
            if any(line[each] for each in TEXTS):
                found.append(line)
        return found

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-0-code" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        lines: Sequence[Row] = [*(value or ()), *({} for _ in range(SPARE))]
        rows = [[self._input(name, number, each, line) for each in SHOWN] for number, line in enumerate(lines)]
        return render_to_string("admin/billing/entitlements.html", {"heads": SHOWN.values(), "rows": rows})

    def _input(self, name: str, number: int, each: str, line: Row) -> Any:
        widget: forms.Widget = UnfoldAdminTextInputWidget()
        if each in CHOICES:
            widget = UnfoldAdminSelectWidget(choices=[(choice, choice.capitalize()) for choice in CHOICES[each]])
        value = line.get(each, "hard" if each == "enforcement" else "period" if each == "reset" else "")
        label = {"aria-label": f"{SHOWN[each]}, entitlement {number + 1}"}
        return widget.render(f"{name}-{number}-{each}", "" if value is None else value, label)


class EntitlementsField(forms.Field):
    """The rows as a plan's version has them; what is odd about one is told by its number."""

    widget = EntitlementsWidget

    def to_python(self, value: Any) -> list[dict[str, Any]]:
        """Only a quota has a limit and what becomes of it."""
        return [self._row(line, number) for number, line in enumerate(value or (), start=1)]

    def _row(self, line: Row, number: int) -> dict[str, Any]:
        row: dict[str, Any] = {name: line[name] for name in ("code", "kind", "value") if line[name]}
        if line["limit"]:
            # By its length first: Python does not even read a number of thousands of digits.
            is_long = len(line["limit"]) > len(str(LARGEST))
            if is_long or not line["limit"].isdecimal() or int(line["limit"]) > LARGEST:
                raise ValidationError(f"Entitlement {number}: a limit is a whole number from 0 to {LARGEST}.")
            row["limit"] = int(line["limit"])
        if line["kind"] == "quota":
            row |= {name: line[name] for name in ("enforcement", "reset") if line[name]}
        return row

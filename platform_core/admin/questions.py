"""Operations of the console that ask before they act: a page with what is needed, and a button that says so."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from platform_core.errors import DomainError
from platform_core.models import new_id

if TYPE_CHECKING:
    from platform_core.admin.base import Operation, StaffModelAdmin

ANSWERED = "answered"


class Question(forms.Form):
    """What an operation on a row has to be told. `key` is the page's own: sending it twice asks once."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=80)

    def __init__(self, row: Any, data: Any = None) -> None:
        self.row = row
        super().__init__(data, initial={"key": str(new_id()), **self.suggested()})
        for field in self.fields.values():
            if isinstance(field.widget, forms.Textarea):
                field.widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
            elif isinstance(field.widget, forms.TextInput):
                field.widget = UnfoldAdminTextInputWidget(attrs=field.widget.attrs)

    def suggested(self) -> dict[str, Any]:
        """What the page offers to begin with."""
        return {}

    def explained(self) -> str:
        """What will happen, in a sentence."""
        return ""


def asked(page: "StaffModelAdmin[Any]", request: HttpRequest, operation: "Operation", row: Any) -> HttpResponse | None:
    """The page that asks; None once it was answered and done. A refusal is told on the page, beside its answers."""
    assert operation.question is not None  # noqa: S101 - whoever calls has looked
    question = operation.question(row, request.POST if ANSWERED in request.POST else None)
    if question.is_valid() and _done(page, request, operation, question):
        return None
    context = {
        **page.admin_site.each_context(request),
        "opts": page.model._meta,
        "title": operation.label,
        "row": row,
        "operation": operation,
        "question": question,
        "answered": ANSWERED,
    }
    return TemplateResponse(request, "admin/question.html", context)


def _done(page: "StaffModelAdmin[Any]", request: HttpRequest, operation: "Operation", question: Question) -> bool:
    try:
        page.act(request, operation, question.row, question.cleaned_data)
    except DomainError as error:
        question.add_error(None, " ".join([error.message, *(text for each in error.details.values() for text in each)]))
        return False
    return True

"""The base of every page of the staff console."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise, cached_property
from django.utils.module_loading import import_string
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from platform_core.admin import figures, organizations, questions
from platform_core.admin.questions import Question
from platform_core.encryption import EncryptedTextField
from platform_core.errors import DomainError
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

M = TypeVar("M", bound=models.Model)
# How each status reads at a glance, whatever it is the status of.
TONES = {
    **dict.fromkeys(
        ("active", "DONE", "PROCESSED", "DELIVERED", "SENT", "FULFILLED", "online", "paid", "completed", "ready"),
        "success",
    ),
    **dict.fromkeys(
        ("QUEUED", "RUNNING", "RECEIVED", "PENDING", "PROVISIONING", "reserved", "open", "trialing"), "info"
    ),
    **dict.fromkeys(
        ("WAITING", "COMPENSATING", "DNS_PENDING", "AWAITING_SERVER", "late", "past_due", "pending"), "warning"
    ),
    **dict.fromkeys(("FAILED", "SUSPENDED", "suspended", "offline", "unpaid", "uncollectible", "failed"), "danger"),
}
SECRET_ENDINGS = ("digest", "secret", "secrets", "password", "private_key", "_hash")


@dataclass(frozen=True)
class Operation:
    """Something staff can do to a row: one service call, offered on the row's page and for many rows in the list."""

    name: str
    label: str
    # What it takes: a Django permission, the same that the admin API asks for.
    permission: str
    # What it gives is told where it is text; a DomainError is told as the reason why not.
    # With a question it is also given the answers, by name.
    run: Callable[..., object]
    # For which rows its button is shown; the service decides whether it can be done.
    offered: Callable[[Any], bool] = bool
    is_dangerous: bool = False
    # What its caller must have proved just before, and for that: a purpose of stepping up, or none.
    step_up: Callable[[Any], str] = lambda _: ""
    # What has to be asked before, on a page of its own; such an operation is for one row at a time.
    question: type[Question] | None = None


def is_secret(field: "models.Field[Any, Any]") -> bool:
    """Encrypted at rest, or named like something that opens a door."""
    return isinstance(field, EncryptedTextField) or field.name.endswith(SECRET_ENDINGS)


def staff_of(request: HttpRequest) -> "User":
    """The acting member of staff; the site let nobody else in."""
    return cast("User", request.user)


def has_proved(request: HttpRequest, purpose: str) -> bool:
    """Whether the acting member of staff showed their second factor within the last minutes, for this purpose."""
    # By dotted path: identity is above this package.
    session = import_string(settings.PORTAL_SESSION)(request)
    return session is not None and bool(session.has_stepped_up(purpose))


def to_proof(purpose: str, back: str) -> HttpResponse:
    """Through the console's door, which asks for the proof and leads back."""
    return redirect(f"{reverse('portal:console')}?{urlencode({'purpose': purpose, 'next': back})}")


class _ReadOnly:
    """Shows every field that is not a secret."""

    concealed: ClassVar[Sequence[str]] = ()
    # How a figure is written, by row and name of the field.
    written = staticmethod(figures.written)
    model: type[models.Model]

    @cached_property
    def figures(self) -> dict[str, figures.Shown]:
        """What stands in the place of each field that holds a figure, or an organization's id."""
        whose = {organizations.FIELD: organizations.shown} if organizations.is_kept_by_id(self.model) else {}
        return figures.of(self.model, self.written) | whose

    def as_read(self, names: Iterable[Any]) -> list[Any]:
        """The same columns, figures as people read them."""
        return [self.figures.get(name, name) if isinstance(name, str) else name for name in names]

    def shown(self) -> list[str]:
        """The model's own fields, in their order."""
        fields = [field for field in self.model._meta.fields if not is_secret(field)]
        return [field.name for field in fields if field.name not in self.concealed]


class StaffModelAdmin(_ReadOnly, ModelAdmin, Generic[M]):  # type: ignore[misc]
    """Read-only but for `editable`; adds and deletes nothing unless it says so; every change leaves an audit event."""

    model: type[M]
    editable: ClassVar[Sequence[str]] = ()
    addable: ClassVar[Sequence[str]] = ()
    operations: ClassVar[Sequence[Operation]] = ()
    # Operations that concern no single row: `run` is given None.
    list_operations: ClassVar[Sequence[Operation]] = ()
    list_per_page = 50
    show_full_result_count = False
    list_filter_sheet = False
    change_form_outer_before_template = "admin/operations.html"
    list_before_template = "admin/list_operations.html"

    # --- what is shown ---
    def get_fields(self, request: HttpRequest, obj: M | None = None) -> list[Any]:
        """Adding asks only for what is needed; a row's page shows all it may."""
        if obj is None:
            return list(self.addable)
        extra = [name for name in self.readonly_fields if name not in self.shown()]
        return [name if name in self.editable else self.figures.get(name, name) for name in (*self.shown(), *extra)]

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[M]":
        return organizations.named(super().get_queryset(request))

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self.as_read(super().get_list_display(request))

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> list[Any]:
        writable = self.addable if obj is None else self.editable
        return [name for name in self.get_fields(request, obj) if name not in writable]

    @display(description="Status", label=TONES, ordering="status")  # type: ignore[untyped-decorator]
    def state(self, row: Any) -> Any:
        """The row's status in its model's own words, coloured."""
        said = row.get_status_display()
        return (row.status, said) if row.status in TONES else said

    def get_inlines(self, request: HttpRequest, obj: M | None) -> list[type["StaffInline"]]:
        """Nothing hangs on a row that is not there yet."""
        return list(super().get_inlines(request, obj)) if obj else []

    # --- what may be done ---
    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(self.addable) and bool(super().has_add_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return bool(self.editable) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Rows end by a service, never by vanishing."""
        return False

    # --- what is recorded ---
    def save_model(self, request: HttpRequest, obj: M, form: "ModelForm[M]", change: Any) -> None:
        # What was not changed here may have been changed meanwhile by whoever owns it.
        obj.save(update_fields=form.changed_data if change else None)
        verb = "update" if change else "create"
        changes = {name: [form.initial.get(name), form.cleaned_data[name]] for name in form.changed_data}
        audit.record(f"{self.model._meta.model_name}.{verb}", obj, by=staff_of(request), changes=changes)

    def log_addition(self, request: HttpRequest, obj: M, message: Any) -> None:
        """The audit event stands in the place of Django's own log."""

    def log_change(self, request: HttpRequest, obj: M, message: Any) -> None:
        """The audit event stands in the place of Django's own log."""

    # --- operations ---
    def permitted(self, request: HttpRequest, operations: Sequence[Operation]) -> list[Operation]:
        """Those that the person's role may use."""
        return [each for each in operations if staff_of(request).has_perm(each.permission)]

    def get_actions(self, request: HttpRequest) -> dict[str, tuple[Any, str, str | Promise]]:
        """In the list, every operation applies to the chosen rows, one after another."""
        offered = self.permitted(request, self.operations)
        return {each.name: (_for_many(each), each.name, each.label) for each in offered if each.question is None}

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.model._meta.app_label}_{self.model._meta.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("do/<slug:operation>/", wrap(require_POST(self.operate_list)), name=f"{name}_operate_list"),
            path("<path:pk>/do/<slug:operation>/", wrap(require_POST(self.operate)), name=f"{name}_operate"),
            *super().get_urls(),
        ]

    def operate(self, request: HttpRequest, pk: str, operation: str) -> HttpResponse:
        """One operation on one row. A form posts here: following a link must never change anything."""
        row = self.get_object(request, pk)
        if row is None:
            raise Http404
        chosen = self._chosen(request, self.operations, operation)
        back = reverse(admin_urlname(self.model._meta, "change"), args=[row.pk])  # type: ignore[arg-type]
        asked = self.ask_for_proof(request, chosen, [row], back)
        if asked is None and chosen.question is not None:
            asked = questions.asked(self, request, chosen, row)
        elif asked is None:
            self.perform(request, chosen, row)
        if asked is not None:
            return asked
        return redirect(admin_urlname(self.model._meta, "change"), row.pk)  # type: ignore[arg-type]

    def operate_list(self, request: HttpRequest, operation: str) -> HttpResponse:
        """One operation on none of the rows in particular."""
        self.perform(request, self._chosen(request, self.list_operations, operation), None)
        return redirect(admin_urlname(self.model._meta, "changelist"))  # type: ignore[arg-type]

    def _chosen(self, request: HttpRequest, operations: Sequence[Operation], name: str) -> Operation:
        found = next((each for each in self.permitted(request, operations) if each.name == name), None)
        if found is None:
            raise PermissionDenied
        return found

    def ask_for_proof(
        self, request: HttpRequest, operation: Operation, rows: Iterable[M], back: str
    ) -> HttpResponse | None:
        """The way to prove that it is still they, where one of the rows takes that and it has not been done."""
        wanted = {purpose for row in rows if (purpose := operation.step_up(row))}
        missing = next((purpose for purpose in wanted if not has_proved(request, purpose)), None)
        if missing is None:
            return None
        messages.warning(request, f"{operation.label}: confirm that it is you, then do it again.")
        return to_proof(missing, back)

    def perform(self, request: HttpRequest, operation: Operation, row: M | None) -> None:
        """Run it and tell what came of it."""
        try:
            self.act(request, operation, row, {})
        except DomainError as error:
            messages.warning(request, f"{_subject(operation, row)}: {error.message}")

    def act(self, request: HttpRequest, operation: Operation, row: M | None, answers: dict[str, Any]) -> None:
        """Run it with what was answered; a refusal is its caller's to tell."""
        outcome = operation.run(row, staff_of(request), **answers)
        told = outcome if isinstance(outcome, str) else "done"
        messages.success(request, f"{_subject(operation, row)}: {told}.")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """By what is not shown nobody filters: a digest could be found out letter by letter."""
        hidden = {field.name for field in self.model._meta.fields}.difference(self.shown())
        return hidden.isdisjoint(lookup.split(LOOKUP_SEP)) and bool(super().lookup_allowed(lookup, value, request))

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Django takes a month 13 for a bad question, but not a month or a year that no date can hold."""
        try:
            return cast("ChangeList", super().get_changelist_instance(request))
        except (OverflowError, ValueError) as error:
            # Where nothing was asked, it was not the question.
            if not request.GET:
                raise
            raise IncorrectLookupParameters from error

    def response_action(self, request: HttpRequest, queryset: "models.QuerySet[M]") -> Any:
        """What can be no row's key chooses nothing; Django looks for it in the database."""
        key = self.model._meta.pk
        try:
            for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
                key.to_python(chosen)
        except ValidationError:
            messages.warning(request, "There is no such row.")
            return None
        return super().response_action(request, queryset)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        context = {"list_operations": self.permitted(request, self.list_operations)}
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        row = self.get_object(request, object_id) if object_id else None
        offered = [each for each in self.permitted(request, self.operations) if row and each.offered(row)]
        context: dict[str, object] = {"row": row, "operations": offered}
        context |= self.row_context(row, staff_of(request)) if row else {}
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def row_context(self, row: M, by: "User") -> dict[str, object]:
        """What else a row's page shows to this member of staff."""
        return {}


def _subject(operation: Operation, row: models.Model | None) -> str:
    return f"{operation.label}: {row}" if row else operation.label


def _for_many(operation: Operation) -> Callable[[Any, HttpRequest, "models.QuerySet[Any]"], HttpResponse | None]:
    def act(page: "StaffModelAdmin[Any]", request: HttpRequest, rows: "models.QuerySet[Any]") -> HttpResponse | None:
        asked = page.ask_for_proof(request, operation, rows, request.get_full_path())
        if asked is None:
            for row in rows:
                page.perform(request, operation, row)
        return asked

    return act


class StaffInline(_ReadOnly, TabularInline):  # type: ignore[misc]
    """Rows that hang on another, shown below it, never changed there."""

    extra = 0
    ordering = ("pk",)
    can_delete = False
    per_page = 20
    show_change_link = False

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        return self.get_fields(request, obj)

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        return self.as_read(self.fields or self.shown())

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

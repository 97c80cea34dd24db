"""The audit log: reading it, and taking it along as a file."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from orgs import roles
from orgs.portal.audit_forms import AuditFilterForm, ExportForm, entity_types
from orgs.portal.pages import OrganizationPage
from platform_core import selectors
from platform_core.errors import DomainError, NotFound
from platform_core.models import AuditEvent, AuditExport
from platform_core.services import audit_exports

PER_PAGE = 25
EXPORTS_SHOWN = 20


class AuditLog(OrganizationPage):
    """The newest events first; each page begins behind the last event of the one before."""

    access = {"GET": roles.AUDIT_READ}
    nav = "audit"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = AuditFilterForm(request.GET)
        if not form.is_valid():
            return self.page("portal/orgs/audit_log.html", status=400, form=form, given=len(form.errors))
        last = self._last()
        events, edge = self._found(form.asked, last)
        asked = {name: request.GET[name] for name in form.fields if request.GET.get(name)}
        return self.page(
            "portal/orgs/audit_log.html",
            form=form,
            given=len(asked),
            asked=asked,
            query=urlencode(asked),
            events=events[:PER_PAGE],
            is_deep=last is not None,
            older=events[PER_PAGE - 1] if len(events) > PER_PAGE else edge,
            edge=edge if len(events) <= PER_PAGE else None,
        )

    def _found(self, asked: dict[str, Any], last: AuditEvent | None) -> tuple[list[AuditEvent], AuditEvent | None]:
        """A page of events and one more; and where a search stopped looking, if it did."""
        found, edge = selectors.audit_events(self.organization.pk, asked), None
        if last is not None:
            found = selectors.behind(found, last)
        if selectors.is_search(asked):
            ahead = selectors.unsearched(self.organization.pk, asked)
            ahead = selectors.behind(ahead, last) if last is not None else ahead
            edge = ahead[selectors.LOOKED_THROUGH - 1 : selectors.LOOKED_THROUGH].first()
            found = selectors.up_to(found, edge) if edge is not None else found
        return list(found[: PER_PAGE + 1]), edge

    def _last(self) -> AuditEvent | None:
        """The event that the page before ended with; one of nobody's here does not exist."""
        named = self.request.GET.get("before")
        if named is None:
            return None
        try:
            last = AuditEvent.objects.filter(organization_id=self.organization.pk, pk=UUID(named)).first()
        except ValueError:
            last = None
        if last is None:
            raise NotFound("There is no such event.")
        return last


class AuditEventDetail(OrganizationPage):
    """One event, with all that it tells."""

    access = {"GET": roles.AUDIT_READ}
    nav = "audit"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        event = AuditEvent.objects.filter(organization_id=self.organization.pk, pk=pk).first()
        if event is None:
            raise NotFound("There is no such event.")
        kind = event.target_type.rpartition(".")[2]
        kind = dict(entity_types()).get(event.target_type, kind.capitalize())
        changes = [(name, *_sides(value)) for name, value in event.changes.items()]
        return self.page("portal/orgs/audit_event.html", event=event, kind=kind, changes=changes)


def _sides(value: Any) -> tuple[str, str]:
    """Before and after; what has no before is only told as it is."""
    if isinstance(value, list) and len(value) == 2:  # noqa: PLR2004
        return _words(value[0]), _words(value[1])
    return "", _words(value)


def _words(value: Any) -> str:
    """A recorded value as people write it: yes or no, a list with commas, nothing for nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        value = [f"{name}: {_words(each)}" for name, each in value.items()]
    if isinstance(value, list):
        value = ", ".join(each if isinstance(each, str) else _words(each) for each in value)
    return "" if value is None else str(value)


class AuditExports(OrganizationPage):
    """Files of the log: those that are being put together, and those that are ready."""

    access = {"GET": roles.AUDIT_READ, "POST": roles.AUDIT_READ}
    nav = "audit"

    def get(self, request: HttpRequest) -> HttpResponse:
        exports = self._exports()
        waits = any(export.status == AuditExport.Status.PENDING for export in exports)
        return self.page("portal/orgs/audit_exports.html", exports=exports, waits=waits)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ExportForm(request.POST)
        if not form.is_valid():
            messages.warning(request, "These filters cannot be used. Correct them, then export.")
            return redirect("portal:audit-log")
        try:
            asked: dict[str, Any] = form.asked
            audit_exports.request_export(self.organization.pk, form.cleaned_data["format"], asked, by=self.actor)
        except DomainError as error:
            messages.warning(request, error.message)
        return redirect("portal:audit-exports")

    def _exports(self) -> list[AuditExport]:
        ours = AuditExport.objects.filter(organization_id=self.organization.pk)
        return list(ours.order_by("-created_at")[:EXPORTS_SHOWN])


class DownloadAuditExport(OrganizationPage):
    """Leads to the file by a link of five minutes."""

    access = {"GET": roles.AUDIT_READ}
    nav = "audit"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        token, _ = audit_exports.link(audit_exports.own(self.organization.pk, pk), by=self.actor)
        return redirect("portal:audit-export-file", token)

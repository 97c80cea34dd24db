"""Fetching an export of the audit log by its signed link."""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers
from django.views import View

from orgs import roles
from orgs.models import ACTIVE, Membership
from platform_core import scoping
from platform_core.errors import DomainError, NotFound
from platform_core.portal.errors import problem
from platform_core.services import audit_exports


class AuditExportFile(View):
    """The link is the proof of who asked; that they may read the log still is looked up now."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            with scoping.system():
                response = self._file(token)
        except DomainError as error:
            response = problem(request, error)
        add_never_cache_headers(response)
        return response

    def _file(self, token: str) -> HttpResponse | FileResponse:
        export, person_id = audit_exports.by_link(token)
        places = Membership.ALL.filter(ACTIVE, organization=export.organization_id, user=person_id)
        place = places.select_related("user", "custom_role").first()
        if place is None or not place.may(roles.AUDIT_READ):
            raise NotFound("There is no such link.")
        file = audit_exports.fetch(export, by=place.user)
        name = f"audit-log-{export.created_at:%Y-%m-%d}.{export.format}"
        kind = "text/csv; charset=utf-8" if export.format == "csv" else "application/x-ndjson"
        return FileResponse(file, as_attachment=True, filename=name, content_type=kind)

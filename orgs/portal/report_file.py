"""Fetching a report by its signed link."""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers
from django.views import View

from orgs.models.reports import Format
from orgs.services import report_files, reports
from platform_core.errors import DomainError
from platform_core.portal.errors import problem


class ReportFile(View):
    """The link is the proof of who asked; whether they may read it still is looked up now."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            response: HttpResponse | FileResponse = self._file(token)
        except DomainError as error:
            response = problem(request, error)
        add_never_cache_headers(response)
        return response

    def _file(self, token: str) -> FileResponse:
        report, file = reports.fetch(token)
        media_type = report_files.MEDIA_TYPES[Format(report.format)]
        return FileResponse(file, as_attachment=True, filename=report_files.file_name(report), content_type=media_type)

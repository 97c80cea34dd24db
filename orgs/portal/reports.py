"""Reports: asked for, watched until they are ready, fetched; and those that are made by the clock."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from orgs import roles
from orgs.models import ACTIVE, Membership, Report, ReportSchedule
from orgs.portal.forms import ReportForm, ReportScheduleForm
from orgs.portal.pages import OrganizationPage
from orgs.services import report_schedules
from orgs.services import reports as making
from platform_core.errors import DomainError, NotFound

PER_PAGE = 25


class ReportsPage(OrganizationPage):
    """What the pages about reports have in common."""

    nav = "reports"

    def reports(
        self, form: ReportForm | None = None, schedule_form: ReportScheduleForm | None = None, *, status: int = 200
    ) -> HttpResponse:
        """The page, with the form that was not right where there was one."""
        kinds = making.readable(self.membership.permissions)
        titles = {kind.code: kind.title for kind in kinds}
        found = Report.objects.filter(organization=self.organization, kind__in=titles).select_related("requested_by")
        page = Paginator(found.order_by("-created_at"), PER_PAGE).get_page(self.request.GET.get("page"))
        schedules = ReportSchedule.objects.filter(organization=self.organization, kind__in=titles)
        return self.page(
            "portal/orgs/reports.html",
            status=status,
            page=page,
            rows=[(report, titles[report.kind]) for report in page],
            is_waiting=any(report.status == Report.Status.PENDING for report in page),
            schedules=[(each, titles[each.kind]) for each in schedules.prefetch_related("recipients__user")],
            form=form or ReportForm(kinds=kinds),
            schedule_form=schedule_form or self.schedule_form(),
        )

    def schedule_form(self, given: object = None) -> ReportScheduleForm:
        """The form for a report by the clock, told to the members that there are."""
        members = Membership.ALL.filter(ACTIVE, organization=self.organization).select_related("user")
        return ReportScheduleForm(given, kinds=making.readable(self.membership.permissions), members=members)


class Reports(ReportsPage):
    """All of them, and the form for another. The POST begins one."""

    access = {"GET": roles.ORGANIZATION_READ, "POST": roles.ORGANIZATION_READ}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.reports()

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ReportForm(request.POST, kinds=making.readable(self.membership.permissions))
        if not form.is_valid():
            return self.reports(form, status=400)
        try:
            making.request(self.organization, form.wanted, by=self.actor, permissions=self.membership.permissions)
        except DomainError as error:
            form.refuse(error)
            return self.reports(form, status=error.status)
        return redirect("portal:reports")


class OpenReport(ReportsPage):
    """Leads to the file, by a link made now."""

    access = {"GET": roles.ORGANIZATION_READ}

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        report = making.own(self.organization, pk, self.membership.permissions)
        try:
            url, _ = making.link(report, by=self.actor)
        except DomainError as error:
            messages.warning(request, error.message)
            return redirect("portal:reports")
        return redirect(url)


class ScheduleReport(ReportsPage):
    """Has a report made by the clock."""

    access = {"POST": roles.ORGANIZATION_UPDATE}
    form_page = "portal:reports"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.schedule_form(request.POST)
        if not form.is_valid():
            return self.reports(schedule_form=form, status=400)
        try:
            report_schedules.add(self.organization, form.wanted, by=self.actor, permissions=self.membership.permissions)
        except DomainError as error:
            form.add_error(None, error.message)
            return self.reports(schedule_form=form, status=error.status)
        messages.success(request, "It is made from now on.")
        return redirect("portal:reports")


class EndReportSchedule(ReportsPage):
    """Has no more of them made."""

    access = {"POST": roles.ORGANIZATION_UPDATE}
    form_page = "portal:reports"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        found = ReportSchedule.objects.filter(organization=self.organization, pk=pk).first()
        if found is None:
            raise NotFound("There is no such schedule.")
        report_schedules.remove(found, by=self.actor)
        messages.success(request, "It is made no more.")
        return redirect("portal:reports")

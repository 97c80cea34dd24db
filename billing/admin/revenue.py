"""Recurring revenue: the page that tells of it, and the movements that it sums."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from rest_framework.exceptions import ValidationError

from billing import revenue_files
from billing.admin.amounts import Priced
from billing.admin.bridge import bridge
from billing.models import MrrMovement
from billing.revenue import summary
from billing.revenue.behind import tries
from platform_core import months
from platform_core.admin.base import StaffModelAdmin
from platform_core.api.months import MonthField
from platform_core.errors import InvalidInput
from platform_core.months import Months

SHOWN = 8
CAME_AND_WENT = (MrrMovement.Kind.NEW, MrrMovement.Kind.REACTIVATION, MrrMovement.Kind.CHURN)


@admin.register(MrrMovement)
class MrrMovementAdmin(Priced, StaffModelAdmin[MrrMovement]):
    """A movement. Whatever the page of revenue says is a sum over these."""

    list_display = ("organization", "kind", "amount_minor", "subscription", "occurred_at", "cohort_on")
    list_filter = ("kind", "currency")
    list_select_related = ("organization", "subscription__plan")
    search_fields = ("organization__name", "organization__slug", "subscription__provider_subscription_id")
    date_hierarchy = "month_on"

    def get_urls(self) -> list[URLPattern]:
        page = path("revenue/", self.admin_site.admin_view(self.revenue), name="billing_revenue")
        return [page, *super().get_urls()]

    def revenue(self, request: HttpRequest) -> HttpResponse:
        """The figures of some months, in one currency."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = summary.revenue(self._span(request))
        form = request.GET.get("form", "")
        if form in revenue_files.MEDIA_TYPES:
            return revenue_files.answer(found, form)
        wanted = request.GET.get("currency", "")
        by_code = {each.currency: each for each in found.currencies}
        chosen = by_code.get(wanted) or max(by_code.values(), key=lambda each: each.mrr_minor, default=None)
        context = {
            **self.admin_site.each_context(request),
            "title": "Revenue",
            "found": found,
            "chosen": chosen,
            "bridge": bridge(chosen.months) if chosen else None,
            "now": found.customers[-1],
            "ages": range(len(found.customers)),
            **_latest(found.span),
        }
        return TemplateResponse(request, "admin/billing/revenue.html", context)

    def _span(self, request: HttpRequest) -> Months:
        """The months of the form; those of every day where it says none that there are."""
        try:
            return months.months(*(_month(request.GET.get(name, "")) for name in ("from", "to")))
        except InvalidInput as error:
            messages.warning(request, " ".join(text for texts in error.details.values() for text in texts))
        except ValidationError:
            messages.warning(request, "A month is written like 2026-03.")
        return months.months()


def _month(text: str) -> Any:
    return MonthField().to_internal_value(text) if text else None


def _latest(span: Months) -> dict[str, Any]:
    """Who came and went last, and what could not be collected."""
    moved = MrrMovement.objects.filter(month_on__gte=span.first, month_on__lte=span.last, kind__in=CAME_AND_WENT)
    failing = tries(span, outcome="failed")
    return {
        "came_and_went": list(moved.select_related("organization").order_by("-occurred_at", "-pk")[:SHOWN]),
        "failing": list(failing[:SHOWN]),
    }

"""An order while it comes up, and afterwards."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string

from orgs import roles
from orgs.portal.pages import OrganizationPage
from platform_core.errors import InvalidInput
from tenants.models import Order
from tenants.portal.progress import Progress, progress_of
from tenants.services import job_logs

# Shorter than a proxy's patience, longer than a step that says nothing.
WAIT_SECONDS = 8.0
# Digits of the largest key that a database holds.
LONGEST_CURSOR = 18


class OrderPage(OrganizationPage):
    """A page about one order of the organization in use."""

    access = {"GET": roles.ORDER_READ}
    nav = "servers"

    def order(self, pk: UUID) -> Order:
        """It, with what its page names."""
        found = Order.objects.filter(organization=self.organization).select_related("subscription__plan", "server")
        return get_object_or_404(found, pk=pk)


class OrderDetail(OrderPage):
    """Its stages, its log so far, and the cursor from which the page goes on listening."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        progress = progress_of(self.order(pk))
        log = _news_of(progress, after=0, wait_seconds=0)
        return self.page("portal/tenants/order.html", progress=progress, lines=log.lines, cursor=log.after)


class OrderLive(OrderPage):
    """Holds the question open until there is a new line: the page that asks again from its cursor misses none."""

    def get(self, request: HttpRequest, pk: UUID) -> JsonResponse:
        after = request.GET.get("after", "0")
        if not after.isdecimal() or len(after) > LONGEST_CURSOR:
            raise InvalidInput("after: the number of a line is wanted.")
        news = _news_of(progress_of(self.order(pk)), after=int(after), wait_seconds=WAIT_SECONDS)
        progress = progress_of(self.order(pk))
        lines = [{"at": f"{line.at:%H:%M:%S}", "stream": line.stream, "text": line.text} for line in news.lines]
        shown = render_to_string("portal/tenants/progress.html", {"progress": progress}, request)
        return JsonResponse(
            {"cursor": news.after, "lines": lines, "progress": shown, "isOver": news.ended and progress.is_over}
        )


def _news_of(progress: Progress, *, after: int, wait_seconds: float) -> job_logs.Lines:
    """What the order's job said after a line; an order that waits for staff has no job to say anything."""
    if progress.job is None:
        return job_logs.Lines([], after, ended=False, wait_reason="")
    return job_logs.lines_after(progress.job, after, wait_seconds)

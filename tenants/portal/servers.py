"""Servers and what they last told us."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from orgs import roles
from orgs.portal.pages import OrganizationPage
from tenants.models import Order, Server


class ServerList(OrganizationPage):
    """Every order of the organization with its server, if it has one by now."""

    access = {"GET": roles.ORDER_READ}
    nav = "servers"

    def get(self, request: HttpRequest) -> HttpResponse:
        orders = Order.objects.filter(organization=self.organization)
        orders = orders.select_related("subscription__plan", "server__beat").order_by("-created_at")
        return self.page("portal/tenants/servers.html", orders=list(orders))


class ServerDetail(OrganizationPage):
    """One server: whether it is well, what it runs, and how full it is."""

    access = {"GET": roles.ORDER_READ}
    nav = "servers"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        found = Server.objects.filter(order__organization=self.organization)
        found = found.select_related("order__subscription__plan", "beat", "reported")
        server = get_object_or_404(found, pk=pk)
        reported = server.reported.body if hasattr(server, "reported") else {}
        return self.page("portal/tenants/server.html", server=server, reported=reported)

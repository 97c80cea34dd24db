"""Orders, for staff."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from platform_core.api.pagination import OffsetPage
from platform_core.api.strict import Nothing, StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import AdminSurface
from platform_core.models import Job
from tenants.models import Order
from tenants.models.orders import dashboard_of, portainer_of
from tenants.services import orders


class OrderSerializer(StrictModelSerializer[Order]):
    """An order with the server that serves it, once there is one."""

    user_id = serializers.UUIDField(source="customer_id", read_only=True)
    customer_email = serializers.EmailField(source="customer.email", read_only=True)
    company = serializers.CharField(source="organization.name", read_only=True)
    tier = serializers.CharField(source="subscription.plan.tier", read_only=True)
    tools = serializers.ListField(child=serializers.CharField(), read_only=True)
    automation_mode = serializers.ChoiceField(source="automation", choices=Order.Automation.choices, read_only=True)
    server_id = serializers.UUIDField(source="server.pk", read_only=True, allow_null=True)
    server_ip = serializers.IPAddressField(source="server.ip_address", read_only=True, allow_null=True)
    ssh_port = serializers.IntegerField(source="server.ssh_port", read_only=True, allow_null=True)
    dashboard_url = serializers.URLField(read_only=True)
    portainer_url = serializers.URLField(read_only=True)

    class Meta:
        model = Order
        fields = [
            "id",
            "user_id",
            "customer_email",
            "organization_id",
            "company",
            "subscription_id",
            "status",
            "failure",
            "tier",
            "domain",
            "tools",
            "server_id",
            "server_ip",
            "ssh_port",
            "automation_mode",
            "dashboard_url",
            "portainer_url",
            "created_at",
            "fulfilled_at",
        ]
        read_only_fields = fields


# What an order shows, as columns of one query: REST framework's fields cost a page more than all the rest together.
COLUMNS = {
    "id": "id",
    "userId": "customer_id",
    "customerEmail": "customer__email",
    "organizationId": "organization_id",
    "company": "organization__name",
    "subscriptionId": "subscription_id",
    "status": "status",
    "failure": "failure",
    "tier": "subscription__plan__tier",
    "domain": "domain",
    "tools": "tools",
    "serverId": "server__pk",
    "serverIp": "server__ip_address",
    "sshPort": "server__ssh_port",
    "automationMode": "automation",
    "createdAt": "created_at",
    "fulfilledAt": "fulfilled_at",
}


class OrderPage(OffsetPage):
    """A page of orders as `OrderSerializer` shows them, without making the objects that it would read."""

    def rows(self, found: QuerySet[Order]) -> list[dict[str, Any]]:
        return [_shown(row) for row in found.values_list(*COLUMNS.values())]


def _shown(row: tuple[Any, ...]) -> dict[str, Any]:
    shown: dict[str, Any] = dict(zip(COLUMNS, row, strict=True))
    return shown | {
        "dashboardUrl": dashboard_of(shown["domain"]),
        "portainerUrl": portainer_of(shown["domain"]),
        "createdAt": _moment(shown["createdAt"]),
        "fulfilledAt": _moment(shown["fulfilledAt"]),
    }


def _moment(value: datetime | None) -> str | None:
    return None if value is None else f"{value:{api_settings.DATETIME_FORMAT}}"


class JobSerializer(StrictModelSerializer[Job]):
    """How far a job is."""

    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "status",
            "step",
            "wait_reason",
            "error_code",
            "error",
            "retry_count",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields


class OrderFilterSerializer(StrictSerializer):
    """Which orders a list shows."""

    status = serializers.ChoiceField(choices=Order.Status.choices, required=False)
    tier = serializers.CharField(max_length=40, required=False)
    search = serializers.CharField(max_length=100, required=False, help_text="Part of a domain, a name or an address.")


def _all_orders() -> QuerySet[Order]:
    return Order.objects.select_related("customer", "organization", "subscription__plan", "server")


class OrderList(AdminSurface, generics.ListAPIView[Order]):
    access = {"GET": "tenants.view_order"}
    serializer_class = OrderSerializer
    pagination_class = OrderPage

    def get_queryset(self) -> QuerySet[Order]:
        given = self.validated(OrderFilterSerializer, query=True)
        found = Order.objects.all()
        if "status" in given:
            found = found.filter(status=given["status"])
        if "tier" in given:
            found = found.filter(subscription__plan__tier__iexact=given["tier"])
        if "search" in given:
            found = found.filter(_matches(given["search"]))
        return found

    @extend_schema(
        parameters=[
            OpenApiParameter("status", enum=Order.Status.values),
            OpenApiParameter("tier", description="A plan's tier, such as Build."),
            OpenApiParameter("search", description="Part of a domain, an organization's name or a customer's address."),
        ]
    )
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(rows)


def _matches(text: str) -> Q:
    return Q(domain__icontains=text) | Q(organization__name__icontains=text) | Q(customer__email__icontains=text)


class OrderDetail(AdminSurface, generics.RetrieveAPIView[Order]):
    access = {"GET": "tenants.view_order"}
    serializer_class = OrderSerializer

    def get_queryset(self) -> QuerySet[Order]:
        return _all_orders()


class OrderProvision(AdminSurface, generics.GenericAPIView[Order]):
    access = {"POST": "tenants.provision_order"}
    failures = {"POST": [409]}
    idempotent = True
    serializer_class = JobSerializer

    def get_queryset(self) -> QuerySet[Order]:
        return Order.objects.all()

    @extend_schema(request=Nothing, responses={202: JobSerializer})
    def post(self, request: Request, pk: str) -> Response:
        self.validated(Nothing)
        job = orders.start_provisioning(self.get_object(), by=self.actor)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

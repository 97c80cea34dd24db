"""A customer's overview: servers, agents, what happened."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import CustomerSurface
from platform_core.models import AuditEvent
from tenants import selectors
from tenants.models import Order, Server


class DashboardServerSerializer(StrictModelSerializer[Server]):
    """Whether the server is well."""

    last_seen_at = serializers.DateTimeField(source="beat.last_seen_at", read_only=True, allow_null=True)
    config_version = serializers.IntegerField(source="beat.seen_config_version", read_only=True, default=0)

    class Meta:
        model = Server
        fields = ["id", "status", "agent_version", "last_seen_at", "config_version"]
        read_only_fields = fields


class DashboardOrderSerializer(StrictModelSerializer[Order]):
    """An order, and what it waits for."""

    tier = serializers.CharField(source="subscription.plan.tier", read_only=True)
    tools = serializers.ListField(child=serializers.CharField(), read_only=True)
    dashboard_url = serializers.URLField(read_only=True)
    wait_reason = serializers.SerializerMethodField()
    server = DashboardServerSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Order
        fields = [
            "id",
            "organization_id",
            "status",
            "failure",
            "tier",
            "domain",
            "tools",
            "dashboard_url",
            "wait_reason",
            "created_at",
            "fulfilled_at",
            "server",
        ]
        read_only_fields = fields

    def get_wait_reason(self, order: Order) -> str:
        waits: dict[Any, str] = self.context["waits"]
        return waits.get(order.pk, "")


class AgentStateSerializer(StrictSerializer):
    """An agent, as its server last told of it."""

    order_id = serializers.UUIDField()
    agent_id = serializers.CharField()
    status = serializers.CharField()
    last_active_at = serializers.DateTimeField(allow_null=True)


class ActivitySerializer(StrictModelSerializer[AuditEvent]):
    """Something that happened."""

    at = serializers.DateTimeField(source="created_at", read_only=True)
    actor = serializers.CharField(source="actor_label", read_only=True)
    target = serializers.CharField(source="target_label", read_only=True)

    class Meta:
        model = AuditEvent
        fields = ["id", "at", "action", "actor", "target"]
        read_only_fields = fields


class DashboardSerializer(StrictSerializer):
    orders = DashboardOrderSerializer(many=True)
    agents = AgentStateSerializer(many=True)
    recent_activity = ActivitySerializer(source="activity", many=True)


class Dashboard(CustomerSurface):
    access = {"GET": "customer"}

    @extend_schema(responses={200: DashboardSerializer})
    def get(self, request: Request) -> Response:
        found = selectors.customer_dashboard(self.actor)
        return Response(DashboardSerializer(found, context={"waits": found.waits}).data)

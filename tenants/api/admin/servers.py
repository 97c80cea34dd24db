"""Servers, for staff."""

from django.db.models import QuerySet
from rest_framework import generics, serializers

from platform_core.api.strict import StrictModelSerializer
from platform_core.api.surfaces import AdminSurface
from tenants.models import Order, Server


class ServerSerializer(StrictModelSerializer[Server]):
    """A server, its order, and when it was last heard."""

    domain = serializers.CharField(source="order.domain", read_only=True)
    server_ip = serializers.IPAddressField(source="ip_address", read_only=True)
    last_seen_at = serializers.DateTimeField(source="beat.last_seen_at", read_only=True, allow_null=True)

    class Meta:
        model = Server
        fields = [
            "id",
            "order_id",
            "domain",
            "provider",
            "status",
            "server_ip",
            "ssh_port",
            "agent_version",
            "registered_at",
            "last_seen_at",
            "created_at",
        ]
        read_only_fields = fields


class ServerList(AdminSurface, generics.ListAPIView[Server]):
    """Those that serve a customer: of fulfilled orders."""

    access = {"GET": "tenants.view_server"}
    serializer_class = ServerSerializer

    def get_queryset(self) -> QuerySet[Server]:
        return Server.objects.filter(order__status=Order.Status.FULFILLED).select_related("order", "beat")

"""How a server does, as far as it told us."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import generics, serializers

from platform_core.api.strict import StrictModelSerializer
from platform_core.api.surfaces import AdminSurface
from tenants.api.tenant.heartbeat_body import HEARTBEAT
from tenants.models import Server


@extend_schema_field(HEARTBEAT)
class ReportedField(serializers.JSONField):
    """A status as the server sent it."""


class ServerHealthSerializer(StrictModelSerializer[Server]):
    """Its heartbeat, what it runs and should run, and the last status it sent."""

    last_seen_at = serializers.DateTimeField(source="beat.last_seen_at", read_only=True, allow_null=True)
    beat_count = serializers.IntegerField(source="beat.beat_count", read_only=True, default=0)
    safety_wrapper_version = serializers.CharField(source="agent_version", read_only=True)
    config_version = serializers.IntegerField(source="beat.config_version", read_only=True, default=0)
    seen_config_version = serializers.IntegerField(source="beat.seen_config_version", read_only=True, default=0)
    reported = ReportedField(source="reported.body", read_only=True, allow_null=True)
    reported_at = serializers.DateTimeField(source="reported.updated_at", read_only=True, allow_null=True)

    class Meta:
        model = Server
        fields = [
            "id",
            "order_id",
            "status",
            "last_seen_at",
            "beat_count",
            "safety_wrapper_version",
            "config_version",
            "seen_config_version",
            "reported",
            "reported_at",
        ]
        read_only_fields = fields


class ServerHealth(AdminSurface, generics.RetrieveAPIView[Server]):
    access = {"GET": "tenants.view_server"}
    serializer_class = ServerHealthSerializer

    def get_queryset(self) -> QuerySet[Server]:
        return Server.objects.select_related("beat", "reported")

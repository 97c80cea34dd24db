"""A new server trades its registration token for a key."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from platform_core.api.strict import StrictSerializer
from tenants.api.surfaces import TenantSurface
from tenants.services import registration


class RegisterRequestSerializer(StrictSerializer):
    """The token that was put on the server, and what the agent says of itself."""

    registration_token = serializers.CharField(max_length=100)
    machine_id = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    agent_url = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    agent_version = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)


class ServerRegisteredSerializer(StrictSerializer):
    """The only time that the key is seen."""

    hub_api_key = serializers.CharField()
    webhook_secret = serializers.CharField()
    server_id = serializers.UUIDField(source="server.pk")
    order_id = serializers.UUIDField(source="server.order_id")
    heartbeat_seconds = serializers.IntegerField()
    server_time = serializers.DateTimeField()


class Register(TenantSurface):
    access = {"POST": "registration"}
    failures = {"POST": [401, 403]}
    repeatable = (
        "the token in the body is traded once; the same machine is given a key that takes the place of the last"
    )

    @extend_schema(request=RegisterRequestSerializer, responses={200: ServerRegisteredSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(RegisterRequestSerializer)
        registered = registration.register(registration.Introduction(**given))
        return Response(ServerRegisteredSerializer(registered).data)

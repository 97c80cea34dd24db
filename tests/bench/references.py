"""What ours is measured against: the same work, written the usual way, under Django's usual middleware."""

import json
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from djstripe.models import WebhookEndpoint
from djstripe.views import ProcessWebhookView
from rest_framework import generics, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from identity.models import User
from platform_core import clock, scoping
from tenants.models import Order, Server, ServerBeat, ServerStatus


class LeanView(APIView):
    """No rows, no rules: what REST framework itself costs."""

    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response({"hello": "world"})


class PersonView(APIView):
    """One row by its key, no rules."""

    permission_classes = [AllowAny]

    def get(self, request: Request, pk: str) -> Response:
        found = User.objects.get(pk=pk)
        return Response({"id": found.pk, "email": found.email, "name": found.name})


class OrderModelSerializer(serializers.ModelSerializer[Order]):
    """The columns that ours shows, as REST framework does it."""

    customer_email = serializers.EmailField(source="customer.email")
    company = serializers.CharField(source="organization.name")
    tier = serializers.CharField(source="subscription.plan.tier")
    tools = serializers.ListField(child=serializers.CharField())
    server_id = serializers.UUIDField(source="server.pk", allow_null=True)
    server_ip = serializers.IPAddressField(source="server.ip_address", allow_null=True)
    ssh_port = serializers.IntegerField(source="server.ssh_port", allow_null=True)
    dashboard_url = serializers.URLField()
    portainer_url = serializers.URLField()

    class Meta:
        model = Order
        fields = [
            "id", "customer_id", "customer_email", "organization_id", "company", "subscription_id", "status", "failure",
            "tier", "domain", "tools", "server_id", "server_ip", "ssh_port", "automation", "dashboard_url",
            "portainer_url", "created_at", "fulfilled_at",
        ]  # fmt: skip
        read_only_fields = fields


class OrderModelList(generics.ListAPIView[Order]):
    """The first 25, for whoever asks."""

    permission_classes = [AllowAny]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with scoping.system():
            found = Order.objects.select_related("customer", "organization", "subscription__plan", "server")[:25]
            return Response(OrderModelSerializer(found, many=True).data)


class BeatSerializer(serializers.Serializer[Any]):
    """The body's main fields."""

    status = serializers.CharField()
    configVersion = serializers.IntegerField()  # noqa: N815
    resources = serializers.DictField()
    agents = serializers.DictField()


class SerializerHeartbeat(APIView):
    """Parse, look up, lock, save: the usual heartbeat."""

    permission_classes = [AllowAny]

    @transaction.atomic
    def post(self, request: Request, key_digest: str) -> Response:
        body = BeatSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with scoping.system():
            server = Server.objects.get(key_digest=key_digest)
        beat = ServerBeat.objects.select_for_update().get(server=server)
        beat.last_seen_at = clock.now()
        beat.alert_after = clock.now() + timedelta(seconds=450)
        beat.beat_count += 1
        beat.save()
        status, _ = ServerStatus.objects.get_or_create(
            server=server, defaults={"body": {}, "body_hash": "", "updated_at": clock.now()}
        )
        status.body = request.data
        status.updated_at = clock.now()
        status.save()
        return Response({"configVersion": beat.seen_config_version})


@csrf_exempt
def dj_stripe_webhook(request: HttpRequest) -> HttpResponse:
    """dj-stripe's own receiver, for the only endpoint that there is."""
    uuid = WebhookEndpoint.objects.get().djstripe_uuid
    return ProcessWebhookView.as_view()(request, uuid=uuid)  # type: ignore[no-any-return]


def body_of(value: Any) -> bytes:
    """A JSON body."""
    return json.dumps(value).encode()


urlpatterns = [
    path("bench/lean", LeanView.as_view()),
    path("bench/people/<uuid:pk>", PersonView.as_view()),
    path("bench/orders", OrderModelList.as_view()),
    path("bench/heartbeat/<str:key_digest>", SerializerHeartbeat.as_view()),
    path("bench/stripe", dj_stripe_webhook),
    path("", include("config.urls")),
]

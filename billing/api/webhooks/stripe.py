"""Where the payment provider delivers its events."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.services import inbox
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import WebhookSurface

SIGNATURE = OpenApiParameter(
    "Stripe-Signature", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True, description="t=…,v1=…"
)


class ReceivedSerializer(StrictSerializer):
    """The event is stored; what follows from it happens later."""

    received = serializers.BooleanField()


class StripeWebhook(WebhookSurface):
    access = {"POST": "signature"}
    failures = {"POST": [413]}
    repeatable = "the provider names each event, and a name is taken in once"

    @extend_schema(request=OpenApiTypes.OBJECT, parameters=[SIGNATURE], responses={200: ReceivedSerializer})
    def post(self, request: Request) -> Response:
        inbox.receive(request.body, request.headers.get("Stripe-Signature", ""))
        return Response({"received": True})

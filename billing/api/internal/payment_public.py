"""What a product may show to anybody of what is sold."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.internal.payment_pricing_items import PricingItemSerializer
from billing.services import pricing_items
from platform_core.api import access
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import InternalSurface


class PublicFilterSerializer(StrictSerializer):
    active = serializers.BooleanField(required=False, help_text="False: what is not on sale any more.")


class PaymentPublicPricingItemList(InternalSurface):
    access = {"GET": access.INTERNAL}

    @extend_schema(parameters=[PublicFilterSerializer], responses={200: PricingItemSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """Without what is sold by agreement, and what the provider does not know yet."""
        asked = self.validated(PublicFilterSerializer, query=True)
        return self.page(pricing_items.public(**asked), PricingItemSerializer)

"""Purchases, for back ends that look them up."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.currencies import CurrencyField
from billing.models import Purchase
from platform_core.api import access
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import InternalSurface


class PaymentPurchaseSerializer(StrictModelSerializer[Purchase]):
    """What was bought; `amountMinor` is before tax and discounts."""

    organization_id = serializers.UUIDField(read_only=True)
    subscription_id = serializers.UUIDField(read_only=True, allow_null=True)
    checkout_session_id = serializers.UUIDField(source="checkout_id", read_only=True, allow_null=True)
    consumer_key = serializers.CharField(source="consumer_tenant.consumer.key", default=None, read_only=True)
    consumer_tenant_id = serializers.CharField(source="consumer_tenant.external_id", default=None, read_only=True)
    product_code = serializers.CharField(source="price.plan.product.code", read_only=True)
    plan_code = serializers.CharField(source="price.plan.code", read_only=True)
    pricing_item_code = serializers.CharField(source="price.lookup_key", read_only=True)
    currency = CurrencyField(read_only=True)

    class Meta:
        model = Purchase
        fields = [
            "id",
            "organization_id",
            "consumer_key",
            "consumer_tenant_id",
            "kind",
            "product_code",
            "plan_code",
            "pricing_item_code",
            "quantity",
            "currency",
            "amount_minor",
            "subscription_id",
            "checkout_session_id",
            "external_id",
            "purchased_at",
        ]
        read_only_fields = fields


class PurchaseFilterSerializer(StrictSerializer):
    consumer_key = serializers.CharField(required=False, max_length=40, source="consumer_tenant__consumer__key")
    consumer_tenant_id = serializers.CharField(required=False, max_length=100, source="consumer_tenant__external_id")
    organization_id = serializers.UUIDField(required=False)
    pricing_item_code = serializers.CharField(required=False, max_length=100, source="price__lookup_key")
    kind = serializers.ChoiceField(choices=Purchase.Kind.choices, required=False)
    since = serializers.DateTimeField(required=False, source="purchased_at__gte")
    until = serializers.DateTimeField(required=False, source="purchased_at__lt")


class PaymentPurchaseList(InternalSurface):
    access = {"GET": access.INTERNAL}

    @extend_schema(parameters=[PurchaseFilterSerializer], responses={200: PaymentPurchaseSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """The newest first."""
        asked = self.validated(PurchaseFilterSerializer, query=True)
        related = ("price__plan__product", "consumer_tenant__consumer")
        found = Purchase.objects.filter(**asked).select_related(*related)
        return self.page(found.order_by("-purchased_at", "-id"), PaymentPurchaseSerializer)

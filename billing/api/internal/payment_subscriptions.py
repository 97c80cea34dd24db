"""Subscriptions, for back ends that look them up."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Subscription
from platform_core.api import access
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import InternalSurface


class PaymentSubscriptionSerializer(StrictModelSerializer[Subscription]):
    """A subscription; of whom a consumer bought it for, the consumer's own id."""

    organization_id = serializers.UUIDField(read_only=True)
    consumer_key = serializers.CharField(source="consumer_tenant.consumer.key", default=None, read_only=True)
    consumer_tenant_id = serializers.CharField(source="consumer_tenant.external_id", default=None, read_only=True)
    product_code = serializers.CharField(source="plan.product.code", read_only=True)
    plan_code = serializers.CharField(source="plan.code", read_only=True)
    pricing_item_code = serializers.CharField(source="price.lookup_key", read_only=True)

    class Meta:
        model = Subscription
        fields = [
            "id",
            "organization_id",
            "consumer_key",
            "consumer_tenant_id",
            "product_code",
            "plan_code",
            "pricing_item_code",
            "status",
            "quantity",
            "current_period_start",
            "current_period_end",
            "cancel_at_period_end",
            "canceled_at",
            "ended_at",
            "provider",
            "provider_subscription_id",
            "created_at",
        ]
        read_only_fields = fields


class SubscriptionFilterSerializer(StrictSerializer):
    consumer_key = serializers.CharField(required=False, max_length=40, source="consumer_tenant__consumer__key")
    consumer_tenant_id = serializers.CharField(required=False, max_length=100, source="consumer_tenant__external_id")
    organization_id = serializers.UUIDField(required=False)
    product_code = serializers.CharField(required=False, max_length=60, source="plan__product__code")
    plan_code = serializers.CharField(required=False, max_length=60, source="plan__code")
    status = serializers.ChoiceField(choices=Subscription.Status.choices, required=False)


class PaymentSubscriptionList(InternalSurface):
    access = {"GET": access.INTERNAL}

    @extend_schema(parameters=[SubscriptionFilterSerializer], responses={200: PaymentSubscriptionSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """The newest first."""
        asked = self.validated(SubscriptionFilterSerializer, query=True)
        related = ("plan__product", "price", "consumer_tenant__consumer")
        found = Subscription.objects.filter(**asked).select_related(*related)
        return self.page(found.order_by("-created_at", "-id"), PaymentSubscriptionSerializer)

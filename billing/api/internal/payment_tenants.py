"""What a consumer's tenant has."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import consumer_plans
from billing.api.internal.payment_subscriptions import PaymentSubscriptionSerializer
from billing.services import consumers
from platform_core.api import access
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import InternalSurface


class PlanStatusQuerySerializer(StrictSerializer):
    consumer_key = serializers.CharField(
        max_length=40, required=False, help_text="Wanted where two consumers have a tenant of this id."
    )
    product_code = serializers.CharField(max_length=60, required=False, help_text="Only what concerns this product.")


class PlanStatusSerializer(StrictSerializer):
    """`status` is that of the subscription that gives access now, else of the latest; `none` where there is none."""

    consumer_key = serializers.CharField()
    consumer_tenant_id = serializers.CharField()
    organization_id = serializers.UUIDField()
    has_access = serializers.BooleanField()
    status = serializers.CharField()
    plan_code = serializers.CharField(allow_null=True)
    product_code = serializers.CharField(allow_null=True)
    pricing_item_code = serializers.CharField(allow_null=True)
    tier = serializers.CharField(allow_null=True)
    features = serializers.ListField(child=serializers.CharField())
    entitlements = serializers.ListField(child=serializers.DictField())
    product_codes = serializers.ListField(child=serializers.CharField(), help_text="What it gives access to now.")
    current_period_end = serializers.DateTimeField(allow_null=True)
    cancel_at_period_end = serializers.BooleanField()
    subscriptions = PaymentSubscriptionSerializer(many=True)


class PaymentTenantPlanStatus(InternalSurface):
    access = {"GET": access.INTERNAL}
    pagination_class = None

    @extend_schema(parameters=[PlanStatusQuerySerializer], responses={200: PlanStatusSerializer})
    def get(self, request: Request, consumer_tenant_id: str) -> Response:
        """From which a consumer tells what its tenant may do."""
        asked = self.validated(PlanStatusQuerySerializer, query=True)
        tenant = consumers.tenant_named(consumer_tenant_id, asked.get("consumer_key", ""))
        found = consumer_plans.status_of(tenant, product=asked.get("product_code", ""))
        return Response(PlanStatusSerializer(found).data)

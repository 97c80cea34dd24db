"""Pages on which consumers' tenants pay."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.add_ons import BoughtAddOnSerializer, CheckoutAddOnsField
from billing.models import EXTERNAL_ID, CheckoutSession
from billing.services import consumer_checkout
from platform_core.api import access
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import InternalSurface

MOST = 10_000


class ConsumerCheckoutSerializer(StrictSerializer):
    """`tenantName` and `billingEmail` are wanted of a tenant that is named for the first time."""

    provider_key = serializers.CharField(max_length=20)
    pricing_item_code = serializers.CharField(max_length=100)
    consumer_key = serializers.CharField(max_length=40)
    consumer_tenant_id = serializers.RegexField(EXTERNAL_ID, max_length=100)
    tenant_name = serializers.CharField(max_length=120, required=False)
    legal_name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    billing_email = serializers.EmailField(required=False)
    success_url = serializers.URLField(max_length=500)
    cancel_url = serializers.URLField(max_length=500)
    quantity = serializers.IntegerField(min_value=1, max_value=MOST, required=False)
    add_ons = CheckoutAddOnsField(required=False)
    coupon = serializers.CharField(max_length=40, required=False)


class ConsumerCheckoutSessionSerializer(StrictSerializer):
    """A checkout of a consumer's tenant. `purchaseId` is there once it was paid."""

    checkout_session_id = serializers.UUIDField(source="pk")
    provider_key = serializers.CharField(source="provider")
    provider_checkout_session_id = serializers.CharField(source="provider_session_id")
    url = serializers.CharField(help_text="Where the tenant pays; empty once nobody can.")
    status = serializers.ChoiceField(choices=CheckoutSession.Status.choices)
    pricing_item_code = serializers.CharField(source="price.lookup_key")
    quantity = serializers.IntegerField()
    add_ons = BoughtAddOnSerializer(many=True)
    coupon = serializers.CharField(source="coupon_redemption.coupon.code", default=None, allow_null=True)
    trial_days = serializers.IntegerField()
    consumer_key = serializers.CharField(source="consumer_tenant.consumer.key")
    consumer_tenant_id = serializers.CharField(source="consumer_tenant.external_id")
    organization_id = serializers.UUIDField()
    purchase_id = serializers.UUIDField(source="purchase.pk", default=None, allow_null=True)
    subscription_id = serializers.UUIDField(source="purchase.subscription_id", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: CheckoutSession) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if instance.status != CheckoutSession.Status.OPEN:
            shown["url"] = ""
        return shown


class PaymentCheckoutSessionList(InternalSurface):
    access = {"POST": access.INTERNAL}
    failures = {"POST": (402, 403, 409, 502)}
    idempotent = True

    @extend_schema(request=ConsumerCheckoutSerializer, responses={201: ConsumerCheckoutSessionSerializer})
    def post(self, request: Request) -> Response:
        """A page for a subscription, or for what is paid once: the pricing item says which."""
        wish = consumer_checkout.Wish(**self.validated(ConsumerCheckoutSerializer))
        session = consumer_checkout.start(wish)
        return Response(ConsumerCheckoutSessionSerializer(session).data, status=status.HTTP_201_CREATED)


class PaymentCheckoutSessionDetail(InternalSurface):
    access = {"GET": access.INTERNAL}

    @extend_schema(responses={200: ConsumerCheckoutSessionSerializer})
    def get(self, request: Request, provider_checkout_session_id: str) -> Response:
        """By the id that stands in the success address. It completes a moment after the tenant paid."""
        session = consumer_checkout.session_named(provider_checkout_session_id)
        return Response(ConsumerCheckoutSessionSerializer(session).data)

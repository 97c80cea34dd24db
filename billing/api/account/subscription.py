"""What an organization is subscribed to."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Plan, Subscription
from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.models import Organization
from platform_core.api.strict import StrictModelSerializer, StrictSerializer

NONE = "none"


class SubscribedPlanSerializer(StrictModelSerializer[Plan]):
    """The plan of a subscription."""

    product = serializers.CharField(source="product.code", read_only=True)

    class Meta:
        model = Plan
        fields = ["code", "product", "name", "tier", "token_allotment", "features"]
        read_only_fields = fields


class SubscriptionSerializer(StrictModelSerializer[Subscription]):
    """A subscription as the organization's members see it."""

    plan = SubscribedPlanSerializer(read_only=True)
    amount_minor = serializers.IntegerField(source="price.amount_minor", read_only=True)
    currency = serializers.CharField(source="price.currency", read_only=True)
    interval = serializers.CharField(source="price.interval", read_only=True)

    class Meta:
        model = Subscription
        fields = [
            "id",
            "plan",
            "status",
            "quantity",
            "amount_minor",
            "currency",
            "interval",
            "current_period_start",
            "current_period_end",
            "cancel_at_period_end",
            "canceled_at",
            "ended_at",
            "created_at",
        ]
        read_only_fields = fields


class SubscriptionStateSerializer(StrictSerializer):
    """The present subscription, and all there ever were. `status` is "none" for an organization that never bought."""

    organization_id = serializers.UUIDField()
    status = serializers.CharField()
    is_active = serializers.BooleanField()
    current = SubscriptionSerializer(allow_null=True)
    subscriptions = SubscriptionSerializer(many=True)


def state_of(organization: Organization) -> Any:
    """The answer of every endpoint that tells what an organization is subscribed to."""
    subscriptions = list(organization.subscriptions.select_related("plan__product", "price"))
    live = [subscription for subscription in subscriptions if subscription.status in Subscription.LIVE]
    current = next(iter(live or subscriptions), None)
    return SubscriptionStateSerializer(
        {
            "organization_id": organization.pk,
            "status": current.status if current else NONE,
            "is_active": bool(live),
            "current": current,
            "subscriptions": subscriptions,
        }
    ).data


class SubscriptionDetail(OrganizationSurface):
    access = {"GET": roles.BILLING_READ}

    @extend_schema(responses={200: SubscriptionStateSerializer})
    def get(self, request: Request) -> Response:
        return Response(state_of(self.organization))

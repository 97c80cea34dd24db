"""What is beside the plan of a running subscription: had, on offer, and changed."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.account.subscription import (
    ChangedSerializer,
    ProposalSerializer,
    SubscriptionSurface,
    WhichSerializer,
    changed,
)
from billing.api.add_ons import CountedAddOnsField
from billing.api.currencies import CurrencyField
from billing.api.operator.plans import PlanTierSerializer
from billing.models import Price
from billing.services import add_on_proposals, add_on_wishes, changes, proposals
from billing.services.proposals import Proposal
from orgs import roles
from platform_core.api.strict import StrictModelSerializer, StrictSerializer


class AddOnPriceSerializer(StrictModelSerializer[Price]):
    """What so many cost each interval: by its scheme so much for each, for each package begun, or by tiers."""

    currency = CurrencyField(read_only=True)
    tiers = PlanTierSerializer(many=True, read_only=True, allow_null=True)

    class Meta:
        model = Price
        fields = ["scheme", "interval", "currency", "amount_minor", "unit_price_nano", "package_size", "tiers"]
        read_only_fields = fields


class AddOnChoiceSerializer(StrictSerializer):
    """An add-on that the subscription has or could have; of what is not on sale there can be no more."""

    code = serializers.CharField(source="price.plan.code")
    name = serializers.CharField(source="price.plan.name")
    description = serializers.CharField(source="price.plan.description")
    quantity = serializers.IntegerField()
    amount_minor = serializers.IntegerField(help_text="What so many cost each interval, before tax and discounts.")
    is_on_sale = serializers.BooleanField()
    price = AddOnPriceSerializer()


class AddOnChoicesSerializer(StrictSerializer):
    """Everything that can be had beside the plan."""

    subscription_id = serializers.UUIDField()
    add_ons = AddOnChoiceSerializer(many=True)


class AddOnsRequestSerializer(WhichSerializer):
    """So many of each that is named; none, and it goes. What is not named stays.

    More is in force at once and charged for the rest of the period, less with the next period.
    """

    add_ons = CountedAddOnsField()


class AddOnsChangeRequestSerializer(AddOnsRequestSerializer):
    """With the two figures of a preview it costs exactly what was shown, or is refused."""

    prorated_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    due_minor = serializers.IntegerField(required=False, allow_null=True, default=None)


class AddOnsSurface(SubscriptionSurface):
    """Changes what is beside the plan of one subscription of the organization."""

    def wished(self, given: dict[str, Any]) -> Proposal:
        at = given.get("prorated_at")
        return proposals.at_provider(add_on_proposals.propose(self.running(given), given["add_ons"], at=at))


class SubscriptionAddOns(AddOnsSurface):
    access = {"GET": roles.BILLING_READ, "POST": roles.BILLING_MANAGE}
    failures = {"GET": [404, 409], "POST": [402, 404, 409, 502]}

    @extend_schema(
        parameters=[
            OpenApiParameter("product", description="Of which product; of several subscriptions the newest."),
            OpenApiParameter("subscription_id", description="Or of which subscription."),
        ],
        responses={200: AddOnChoicesSerializer},
    )
    def get(self, request: Request) -> Response:
        subscription = proposals.running(self.organization, **self.validated(WhichSerializer, query=True), newest=True)
        found = {"subscription_id": subscription.pk, "add_ons": add_on_wishes.choices(subscription)}
        return Response(AddOnChoicesSerializer(found).data)

    @extend_schema(request=AddOnsChangeRequestSerializer, responses={200: ChangedSerializer, 202: ChangedSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(AddOnsChangeRequestSerializer)
        if earlier := self.before():
            return earlier
        proposal = self.wished(given)
        proposal = proposals.hold_to(proposal, given["due_minor"])
        return changed(proposal.subscription, changes.change_plan(proposal, self.asked()))


class SubscriptionAddOnsPreview(AddOnsSurface):
    access = {"POST": roles.BILLING_READ}
    failures = {"POST": [404, 409, 502]}
    unaudited = {"POST": "Reading: nothing is changed."}
    idempotent = False
    repeatable = "It only tells what a change would cost."

    @extend_schema(request=AddOnsRequestSerializer, responses={200: ProposalSerializer})
    def post(self, request: Request) -> Response:
        return Response(ProposalSerializer(self.wished(self.validated(AddOnsRequestSerializer))).data)

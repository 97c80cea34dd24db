"""Everybody's subscriptions, for staff."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.account.subscription import (
    INTERVALS,
    ChangeSerializer,
    EndSerializer,
    SubscriptionSerializer,
    status_of,
)
from billing.api.add_ons import CountedAddOnsField
from billing.models import Subscription, SubscriptionChange
from billing.services import add_on_proposals, add_ons, changes, proposals
from billing.services.proposals import Asked, Proposal
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import OperatorSurface

RELATED = ("organization", "plan__product", "plan_version__plan__product", "price")


class StaffSubscriptionSerializer(SubscriptionSerializer):
    """A subscription as staff see it: whose it is, and what the provider calls it."""

    organization_id = serializers.UUIDField(read_only=True)
    organization_name = serializers.CharField(source="organization.name", read_only=True)

    class Meta(SubscriptionSerializer.Meta):
        fields = [
            "organization_id",
            "organization_name",
            "provider_subscription_id",
            *SubscriptionSerializer.Meta.fields,
        ]
        read_only_fields = fields


class SubscriptionFilterSerializer(StrictSerializer):
    """Which subscriptions a list shows."""

    status = serializers.ChoiceField(choices=Subscription.Status.choices, required=False)
    plan = serializers.SlugField(max_length=60, required=False)
    search = serializers.CharField(max_length=100, required=False)


class SubscriptionUpdateSerializer(StrictSerializer):
    """What staff may change, one thing at a time: its plan (quantity, interval), add-ons, renewal, or its trial.

    Without `timing` more is in force at once, and less with the next period.
    """

    plan = serializers.SlugField(max_length=60, required=False)
    quantity = serializers.IntegerField(min_value=1, max_value=100_000, required=False)
    interval = serializers.ChoiceField(choices=INTERVALS, required=False)
    timing = serializers.ChoiceField(choices=SubscriptionChange.Timing.choices, required=False)
    add_ons = CountedAddOnsField(required=False)
    auto_renew = serializers.BooleanField(required=False)
    trial_ends_at = serializers.DateTimeField(required=False)
    reason = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        wanted = {
            "plan": "plan",
            "quantity": "plan",
            "interval": "plan",
            "add_ons": "addOns",
            "auto_renew": "autoRenew",
            "trial_ends_at": "trialEndsAt",
        }
        things = {wanted[name] for name in given if name in wanted}
        if not things:
            raise serializers.ValidationError(
                {"plan": ["Say what to change: plan, quantity, interval, addOns, autoRenew, trialEndsAt."]}
            )
        if "timing" in given and not things <= {"plan", "addOns"}:
            raise serializers.ValidationError({"timing": ["Only of another plan, quantity, interval or add-ons."]})
        if len(things) > 1:
            raise serializers.ValidationError({name: ["One thing at a time."] for name in sorted(things)})
        return given


class StaffChangedSerializer(StrictSerializer):
    """The subscription as it is now, and the change; none where it was so already."""

    subscription = StaffSubscriptionSerializer()
    change = ChangeSerializer(allow_null=True)


def _changed(pk: UUID, change: SubscriptionChange | None) -> Response:
    now = Subscription.objects.select_related(*RELATED).prefetch_related(add_ons.fetched()).get(pk=pk)
    told = StaffChangedSerializer({"subscription": now, "change": change}).data
    return Response(told, status=status_of(change))


class SubscriptionList(OperatorSurface, generics.ListAPIView[Subscription]):
    """Every subscription there ever was, the newest first."""

    access = {"GET": "billing.view_subscription"}
    serializer_class = StaffSubscriptionSerializer

    def get_queryset(self) -> QuerySet[Subscription]:
        given = self.validated(SubscriptionFilterSerializer, query=True)
        found = (
            Subscription.objects.select_related(*RELATED)
            .prefetch_related(add_ons.fetched())
            .order_by("-created_at", "-id")
        )
        if "status" in given:
            found = found.filter(status=given["status"])
        if "plan" in given:
            found = found.filter(plan__code=given["plan"])
        return found.filter(_matches(given["search"])) if "search" in given else found

    @extend_schema(
        parameters=[
            OpenApiParameter("status", enum=Subscription.Status.values),
            OpenApiParameter("plan", description="A plan's code."),
            OpenApiParameter("search", description="Part of the organization's name, or the provider's id."),
        ]
    )
    def get(self, request: Request) -> Response:
        return self.list(request)


def _matches(text: str) -> Q:
    return Q(organization__name__icontains=text) | Q(provider_subscription_id=text)


class SubscriptionDetail(OperatorSurface):
    access = {"PUT": "billing.change_subscription"}
    failures = {"PUT": [402, 409, 502]}

    @extend_schema(
        request=SubscriptionUpdateSerializer, responses={200: StaffChangedSerializer, 202: StaffChangedSerializer}
    )
    def put(self, request: Request, pk: UUID) -> Response:
        subscription = _found(pk)
        return _changed(pk, self._change(subscription, self.validated(SubscriptionUpdateSerializer)))

    def _change(self, subscription: Subscription, given: dict[str, Any]) -> SubscriptionChange | None:
        asked = Asked(self.actor, given["reason"], is_staff=True)
        if "auto_renew" in given:
            return changes.set_auto_renew(subscription, asked, renews=given["auto_renew"])
        if "trial_ends_at" in given:
            return changes.extend_trial(subscription, asked, ends_at=given["trial_ends_at"])
        return changes.change_plan(proposals.at_provider(self._wished(subscription, given)), asked)

    @staticmethod
    def _wished(subscription: Subscription, given: dict[str, Any]) -> Proposal:
        timing = SubscriptionChange.Timing(given["timing"]) if "timing" in given else None
        if "add_ons" in given:
            return add_on_proposals.propose(subscription, given["add_ons"], timing=timing)
        price, quantity = proposals.target(
            subscription,
            plan=given.get("plan", ""),
            quantity=given.get("quantity"),
            direction=SubscriptionChange.Kind.UPGRADE,
            interval=given.get("interval", ""),
        )
        return proposals.propose(subscription, price, quantity, timing=timing)


class SubscriptionCancel(OperatorSurface):
    access = {"POST": "billing.cancel_subscription"}
    failures = {"POST": [409, 502]}
    idempotent = True

    @extend_schema(request=EndSerializer, responses={200: StaffChangedSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        subscription = _found(pk)
        given = self.validated(EndSerializer)
        if earlier := changes.asked_before(self.idempotency_key):
            return _changed(pk, earlier)
        asked = Asked(self.actor, given["reason"], self.idempotency_key, is_staff=True)
        return _changed(pk, changes.cancel(subscription, asked, now=given["at"] == "now"))


def _found(pk: UUID) -> Subscription:
    return get_object_or_404(Subscription.objects.select_related(*RELATED).prefetch_related(add_ons.fetched()), pk=pk)

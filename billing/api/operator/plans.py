"""Plans, for staff: what is sold, on which terms and at which prices."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.currencies import CurrencyField
from billing.models import Plan, PlanVersion, Price
from billing.models.catalog import LONGEST_TRIAL_DAYS
from billing.models.terms import ENFORCEMENTS, KINDS, LARGEST, LONGEST, MAX_ENTITLEMENTS, MAX_TIERS, RESETS
from billing.services import plan_editing
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import OperatorSurface
from platform_core.errors import NotFound

# What a column of PostgreSQL holds.
MOST = 2**31 - 1


class PlanTierSerializer(StrictSerializer):
    """A step of a price: up to so many units (null: all beyond), for each so much, and an amount once."""

    up_to = serializers.IntegerField(min_value=1, max_value=LARGEST, allow_null=True)
    unit_price_nano = serializers.IntegerField(min_value=0, max_value=LARGEST, default=0)
    amount_minor = serializers.IntegerField(min_value=0, max_value=LARGEST, default=0)


class PlanEntitlementSerializer(StrictSerializer):
    """What a plan gives: something or not (boolean), a value (static), or so much of it (quota)."""

    code = serializers.SlugField(max_length=60)
    kind = serializers.ChoiceField(choices=KINDS)
    value = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    limit = serializers.IntegerField(min_value=0, max_value=LARGEST, required=False, allow_null=True)
    enforcement = serializers.ChoiceField(choices=ENFORCEMENTS, required=False)
    reset = serializers.ChoiceField(choices=RESETS, required=False)


class PlanPriceInputSerializer(StrictSerializer):
    """A price to put on sale; one of the same kind, interval and currency gives it its place."""

    kind = serializers.ChoiceField(choices=Price.Kind.choices, required=False)
    scheme = serializers.ChoiceField(choices=Price.Scheme.choices, required=False)
    interval = serializers.ChoiceField(choices=Price.Interval.choices, required=False)
    currency = CurrencyField()
    amount_minor = serializers.IntegerField(min_value=0, max_value=LARGEST, required=False, allow_null=True)
    unit_price_nano = serializers.IntegerField(min_value=0, max_value=LARGEST, required=False, allow_null=True)
    package_size = serializers.IntegerField(min_value=1, max_value=LARGEST, required=False, allow_null=True)
    tiers = serializers.ListField(child=PlanTierSerializer(), required=False, allow_null=True, max_length=MAX_TIERS)


class PlanTermsSerializer(StrictSerializer):
    """What a plan is called, includes and costs."""

    name = serializers.CharField(max_length=80)
    tier = serializers.CharField(max_length=40, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=Plan.Kind.choices, required=False)
    features = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST), required=False, max_length=MAX_ENTITLEMENTS
    )
    rate_limit = serializers.IntegerField(min_value=1, max_value=MOST, required=False, allow_null=True)
    monthly_limit = serializers.IntegerField(min_value=1, max_value=LARGEST, required=False, allow_null=True)
    token_allotment = serializers.IntegerField(min_value=0, max_value=LARGEST, required=False, allow_null=True)
    trial_days = serializers.IntegerField(min_value=0, max_value=LONGEST_TRIAL_DAYS, required=False)
    # Where a trial ends without a way to pay.
    after_trial = serializers.ChoiceField(choices=PlanVersion.AfterTrial.choices, required=False)
    entitlements = serializers.ListField(child=PlanEntitlementSerializer(), required=False, max_length=MAX_ENTITLEMENTS)
    # Codes of the products that a bundle gives access to.
    covers = serializers.ListField(
        child=serializers.SlugField(max_length=40), required=False, max_length=MAX_ENTITLEMENTS
    )
    prices = serializers.ListField(child=PlanPriceInputSerializer(), required=False, max_length=MAX_TIERS)


class PlanCreateSerializer(PlanTermsSerializer):
    """A new plan of a product; without a rank it becomes its highest."""

    product = serializers.SlugField(max_length=40)
    code = serializers.SlugField(max_length=60)
    rank = serializers.IntegerField(min_value=1, max_value=32_767, required=False)
    is_custom = serializers.BooleanField(required=False)
    # Sold beside any plan of its product, not by itself.
    is_add_on = serializers.BooleanField(required=False)


class PlanUpdateSerializer(PlanTermsSerializer):
    """What to change; what is left out stays."""

    name = serializers.CharField(max_length=80, required=False)


class PlanPriceSerializer(StrictModelSerializer[Price]):
    """A price, and its id at the payment provider once it is published there."""

    currency = CurrencyField(read_only=True)
    tiers = PlanTierSerializer(many=True, read_only=True, allow_null=True)

    class Meta:
        model = Price
        fields = [
            "id",
            "kind",
            "scheme",
            "interval",
            "currency",
            "amount_minor",
            "unit_price_nano",
            "package_size",
            "tiers",
            "lookup_key",
            "provider_price_id",
            "is_active",
        ]
        read_only_fields = fields


class PlanSerializer(StrictModelSerializer[Plan]):
    """A plan on the terms that it is sold on now."""

    product = serializers.CharField(source="product.code", read_only=True)
    version = serializers.IntegerField(source="current.number", read_only=True)
    features = serializers.ListField(source="current.features", child=serializers.CharField(), read_only=True)
    rate_limit = serializers.IntegerField(source="current.rate_limit", read_only=True, allow_null=True)
    monthly_limit = serializers.IntegerField(source="current.monthly_limit", read_only=True, allow_null=True)
    token_allotment = serializers.IntegerField(source="current.token_allotment", read_only=True, allow_null=True)
    trial_days = serializers.IntegerField(source="current.trial_days", read_only=True)
    after_trial = serializers.ChoiceField(
        source="current.after_trial", choices=PlanVersion.AfterTrial.choices, read_only=True
    )
    entitlements = PlanEntitlementSerializer(source="current.granted", many=True, read_only=True)
    covers = serializers.ListField(source="current.covers", child=serializers.CharField(), read_only=True)
    prices = PlanPriceSerializer(many=True, read_only=True)

    class Meta:
        model = Plan
        fields = [
            "id",
            "code",
            "product",
            "name",
            "tier",
            "description",
            "kind",
            "status",
            "rank",
            "is_custom",
            "is_add_on",
            "version",
            "features",
            "rate_limit",
            "monthly_limit",
            "token_allotment",
            "trial_days",
            "after_trial",
            "entitlements",
            "covers",
            "prices",
            "created_at",
        ]
        read_only_fields = fields


class AffectedSerializer(StrictSerializer):
    """Live subscriptions of the plan. All of them stay on the version and at the price they were bought on."""

    subscription_count = serializers.IntegerField()
    organization_count = serializers.IntegerField()
    # Of them, those on an earlier version than the one that is sold now.
    earlier_version_count = serializers.IntegerField()


class ChangedPlanSerializer(PlanSerializer):
    """The plan after a change, and whom it leaves on what they have."""

    affected = AffectedSerializer(read_only=True)

    class Meta(PlanSerializer.Meta):
        fields = [*PlanSerializer.Meta.fields, "affected"]
        read_only_fields = fields


class PlanFilterSerializer(StrictSerializer):
    """Which plans a list shows."""

    status = serializers.ChoiceField(choices=Plan.Status.choices, required=False)
    product = serializers.SlugField(max_length=40, required=False)
    # Read by the page itself.
    page = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


def shown() -> QuerySet[Plan]:
    """Plans with what is shown of them."""
    on_sale = Prefetch("prices", Price.objects.filter(is_active=True).order_by("kind", "interval", "currency"))
    return Plan.objects.select_related("product", "current").prefetch_related(on_sale)


class PlanList(OperatorSurface, generics.ListAPIView[Plan]):
    """Every plan, archived ones too; staff add new ones here."""

    access = {"GET": "billing.view_plan", "POST": "billing.add_plan"}
    failures = {"POST": [409]}
    idempotent = True
    serializer_class = PlanSerializer

    def get_queryset(self) -> QuerySet[Plan]:
        given = self.validated(PlanFilterSerializer, query=True)
        found = shown().order_by("product__position", "product__code", "rank")
        if "status" in given:
            found = found.filter(status=given["status"])
        return found.filter(product__code=given["product"]) if "product" in given else found

    @extend_schema(
        parameters=[
            OpenApiParameter("status", enum=Plan.Status.values),
            OpenApiParameter("product", description="A product's code."),
        ]
    )
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(request=PlanCreateSerializer, responses={201: PlanSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(PlanCreateSerializer)
        plan = plan_editing.add(given.pop("product"), given, by=self.actor)
        return Response(PlanSerializer(shown().get(pk=plan.pk)).data, status=status.HTTP_201_CREATED)


class PlanDetail(OperatorSurface):
    """One plan: its terms change by a new version, and it goes by being archived."""

    access = {"PUT": "billing.change_plan", "DELETE": "billing.delete_plan"}
    failures = {"PUT": [409]}

    @extend_schema(request=PlanUpdateSerializer, responses={200: ChangedPlanSerializer})
    def put(self, request: Request, pk: UUID) -> Response:
        given = self.validated(PlanUpdateSerializer)
        return self._told(plan_editing.change(_found(pk), given, by=self.actor))

    @extend_schema(responses={200: ChangedPlanSerializer})
    def delete(self, request: Request, pk: UUID) -> Response:
        return self._told(plan_editing.archive(_found(pk), by=self.actor))

    def _told(self, plan: Plan) -> Response:
        changed: Any = shown().get(pk=plan.pk)
        changed.affected = plan_editing.affected_by(changed)
        return Response(ChangedPlanSerializer(changed).data)


def _found(pk: UUID) -> Plan:
    plan = Plan.objects.filter(pk=pk).first()
    if plan is None:
        raise NotFound("Not found.")
    return plan

"""The catalog as consumers see and keep it."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.currencies import CurrencyField
from billing.models import Price
from billing.services import catalog, pricing_items
from platform_core.api import access
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import InternalSurface

LARGEST = 10**15
KINDS = [(Price.Kind.RECURRING, "Recurring"), (Price.Kind.ONE_OFF, "One-off")]


class TierSerializer(StrictSerializer):
    """Up to so many (none: without an end) each costs so much, and the tier once so much."""

    up_to = serializers.IntegerField(min_value=1, max_value=LARGEST, allow_null=True)
    unit_price_nano = serializers.IntegerField(min_value=0, max_value=LARGEST, default=0)
    amount_minor = serializers.IntegerField(min_value=0, max_value=LARGEST, default=0)


class PricingItemSerializer(StrictModelSerializer[Price]):
    """A price of a plan under its code. It never changes: another takes its place under the same code."""

    code = serializers.CharField(source="lookup_key", read_only=True)
    name = serializers.CharField(source="plan.name", read_only=True)
    description = serializers.CharField(source="plan.description", read_only=True)
    product_code = serializers.CharField(source="plan.product.code", read_only=True)
    plan_code = serializers.CharField(source="plan.code", read_only=True)
    tier = serializers.CharField(source="plan.tier", read_only=True)
    features = serializers.ListField(child=serializers.CharField(), source="plan.features", read_only=True)
    trial_days = serializers.IntegerField(source="plan.trial_days", read_only=True)
    currency = CurrencyField(read_only=True)
    tiers = serializers.SerializerMethodField()
    is_published = serializers.SerializerMethodField()

    class Meta:
        model = Price
        fields = [
            "id",
            "code",
            "name",
            "description",
            "product_code",
            "plan_code",
            "tier",
            "features",
            "trial_days",
            "kind",
            "interval",
            "scheme",
            "currency",
            "amount_minor",
            "package_size",
            "tiers",
            "is_active",
            "is_published",
            "created_at",
        ]
        read_only_fields = fields

    def get_is_published(self, price: Price) -> bool:
        return bool(price.provider_price_id)

    @extend_schema_field(TierSerializer(many=True, allow_null=True))
    def get_tiers(self, price: Price) -> list[dict[str, Any]] | None:
        """Of a graduated or volume price."""
        if price.tiers is None:
            return None
        return [
            {"upTo": tier.up_to, "unitPriceNano": tier.unit_price_nano, "amountMinor": tier.amount_minor}
            for tier in price.steps
        ]


class PricingItemFilterSerializer(StrictSerializer):
    active = serializers.BooleanField(required=False, help_text="Only what is on sale, or only what is not.")
    product = serializers.CharField(required=False, max_length=40)


class _PricingItemTermsSerializer(StrictSerializer):
    name = serializers.CharField(max_length=80, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    scheme = serializers.ChoiceField(choices=Price.Scheme.choices, required=False)
    amount_minor = serializers.IntegerField(min_value=0, max_value=LARGEST, required=False, allow_null=True)
    package_size = serializers.IntegerField(min_value=1, max_value=LARGEST, required=False, allow_null=True)
    tiers = TierSerializer(many=True, required=False, allow_null=True)


class PricingItemCreateSerializer(_PricingItemTermsSerializer):
    """Of a plan, or of a product: then the item gets a plan of its own. `kind` one_off is paid once."""

    code = serializers.RegexField(r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)
    plan = serializers.SlugField(max_length=60, required=False)
    product = serializers.SlugField(max_length=40, required=False)
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    interval = serializers.ChoiceField(choices=Price.Interval.choices, required=False)
    currency = CurrencyField(required=False)


class PricingItemUpdateSerializer(_PricingItemTermsSerializer):
    active = serializers.BooleanField(required=False)


class PaymentPricingItemList(InternalSurface):
    access = {"GET": access.INTERNAL, "POST": access.INTERNAL}
    failures = {"POST": (409, 502)}
    idempotent = True

    @extend_schema(parameters=[PricingItemFilterSerializer], responses={200: PricingItemSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """What is or was sold."""
        asked = self.validated(PricingItemFilterSerializer, query=True)
        return self.page(pricing_items.items(**asked), PricingItemSerializer)

    @extend_schema(request=PricingItemCreateSerializer, responses={201: PricingItemSerializer})
    def post(self, request: Request) -> Response:
        """Put an item on sale; it is published at the payment provider at once. After a 502 send the same again."""
        given = self.validated(PricingItemCreateSerializer)
        item = catalog.published(pricing_items.add(given.pop("code"), given))
        return Response(PricingItemSerializer(item).data, status=status.HTTP_201_CREATED)


class PaymentPricingItemDetail(InternalSurface):
    access = {"PATCH": access.INTERNAL, "DELETE": access.INTERNAL}
    failures = {"PATCH": (409, 502)}

    @extend_schema(request=PricingItemUpdateSerializer, responses={200: PricingItemSerializer})
    def patch(self, request: Request, pk: UUID) -> Response:
        """Another amount makes another item under the same code, with an id of its own: whoever bought keeps theirs."""
        item = pricing_items.change(self._item(pk), self.validated(PricingItemUpdateSerializer))
        return Response(PricingItemSerializer(catalog.published(item)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Take it from sale."""
        pricing_items.archive(self._item(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _item(self, pk: UUID) -> Price:
        return get_object_or_404(pricing_items.items(), pk=pk)

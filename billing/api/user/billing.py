"""Buying a plan; and for staff, putting plans on sale."""

from typing import Any

from django.conf import settings
from django.core.validators import URLValidator
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.add_ons import CheckoutAddOnsField
from billing.api.operator.plans import PlanPriceSerializer
from billing.models import Plan, Price
from billing.services import carts, catalog, coupons
from billing.services.checkout import start_checkout
from billing.services.plans import plan_for, price_of
from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.models import Product
from platform_core.api.strict import Nothing, StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import OperatorSurface, PersonSurface


class WebAddress(serializers.CharField):
    """An absolute http or https address. `{CHECKOUT_SESSION_ID}` in it becomes the session's id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=500, validators=[URLValidator(schemes=["http", "https"])], **kwargs)


class CheckoutRequestSerializer(StrictSerializer):
    """What to buy: a plan, or one step up. Where to return to: the portal, unless told otherwise."""

    product = serializers.SlugField(max_length=40, required=False, default="")
    plan = serializers.SlugField(max_length=60, required=False, default="")
    interval = serializers.ChoiceField(choices=Price.Interval.choices, required=False, default=Price.Interval.MONTH)
    add_ons = CheckoutAddOnsField(required=False, default=dict)
    coupon = serializers.CharField(max_length=40, required=False, default="")
    success_url = WebAddress(required=False, default="")
    cancel_url = WebAddress(required=False, default="")


class CheckoutSerializer(StrictSerializer):
    """Where to send the buyer: the same address under both of its names."""

    url = serializers.URLField()
    checkout_url = serializers.URLField()


class CheckoutSurface(OrganizationSurface):
    """Opens a checkout for the organization of the request."""

    access = {"POST": roles.BILLING_MANAGE}
    failures = {"POST": [409, 502]}
    idempotent = True
    unaudited = {"POST": "Asked again after no answer, it goes on with the session whose start was audited."}

    def start(self) -> Response:
        given = self.validated(CheckoutRequestSerializer)
        plan = plan_for(self.organization, product=given.pop("product"), plan=given.pop("plan"))
        wishes = carts.Wishes(add_ons=given.pop("add_ons"), coupon=given.pop("coupon"))
        cart = carts.fill(price_of(plan, interval=given.pop("interval")), self.organization, wishes)
        session = start_checkout(cart, organization=self.organization, by=self.actor, **given)
        found = CheckoutSerializer({"url": session.url, "checkout_url": session.url})
        return Response(found.data, status=status.HTTP_201_CREATED)


class BillingCheckout(CheckoutSurface):
    @extend_schema(request=CheckoutRequestSerializer, responses={201: CheckoutSerializer})
    def post(self, request: Request) -> Response:
        return self.start()


class OrganizationCheckout(CheckoutSurface):
    @extend_schema(request=CheckoutRequestSerializer, responses={201: CheckoutSerializer})
    def post(self, request: Request, organization_id: str) -> Response:
        return self.start()


class BillingStatusSerializer(StrictSerializer):
    """Whether anything can be bought here, and whether with real money."""

    enabled = serializers.BooleanField()
    mode = serializers.ChoiceField(choices=["sandbox", "test", "live"])


class BillingStatus(PersonSurface):
    access = {"GET": "person"}

    @extend_schema(responses={200: BillingStatusSerializer})
    def get(self, request: Request) -> Response:
        mode = "sandbox" if settings.SANDBOX else "live" if settings.STRIPE_LIVE_MODE else "test"
        return Response(BillingStatusSerializer({"enabled": bool(settings.STRIPE_SECRET_KEY), "mode": mode}).data)


class SoldPlanSerializer(StrictModelSerializer[Plan]):
    """A plan with its prices."""

    prices = PlanPriceSerializer(many=True, read_only=True)
    token_allotment = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = Plan
        fields = [
            "id",
            "code",
            "name",
            "tier",
            "kind",
            "status",
            "rank",
            "token_allotment",
            "is_custom",
            "is_add_on",
            "prices",
        ]
        read_only_fields = fields


class SoldProductSerializer(StrictModelSerializer[Product]):
    """A product with its plans."""

    plans = SoldPlanSerializer(many=True, read_only=True)

    class Meta:
        model = Product
        fields = ["id", "code", "name", "description", "is_bundle", "plans"]
        read_only_fields = fields


class BillingProductList(OperatorSurface, generics.ListAPIView[Product]):
    access = {"GET": "billing.view_plan"}
    serializer_class = SoldProductSerializer

    def get_queryset(self) -> QuerySet[Product]:
        return Product.objects.prefetch_related(
            Prefetch("plans", Plan.objects.select_related("current")), "plans__prices"
        )


class RefusedSerializer(StrictSerializer):
    """A price or a coupon that the payment provider does not take."""

    code = serializers.CharField()
    reason = serializers.CharField()


class SetupSerializer(StrictSerializer):
    """How many prices and coupons were published just now; those that already were do not count.

    A price that the provider refused was taken from sale; a coupon waits until what is wrong is mended.
    """

    published = serializers.IntegerField()
    refused = RefusedSerializer(many=True)
    coupons = serializers.IntegerField()
    refused_coupons = RefusedSerializer(many=True)


class BillingSetup(OperatorSurface):
    access = {"POST": "billing.publish_price"}
    failures = {"POST": [502]}
    idempotent = True

    @extend_schema(request=Nothing, responses={200: SetupSerializer})
    def post(self, request: Request) -> Response:
        self.validated(Nothing)
        catalog.load_price_list()
        prices = catalog.publish_prices(by=self.actor)
        theirs = coupons.publish(by=self.actor)
        done = {"published": prices.count, "refused": prices.refused}
        return Response(SetupSerializer({**done, "coupons": theirs.count, "refused_coupons": theirs.refused}).data)

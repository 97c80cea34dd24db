"""What a customer's period in hand comes to, and what the earlier ones came to."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import selectors
from billing.api.currencies import CurrencyField
from billing.models import BillingPeriod, InvoiceItem, InvoiceLine, Subscription, UsageBucket
from billing.services import rating
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import CustomerSurface
from platform_core.errors import NotFound


class ChosenSubscriptionSerializer(StrictSerializer):
    """Which subscription; without one, the live and metered one of the organization in use."""

    subscription = serializers.UUIDField(required=False, default=None)


def chosen_subscription(view: CustomerSurface, subscription_id: UUID | None) -> Subscription | None:
    """The subscription that a request is about; 404 for one that the caller may not see."""
    visible = view.narrow(Subscription.objects.all())
    if subscription_id is not None:
        found = selectors.metered_subscription(visible.filter(pk=subscription_id))
        if found is None:
            raise NotFound("Not found.")
        return found
    in_use: UUID | None = getattr(view.request.auth, "organization_id", None)
    return selectors.metered_subscription(visible.filter(organization_id=in_use) if in_use else visible)


class MeteredSubscriptionSerializer(StrictModelSerializer[Subscription]):
    """The subscription that the figures are of."""

    plan = serializers.CharField(source="plan.name", read_only=True)
    tier = serializers.CharField(source="plan.tier", read_only=True)

    class Meta:
        model = Subscription
        fields = ["id", "plan", "tier", "status", "quantity", "cancel_at_period_end", "ended_at"]
        read_only_fields = fields


class PresentPeriodSerializer(StrictSerializer):
    """The period in hand as it stands now: estimates until it closes. Without a subscription null and zero."""

    subscription = MeteredSubscriptionSerializer(allow_null=True)
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)
    currency = CurrencyField(allow_null=True)
    token_allotment = serializers.IntegerField(allow_null=True)
    tokens_used = serializers.IntegerField()
    overage_tokens = serializers.IntegerField()
    overage_minor = serializers.IntegerField()
    base_minor = serializers.IntegerField()
    # What closed periods came to that is not on an invoice yet.
    uncharged_minor = serializers.IntegerField()


NO_PERIOD: dict[str, Any] = {
    "period_start": None,
    "period_end": None,
    "currency": None,
    "token_allotment": None,
    "tokens_used": 0,
    "overage_tokens": 0,
    "overage_minor": 0,
    "base_minor": 0,
    "uncharged_minor": 0,
}


class BillingSummary(CustomerSurface):
    access = {"GET": "customer"}
    failures = {"GET": [404]}

    @extend_schema(parameters=[ChosenSubscriptionSerializer], responses={200: PresentPeriodSerializer})
    def get(self, request: Request) -> Response:
        given = self.validated(ChosenSubscriptionSerializer, query=True)
        subscription = chosen_subscription(self, given["subscription"])
        period = selectors.latest_period(subscription) if subscription else None
        content = _present(period) if period else NO_PERIOD
        return Response(PresentPeriodSerializer({**content, "subscription": subscription}).data)


def _present(period: BillingPeriod) -> dict[str, Any]:
    used = UsageBucket.objects.counted_in(period).tokens()
    terms = rating.terms_of(period)
    base, over = rating.rate(terms, rating.Usage(used))[0], rating.overage(terms, rating.Usage(used))
    uncharged = InvoiceItem.objects.uncharged().filter(period__subscription=period.subscription_id)
    return {
        "period_start": period.starts_at,
        "period_end": period.ends_at,
        "currency": period.currency,
        "token_allotment": period.token_allotment,
        "tokens_used": used,
        "overage_tokens": over.quantity,
        "overage_minor": over.amount_minor,
        "base_minor": base.amount_minor,
        "uncharged_minor": sum(uncharged.values_list("amount_minor", flat=True)),
    }


class ChargedLineSerializer(StrictModelSerializer[InvoiceLine]):
    """The line of an invoice on which a period's tokens were charged."""

    invoice_id = serializers.UUIDField(read_only=True)
    number = serializers.CharField(source="invoice.number", read_only=True)
    status = serializers.CharField(source="invoice.status", read_only=True)

    class Meta:
        model = InvoiceLine
        fields = ["invoice_id", "number", "status", "kind", "quantity", "amount_minor"]
        read_only_fields = fields


class ClosedPeriodSerializer(StrictModelSerializer[BillingPeriod]):
    """A closed period: the frozen figures, the terms they were rated on, the seal, and where they were charged."""

    subscription_id = serializers.UUIDField(read_only=True)
    plan = serializers.CharField(source="price.plan.name", read_only=True)
    currency = CurrencyField(read_only=True)
    period_start = serializers.DateTimeField(source="starts_at", read_only=True)
    period_end = serializers.DateTimeField(source="ends_at", read_only=True)
    evidence_sha256 = serializers.CharField(source="evidence.sha256", read_only=True)
    charges = ChargedLineSerializer(source="invoice_lines", many=True, read_only=True)

    class Meta:
        model = BillingPeriod
        fields = [
            "id",
            "subscription_id",
            "plan",
            "status",
            "period_start",
            "period_end",
            "currency",
            "quantity",
            "base_unit_minor",
            "token_allotment",
            "unit_price_nano",
            "tokens_used",
            "overage_tokens",
            "overage_minor",
            "evidence_sha256",
            "closed_at",
            "invoiced_at",
            "charges",
        ]
        read_only_fields = fields


class BillingHistory(CustomerSurface, generics.ListAPIView[BillingPeriod]):
    access = {"GET": "customer"}
    serializer_class = ClosedPeriodSerializer

    def get_queryset(self) -> QuerySet[BillingPeriod]:
        closed = BillingPeriod.objects.exclude(status=BillingPeriod.Status.OPEN).select_related("price__plan")
        return closed.prefetch_related("invoice_lines__invoice").order_by("-starts_at")

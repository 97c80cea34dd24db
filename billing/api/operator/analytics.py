"""Recurring revenue, for staff: the figures, and the rows behind each."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.currencies import ByCurrencyField, CurrencyField
from billing.models import MrrMovement, Payment
from billing.revenue import summary
from billing.revenue.behind import Behind, movements, tries
from platform_core import months
from platform_core.api.months import MonthField, SpanSerializer
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import OperatorSurface

BASIS_POINTS = "In basis points: 10000 is all of it. Null where nothing is there to divide by."


class RateField(serializers.IntegerField):
    """A share in basis points."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(allow_null=True, help_text=BASIS_POINTS, **kwargs)  # type: ignore[arg-type]


class MonthOfRevenueSerializer(StrictSerializer):
    """One month: what it began with and the five kinds of movement sum to `mrrMinor`."""

    month = MonthField()
    opening_minor = serializers.IntegerField()
    new_minor = serializers.IntegerField()
    expansion_minor = serializers.IntegerField()
    contraction_minor = serializers.IntegerField()
    churn_minor = serializers.IntegerField()
    reactivation_minor = serializers.IntegerField()
    mrr_minor = serializers.IntegerField()
    arr_minor = serializers.IntegerField()
    net_retention = RateField(source="nrr")
    gross_retention = RateField(source="grr")


class CurrencyRevenueSerializer(StrictSerializer):
    """Everything in one currency, at the end of the last month and month by month. Nothing is converted."""

    currency = CurrencyField()
    mrr_minor = serializers.IntegerField()
    arr_minor = serializers.IntegerField()
    arpa_minor = serializers.IntegerField(allow_null=True)
    ltv_minor = serializers.IntegerField(allow_null=True)
    customer_count = serializers.IntegerField()
    net_retention = RateField(source="retention.nrr")
    gross_retention = RateField(source="retention.grr")
    months = MonthOfRevenueSerializer(many=True)


class MonthOfCustomersSerializer(StrictSerializer):
    """One month of paying customers, whatever their currency."""

    month = MonthField()
    opening_count = serializers.IntegerField()
    new_count = serializers.IntegerField()
    reactivated_count = serializers.IntegerField()
    churned_count = serializers.IntegerField()
    count = serializers.IntegerField()
    churn = RateField()


class CohortMonthSerializer(StrictSerializer):
    """What is left of a cohort so many months after it began."""

    month = MonthField()
    age = serializers.IntegerField()
    customer_count = serializers.IntegerField()
    retained = RateField()
    mrr_minor = ByCurrencyField()


class CohortSerializer(StrictSerializer):
    """The customers who began to pay in one month."""

    cohort = MonthField()
    customer_count = serializers.IntegerField()
    months = CohortMonthSerializer(many=True)


class TrialsSerializer(StrictSerializer):
    """Trials that began in the months."""

    began_count = serializers.IntegerField()
    ended_count = serializers.IntegerField()
    converted_count = serializers.IntegerField()
    conversion = RateField()


class PaymentCountSerializer(StrictSerializer):
    """Tries to collect money that were answered, and how many of them succeeded."""

    attempt_count = serializers.IntegerField()
    succeeded_count = serializers.IntegerField()
    failed_count = serializers.IntegerField()
    success = RateField()


class CurrencyPaymentsSerializer(PaymentCountSerializer):
    """The tries in one currency."""

    currency = CurrencyField()


class MonthOfPaymentsSerializer(CurrencyPaymentsSerializer):
    """The tries of one month in one currency."""

    month = MonthField()


class PaymentsSerializer(PaymentCountSerializer):
    """The tries that were made in the months, in whichever currency, then by currency and by month."""

    currencies = CurrencyPaymentsSerializer(many=True)
    months = MonthOfPaymentsSerializer(many=True)


class PaymentSerializer(StrictModelSerializer[Payment]):
    """One try to collect money."""

    organization_name = serializers.CharField(source="organization.name", read_only=True)
    invoice_number = serializers.CharField(source="invoice.number", default=None, read_only=True)
    currency = CurrencyField(read_only=True)

    class Meta:
        model = Payment
        fields = [
            "id",
            "status",
            "amount_minor",
            "currency",
            "method",
            "failure",
            "created_at",
            "paid_at",
            "organization_id",
            "organization_name",
            "invoice_id",
            "invoice_number",
        ]
        read_only_fields = fields


class PaymentFilterSerializer(SpanSerializer):
    """Which tries a number counts."""

    outcome = serializers.ChoiceField(choices=["succeeded", "failed"], required=False)
    currency = CurrencyField(required=False)


class RevenueSerializer(StrictSerializer):
    """Recurring revenue over whole months."""

    from_month = MonthField(source="span.first")
    to_month = MonthField(source="span.last")
    currencies = CurrencyRevenueSerializer(many=True)
    customers = MonthOfCustomersSerializer(many=True)
    churn = RateField()
    cohorts = CohortSerializer(many=True)
    trials = TrialsSerializer()
    payments = PaymentsSerializer()


class AnalyticsRevenue(OperatorSurface):
    """MRR, ARR, retention, churn, cohorts, trials and payments, each by the formula of `billing/revenue/figures.py`."""

    access = {"GET": "billing.view_mrrmovement"}

    @extend_schema(parameters=[SpanSerializer], responses={200: RevenueSerializer})
    def get(self, request: Request) -> Response:
        given = self.validated(SpanSerializer, query=True)
        span = months.months(given["from_month"], given["to_month"])
        return Response(RevenueSerializer(summary.revenue(span)).data)


class MovementSerializer(StrictModelSerializer[MrrMovement]):
    """One change of what a subscription brings a month."""

    organization_name = serializers.CharField(source="organization.name", read_only=True)
    plan = serializers.CharField(source="subscription.plan.code", read_only=True)
    currency = CurrencyField(read_only=True)
    month = MonthField(source="month_on", read_only=True)
    cohort = MonthField(source="cohort_on", read_only=True)

    class Meta:
        model = MrrMovement
        fields = [
            "id",
            "kind",
            "amount_minor",
            "currency",
            "occurred_at",
            "month",
            "cohort",
            "organization_id",
            "organization_name",
            "subscription_id",
            "plan",
        ]
        read_only_fields = fields


class MovementFilterSerializer(StrictSerializer):
    """Which movements a number sums: `month` for what moved in it, `until` for what was there at its end."""

    month = MonthField(required=False)
    until = MonthField(required=False)
    kind = serializers.ChoiceField(choices=MrrMovement.Kind.choices, required=False)
    currency = CurrencyField(required=False)
    cohort = MonthField(required=False)
    organization_id = serializers.UUIDField(required=False)


class AnalyticsRevenueMovements(OperatorSurface, generics.ListAPIView[MrrMovement]):
    """The rows behind a number of the revenue, the latest first."""

    access = {"GET": "billing.view_mrrmovement"}
    serializer_class = MovementSerializer

    @extend_schema(parameters=[MovementFilterSerializer])
    def get(self, request: Request) -> Response:
        return self.list(request)

    def get_queryset(self) -> QuerySet[MrrMovement]:
        return movements(Behind(**self.validated(MovementFilterSerializer, query=True)))


class AnalyticsRevenuePayments(OperatorSurface, generics.ListAPIView[Payment]):
    """The tries to collect money that the payment success rate counts, the latest first."""

    access = {"GET": "billing.view_payment"}
    serializer_class = PaymentSerializer

    @extend_schema(parameters=[PaymentFilterSerializer])
    def get(self, request: Request) -> Response:
        return self.list(request)

    def get_queryset(self) -> QuerySet[Payment]:
        given = self.validated(PaymentFilterSerializer, query=True)
        span = months.months(given["from_month"], given["to_month"])
        return tries(span, outcome=given.get("outcome", ""), currency=given.get("currency", ""))

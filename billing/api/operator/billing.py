"""The report of revenue, and every organization's invoices, for staff."""

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import revenue_files
from billing.api.currencies import CurrencyField
from billing.api.operator.analytics import RevenueSerializer
from billing.models import Invoice
from billing.revenue import summary
from platform_core import months
from platform_core.api.months import SpanSerializer
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import OperatorSurface


class ReportRequestSerializer(SpanSerializer):
    """Which months, and in which form. CSV has amounts in minor units and rates in basis points."""

    format = serializers.ChoiceField(choices=["json", *revenue_files.MEDIA_TYPES], required=False, default="json")


class RevenueReport(OperatorSurface):
    access = {"GET": "billing.view_mrrmovement"}

    @extend_schema(
        parameters=[ReportRequestSerializer],
        responses={
            (200, "application/json"): RevenueSerializer,
            **{(200, media.partition(";")[0]): OpenApiTypes.BINARY for media in revenue_files.MEDIA_TYPES.values()},
        },
    )
    def get(self, request: Request) -> Response | HttpResponse:
        given = self.validated(ReportRequestSerializer, query=True)
        found = summary.revenue(months.months(given["from_month"], given["to_month"]))
        form = given["format"]
        if form == "json":
            return Response(RevenueSerializer(found).data)
        return revenue_files.answer(found, form)


class StaffInvoiceSerializer(StrictModelSerializer[Invoice]):
    """An invoice under our number, whose it is, and what became of it."""

    organization_id = serializers.UUIDField(read_only=True)
    organization_name = serializers.CharField(source="organization.name", read_only=True)
    subscription_id = serializers.UUIDField(read_only=True, allow_null=True)
    currency = CurrencyField(read_only=True)
    due_minor = serializers.IntegerField(read_only=True)

    class Meta:
        model = Invoice
        fields = [
            "id",
            "organization_id",
            "organization_name",
            "subscription_id",
            "number",
            "provider_number",
            "status",
            "currency",
            "subtotal_minor",
            "discount_minor",
            "tax_minor",
            "total_minor",
            "paid_minor",
            "credited_minor",
            "due_minor",
            "period_start",
            "period_end",
            "issued_at",
            "paid_at",
            "discrepancy",
        ]
        read_only_fields = fields


class InvoiceFilterSerializer(StrictSerializer):
    """Which invoices a list shows. Times are of issue: from the first on, before the second."""

    status = serializers.ChoiceField(choices=Invoice.Status.choices, required=False)
    currency = CurrencyField(required=False)
    organization_id = serializers.UUIDField(required=False)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    search = serializers.CharField(max_length=100, required=False)
    # Read by the page itself.
    page = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


LOOKUPS = {"since": "issued_at__gte", "until": "issued_at__lt", "organization_id": "organization"}


def _matches(text: str) -> Q:
    return Q(number__icontains=text) | Q(provider_number__icontains=text) | Q(organization__name__icontains=text)


class InvoiceList(OperatorSurface, generics.ListAPIView[Invoice]):
    """Every invoice, the newest first."""

    access = {"GET": "billing.view_invoice"}
    serializer_class = StaffInvoiceSerializer

    def get_queryset(self) -> QuerySet[Invoice]:
        given = self.validated(InvoiceFilterSerializer, query=True)
        found = Invoice.objects.select_related("organization").order_by("-issued_at", "-pk")
        named = {name: value for name, value in given.items() if name not in ("search", "page", "page_size")}
        found = found.filter(**{LOOKUPS.get(name, name): value for name, value in named.items()})
        return found.filter(_matches(given["search"])) if "search" in given else found

    @extend_schema(
        parameters=[
            OpenApiParameter("status", enum=Invoice.Status.values),
            OpenApiParameter("currency", description="ISO 4217."),
            OpenApiParameter("organizationId", OpenApiTypes.UUID),
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="Issued then or later."),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="Issued before."),
            OpenApiParameter("search", description="Part of a number, or of an organization's name."),
        ]
    )
    def get(self, request: Request) -> Response:
        return self.list(request)

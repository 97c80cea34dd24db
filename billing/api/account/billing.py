"""Invoices of the organization in use: the list, and each as a PDF."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.currencies import CurrencyField
from billing.models import BillingProfile, Invoice, InvoiceLine
from billing.services import billing_profiles
from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from platform_core.api.strict import Nothing, StrictModelSerializer
from platform_core.errors import Conflict

PDF = "application/pdf"
PERIOD = ("period_start", "period_end")


class InvoiceLineSerializer(StrictModelSerializer[InvoiceLine]):
    """One line. A price per token is an integer of billionths of a minor unit."""

    class Meta:
        model = InvoiceLine
        fields = [
            "kind",
            "description",
            "quantity",
            "unit_price_nano",
            "amount_minor",
            "discount_minor",
            "tax_minor",
            *PERIOD,
        ]
        read_only_fields = fields


class InvoiceSerializer(StrictModelSerializer[Invoice]):
    """An invoice with its lines."""

    subscription_id = serializers.UUIDField(read_only=True, allow_null=True)
    currency = CurrencyField(read_only=True)
    due_minor = serializers.IntegerField(read_only=True)
    lines = InvoiceLineSerializer(many=True, read_only=True)

    class Meta:
        model = Invoice
        fields = [
            "id",
            "subscription_id",
            "number",
            "status",
            "currency",
            "subtotal_minor",
            "discount_minor",
            "tax_minor",
            "total_minor",
            "paid_minor",
            "wallet_minor",
            "credited_minor",
            "due_minor",
            "tax_note",
            "period_start",
            "period_end",
            "issued_at",
            "finalized_at",
            "paid_at",
            "payment_error",
            "lines",
        ]
        read_only_fields = fields


class InvoiceList(OrganizationSurface, generics.ListAPIView[Invoice]):
    access = {"GET": roles.BILLING_READ}
    serializer_class = InvoiceSerializer

    def get_queryset(self) -> QuerySet[Invoice]:
        issued = Invoice.objects.filter(organization=self.organization).exclude(status=Invoice.Status.DRAFT)
        return issued.prefetch_related("lines")


class BillingDetailsSerializer(StrictModelSerializer[BillingProfile]):
    """Whom invoices are made out to. What is left out stays; final invoices stay as they are."""

    class Meta:
        model = BillingProfile
        fields = list(billing_profiles.FIELDS)


class BillingDetails(OrganizationSurface):
    """Name, address and tax id that stand on the organization's next invoices."""

    access = {"GET": roles.BILLING_READ, "PATCH": roles.BILLING_MANAGE}
    unaudited = {"PATCH": "What is set is audited; that there is now a row to set it in is not."}

    @extend_schema(responses=BillingDetailsSerializer)
    def get(self, request: Request) -> Response:
        profile = BillingProfile.objects.filter(organization=self.organization).first()
        return Response(BillingDetailsSerializer(profile or BillingProfile()).data)

    @extend_schema(request=BillingDetailsSerializer, responses=BillingDetailsSerializer)
    def patch(self, request: Request) -> Response:
        given = self.validated(BillingDetailsSerializer)
        profile = billing_profiles.update(self.organization, given, by=self.actor)
        return Response(BillingDetailsSerializer(profile).data)


class InvoiceDownload(OrganizationSurface):
    access = {"POST": roles.BILLING_READ}
    failures = {"POST": [409]}
    unaudited = {"POST": "Reading: it makes nothing but a copy."}
    repeatable = "it makes a link to what there is"

    @extend_schema(request=Nothing, responses={(200, PDF): OpenApiTypes.BINARY})
    def post(self, request: Request, pk: UUID) -> HttpResponse:
        # What draws pages takes half a second to load: a process that prints none does without.
        from billing.services import invoice_pdf  # noqa: PLC0415

        self.validated(Nothing)
        invoices = self.narrow(Invoice.objects.filter(organization=self.organization))
        invoice = get_object_or_404(invoices.select_related("organization", "subscription__plan"), pk=pk)
        if invoice.status == Invoice.Status.DRAFT:
            raise Conflict("This invoice is a draft: it can still change.")
        headers = {
            "Content-Disposition": f'attachment; filename="{invoice_pdf.file_name(invoice)}"',
            "Cache-Control": "private, no-store",
        }
        return HttpResponse(invoice_pdf.render(invoice), content_type=PDF, headers=headers)

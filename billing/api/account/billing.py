"""Invoices of the organization in use: the list, and each as a PDF."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request

from billing.models import Invoice, InvoiceLine
from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from platform_core.api.strict import Nothing, StrictModelSerializer
from platform_core.errors import Conflict

PDF = "application/pdf"


class InvoiceLineSerializer(StrictModelSerializer[InvoiceLine]):
    """One line. A price per token is an integer of billionths of a minor unit."""

    class Meta:
        model = InvoiceLine
        fields = ["kind", "description", "quantity", "unit_price_nano", "amount_minor", "period_start", "period_end"]
        read_only_fields = fields


class InvoiceSerializer(StrictModelSerializer[Invoice]):
    """An invoice with its lines."""

    subscription_id = serializers.UUIDField(read_only=True, allow_null=True)
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
            "tax_minor",
            "total_minor",
            "paid_minor",
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


class InvoiceDownload(OrganizationSurface):
    access = {"POST": roles.BILLING_READ}
    failures = {"POST": [409]}
    unaudited = {"POST": "Reading: it makes nothing but a copy."}

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

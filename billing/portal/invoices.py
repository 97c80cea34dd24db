"""Invoices: the list, one of them, and the same as a PDF."""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from billing.models import Invoice
from orgs import roles
from orgs.portal.pages import OrganizationPage

PER_PAGE = 25


class InvoicePage(OrganizationPage):
    """Drafts may still change, so a customer sees an invoice from when it is final."""

    access = {"GET": roles.BILLING_READ}
    nav = "invoices"

    def invoices(self) -> QuerySet[Invoice]:
        """The final ones of the organization in use, the newest first."""
        return Invoice.objects.filter(organization=self.organization).exclude(status=Invoice.Status.DRAFT)

    def invoice(self, pk: UUID) -> Invoice:
        """One of them, with what it says."""
        found = self.invoices().select_related("organization", "subscription__plan").prefetch_related("lines")
        return get_object_or_404(found, pk=pk)


class InvoiceList(InvoicePage):
    """Every invoice, a page at a time."""

    def get(self, request: HttpRequest) -> HttpResponse:
        pages = Paginator(self.invoices().select_related("subscription__plan"), PER_PAGE)
        return self.page("portal/billing/invoices.html", invoices=pages.get_page(request.GET.get("page")))


class InvoiceDetail(InvoicePage):
    """One invoice and what it is made of."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        invoice = self.invoice(pk)
        return self.page(
            "portal/billing/invoice.html",
            invoice=invoice,
            credit_notes=invoice.credit_notes.issued(),
            payments=invoice.payments.succeeded().prefetch_related("refunds"),
        )


class InvoicePDF(InvoicePage):
    """The file to keep."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        # What draws pages takes half a second to load: a process that prints none does without.
        from billing.services import invoice_pdf  # noqa: PLC0415

        invoice = self.invoice(pk)
        return HttpResponse(
            invoice_pdf.render(invoice),
            content_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="{invoice_pdf.file_name(invoice)}"'},
        )


class CreditNotePDF(InvoicePage):
    """The file that takes an invoice back."""

    def get(self, request: HttpRequest, pk: UUID, note: UUID) -> HttpResponse:
        # As above.
        from billing.services import credit_note_pdf  # noqa: PLC0415

        issued = self.invoice(pk).credit_notes.issued().select_related("invoice__organization")
        found = get_object_or_404(issued, pk=note)
        return HttpResponse(
            credit_note_pdf.render(found),
            content_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="credit-note-{found.number}.pdf"'},
        )

"""The report of revenue as an answer that a browser saves; the console gives the same."""

from django.http import HttpResponse

from billing.revenue.figures import Revenue

MEDIA_TYPES = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8"}


def answer(found: Revenue, form: str) -> HttpResponse:
    """One of the forms."""
    # What draws pages takes half a second to load: a process that prints none does without.
    from billing.services import revenue_report  # noqa: PLC0415

    written = revenue_report.as_pdf(found) if form == "pdf" else revenue_report.as_csv(found)
    named = f'attachment; filename="{revenue_report.file_name(found, form)}"'
    return HttpResponse(written, content_type=MEDIA_TYPES[form], headers={"Content-Disposition": named})

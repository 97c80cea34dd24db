"""A night's run: drafts of our own become final, with tax, numbers, books, evidence and an event each."""

import time
from collections.abc import Iterator
from datetime import date, timedelta

from billing.models import NANO, Invoice, InvoiceLine, LedgerTransaction, LegalEntity, TaxRate
from billing.services import finalizing, invoice_verification
from platform_core import clock
from tests import make
from tests.bench.harness import Bound

INVOICES = 10_000
LINES = 5
BATCH = 1_000
CUSTOMERS = 100


def measures() -> Iterator[Bound]:
    """The run itself, and computing every invoice of it again."""
    TaxRate.objects.create(country="IE", rate_ppm=230_000, starts_on=date(2020, 1, 1))
    ids = [invoice.pk for batch in range(INVOICES // BATCH) for invoice in _drafts(batch)]
    began = time.perf_counter()
    assert finalizing.finalize_all(ids) == INVOICES
    yield Bound(f"finalise {INVOICES:,} invoices of {LINES} lines", time.perf_counter() - began, "s", 60)
    assert LegalEntity.objects.get().invoice_count == INVOICES
    assert LedgerTransaction.objects.count() == INVOICES
    began = time.perf_counter()
    assert list(invoice_verification.problems()) == []
    yield Bound(f"verify {INVOICES:,} invoices", time.perf_counter() - began, "s", 120)


def _drafts(batch: int) -> list[Invoice]:
    now, owners = clock.now(), [make.organization() for _ in range(CUSTOMERS * BATCH // INVOICES)]
    drafts = Invoice.objects.bulk_create(
        Invoice(
            organization=owners[number % len(owners)],
            origin=Invoice.Origin.OURS,
            status=Invoice.Status.DRAFT,
            currency="usd",
            subtotal_minor=0,
            total_minor=0,
            period_start=now - timedelta(days=30),
            period_end=now,
            issued_at=now,
            observed_at=now,
        )
        for number in range(BATCH)
    )
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=draft,
            kind=InvoiceLine.Kind.OTHER,
            description=f"Item {position}",
            quantity=batch + position + 1,
            unit_price_nano=333 * NANO + 333_333_333,
            amount_minor=0,
            period_start=draft.period_start,
            period_end=draft.period_end,
            provider_line_id=f"own-{position}",
            position=position,
        )
        for draft in drafts
        for position in range(LINES)
    )
    return drafts

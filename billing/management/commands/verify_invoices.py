"""Compute every closed period and every final invoice again, and hold them against the books."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError
from django.db.models import QuerySet

from billing.models import BillingPeriod, Invoice
from billing.services import invoice_verification, rating
from platform_core import scoping
from platform_core.management.audited import AuditedCommand


class Command(AuditedCommand):
    help = "Recompute closed periods and final invoices, and list whatever does not come out the same."

    def handle(self, *args: Any, **options: Any) -> None:
        with scoping.system():
            problems = [*_periods(), *invoice_verification.problems()]
            checked = f"{_closed().count()} periods and {Invoice.objects.exclude(status='draft').count()} invoices"
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{len(problems)} problems in {checked}")
        self.stdout.write(f"{checked}: nothing wrong")


def _closed() -> QuerySet[BillingPeriod]:
    return BillingPeriod.objects.exclude(status=BillingPeriod.Status.OPEN)


def _periods() -> Iterator[str]:
    for period in _closed().iterator():
        for problem in rating.verify(period):
            yield f"Period {period.pk} ({period}): {problem}"

"""Look whether the books are even: every transaction sums to zero, and wallets hold what the ledger says."""

from typing import Any

from django.core.management.base import CommandError

from billing.models import LedgerEntry, LedgerTransaction
from billing.services import invoice_verification
from platform_core import scoping
from platform_core.management.audited import AuditedCommand


class Command(AuditedCommand):
    help = "Sum up the ledger, and list whatever is not even."

    def handle(self, *args: Any, **options: Any) -> None:
        with scoping.system():
            problems = list(invoice_verification.of_ledger())
            checked = f"{LedgerTransaction.objects.count()} transactions of {LedgerEntry.objects.count()} entries"
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{len(problems)} problems in {checked}")
        self.stdout.write(f"{checked}: even")

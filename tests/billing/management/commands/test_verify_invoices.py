"""`manage.py verify_invoices`."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from billing.models import BillingPeriod, Invoice
from billing.services import closing, finalizing
from billing.services.periods import mirror
from tests import make
from tests.clocks import at


def closed_period() -> BillingPeriod:
    period = mirror(make.subscription())
    assert period is not None
    with at(datetime(2026, 2, 1, tzinfo=UTC)):
        closing.close(period)
    finalizing.finalize(make.draft(period.organization))
    return period


def run() -> tuple[str, str]:
    out, errors = StringIO(), StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("verify_invoices", stdout=out, stderr=errors)
    return str(failure.value), errors.getvalue()


def test_what_was_left_alone_is_right() -> None:
    closed_period()
    out = StringIO()

    call_command("verify_invoices", stdout=out)

    assert out.getvalue() == "1 periods and 1 invoices: nothing wrong\n"


def test_whatever_was_altered_is_named() -> None:
    period = closed_period()
    BillingPeriod.objects.update(overage_minor=1)
    Invoice.objects.update(discrepancy="base line is 1, expected 2900")

    summary, errors = run()

    assert summary == "2 problems in 1 periods and 1 invoices"
    assert errors.splitlines() == [
        f"Period {period.pk} (1 Jan 2026 to 1 Feb 2026): The period's figures are not its evidence's.",
        f"Invoice {Invoice.objects.get().pk} (INV-000001): base line is 1, expected 2900",
    ]

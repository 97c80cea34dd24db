"""Evidence that was sealed by an earlier version of this code still verifies: the files here are never written anew.

A rule that changes gets another name, and its own files beside these; what was sealed stays what it says.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from billing.models import BillingPeriod, Invoice, InvoiceLine
from billing.services import invoice_evidence, rating

KEPT = Path(__file__).parent / "evidence"


def kept(name: str) -> Any:
    return json.loads((KEPT / f"{name}.json").read_text())


@pytest.mark.parametrize("name", ["invoice_1_exclusive", "invoice_1_inclusive", "invoice_1_provider"])
def test_an_invoice_of_the_first_rule_verifies(name: str) -> None:
    told = kept(name)
    lines = [InvoiceLine(**line) for line in told["lines"]]

    assert invoice_evidence.verify(Invoice(**told["invoice"], evidence=told["evidence"]), lines) == []

    lines[0].amount_minor += 1
    assert invoice_evidence.verify(Invoice(**told["invoice"], evidence=told["evidence"]), lines) != []


def test_a_period_that_closed_before_there_were_steps_verifies() -> None:
    told = kept("period_1")
    days = {name: datetime.fromisoformat(told["period"].pop(name)) for name in ("starts_at", "ends_at")}
    period = BillingPeriod(**told["period"], **days, evidence=told["evidence"])

    assert {"base_rate", "overage_rate"}.isdisjoint(told["evidence"]["terms"])
    assert rating.verify(period) == []

    period.overage_minor += 1
    assert rating.verify(period) == ["The period's figures are not its evidence's."]

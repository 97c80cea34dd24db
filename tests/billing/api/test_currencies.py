"""Currencies are told as ISO 4217 writes them, and asked for in either case."""

import pytest

from tests import make
from tests.clients import staff

PATH = "/api/admin/billing/invoices"


@pytest.mark.parametrize("code", ["EUR", "eur", "Eur"])
def test_either_case_is_taken_and_capitals_are_told(code: str) -> None:
    make.invoice(currency="eur")
    make.invoice(currency="usd")

    answer = staff("billing.view_invoice").get(f"{PATH}?currency={code}")

    assert [found["currency"] for found in answer.json()["items"]] == ["EUR"]


@pytest.mark.parametrize("code", ["EU", "EURO", "E1R"])
def test_what_is_no_code_is_named(code: str) -> None:
    answer = staff("billing.view_invoice").get(f"{PATH}?currency={code}")

    assert (answer.status_code, list(answer.json()["details"])) == (400, ["currency"])

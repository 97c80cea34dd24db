"""The report of revenue in its three forms."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from identity.staff_roles import ROLES
from tests import clocks, kept
from tests.billing import lives
from tests.clients import ApiClient, staff, staff_in

REPORT = "/api/admin/billing/revenue-report"
NOW = datetime(2026, 3, 20, tzinfo=UTC)
MAY_READ = {"OWNER": 200, "ADMIN": 200, "MANAGER": 403, "SUPPORT": 403}


def ask(client: ApiClient, **query: str) -> Any:
    with clocks.at(NOW):
        return client.get(REPORT, query)


@pytest.fixture(autouse=True)
def _year() -> None:
    kept.situation("a year of revenue", lives.a_year)


def test_as_json_it_is_what_the_figures_are() -> None:
    client = staff("billing.view_mrrmovement")

    with clocks.at(NOW):
        figures = client.get("/api/admin/analytics/revenue", {"fromMonth": "2026-01"}).json()

    assert ask(client, fromMonth="2026-01").json() == figures


def test_as_csv_it_is_to_compute_with() -> None:
    answer = ask(staff("billing.view_mrrmovement"), fromMonth="2026-02", format="csv")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="revenue-2026-02-to-2026-03.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows == [
        [
            "Month",
            "Currency",
            "Opening",
            "New",
            "Expansion",
            "Contraction",
            "Churn",
            "Reactivation",
            "MRR",
            "Net",
            "Gross",
        ],
        ["2026-02", "EUR", "0", "0", "1500", "0", "0", "0", "1500", "", ""],
        ["2026-03", "EUR", "1500", "0", "0", "-1500", "0", "0", "0", "0", "0"],
        ["2026-02", "USD", "20000", "2000", "0", "-1000", "-3000", "0", "18000", "8000", "8000"],
        ["2026-03", "USD", "18000", "0", "0", "0", "-12000", "2500", "8500", "3333", "3333"],
    ]


def test_as_pdf_it_is_to_print() -> None:
    answer = ask(staff("billing.view_mrrmovement"), fromMonth="2026-03", format="pdf")

    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="revenue-2026-03-to-2026-03.pdf"'
    assert answer.content.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"format": "xls"}, "format"),
        ({"fromMonth": "2026-03", "toMonth": "2026-01"}, "fromMonth"),
        ({"fromMonth": "2020-01"}, "fromMonth"),
    ],
)
def test_what_is_none_is_named(query: dict[str, str], field: str) -> None:
    answer = ask(staff("billing.view_mrrmovement"), **query)

    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


@pytest.mark.parametrize("role", ROLES)
def test_who_of_staff_may_read_it(role: str) -> None:
    assert ask(staff_in(role)).status_code == MAY_READ[role]

"""Invoices of every organization, for staff."""

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.models import Invoice
from orgs.models import Organization
from tests import make
from tests.clients import PersonClient
from tests.conftest import StaffClient

PATH = "/api/admin/billing/invoices"


@pytest.fixture
def staff(as_staff: StaffClient) -> PersonClient:
    return as_staff("billing.view_invoice")


def numbers(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["number"] for row in answer.json()["items"]]


def test_everybodys_the_newest_first_a_page_at_a_time(staff: PersonClient, organization: Organization) -> None:
    make.invoice(make.subscription(organization), total_minor=3_567, tax_minor=667, provider_number="A-1")
    make.invoice(issued_at=datetime(2027, 1, 1, tzinfo=UTC))

    answer = staff.get(PATH)

    assert numbers(answer) == ["INV-000002", "INV-000001"]
    row = answer.json()["items"][1]
    assert (row["organizationId"], row["organizationName"]) == (str(organization.pk), "Harbour Bakery")
    assert (row["totalMinor"], row["taxMinor"], row["dueMinor"], row["currency"]) == (3_567, 667, 3_567, "USD")
    assert answer.json()["meta"] == {"page": 1, "pageSize": 25, "total": 2}
    assert numbers(staff.get(f"{PATH}?pageSize=1&page=2")) == ["INV-000001"]


def test_filters(staff: PersonClient, organization: Organization) -> None:
    make.invoice(make.subscription(organization), status=Invoice.Status.PAID, provider_number="A-17")
    make.invoice(currency="eur", issued_at=datetime(2027, 1, 1, tzinfo=UTC))

    for query, found in {
        "status=paid": ["INV-000001"],
        "currency=eur": ["INV-000002"],
        f"organizationId={organization.pk}": ["INV-000001"],
        "since=2027-01-01T00:00:00Z": ["INV-000002"],
        "until=2027-01-01T00:00:00Z": ["INV-000001"],
        "search=a-17": ["INV-000001"],
        "search=harbour": ["INV-000001"],
        "search=nothing": [],
    }.items():
        assert numbers(staff.get(f"{PATH}?{query}")) == found, query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=lost", "status"),
        ("currency=dollars", "currency"),
        ("organizationId=1", "organizationId"),
        ("since=yesterday", "since"),
        ("number=1", "number"),
        ("page=0", "page"),
    ],
)
def test_bad_input_names_its_field(staff: PersonClient, query: str, field: str) -> None:
    answer = staff.get(f"{PATH}?{query}")

    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


def test_whoever_may_not_is_refused(as_staff: StaffClient, owner: PersonClient) -> None:
    assert as_staff("billing.view_plan").get(PATH).status_code == 403
    assert owner.get(PATH).status_code == 403

"""Reports of products, in whatever order and however many at once."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgs.models import Organization, Product, ProductResource
from tests import make
from tests.clients import ApiClient
from tests.processes import race, shared_database

PATH = "/internal/products/pages/resources"


@pytest.fixture
def pages() -> Product:
    return make.product("pages")


@pytest.fixture
def service(pages: Product) -> ApiClient:
    """The product's own service."""
    return ApiClient(headers={"x-platform-internal-token": "test-internal-token"})


def told(organization: Organization, version: int = 1, **fields: Any) -> dict[str, Any]:
    first = {"organizationId": str(organization.pk), "kind": "status_page", "externalId": "sp_1", "version": version}
    return first | {"name": "Harbour status", "url": "https://status.harbour.test", "state": "operational"} | fields


def outcomes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["outcome"] for each in answer.json()["results"]]


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=12))
def test_in_whatever_order_they_come_the_greatest_version_stands(reports: list[tuple[int, bool]]) -> None:
    ProductResource.objects.all().delete()
    Product.objects.filter(code="pages").delete()
    organization, _ = make.organization(), make.product("pages")
    client = ApiClient(headers={"x-platform-internal-token": "test-internal-token"})
    first: dict[int, bool] = {}
    for version, deleted in reports:
        first.setdefault(version, deleted)
        client.post(PATH, {"resources": [told(organization, version, deleted=deleted, name=f"v{version}")]})

    row, newest = ProductResource.objects.get(), max(first)
    assert (row.version, row.name, row.deleted_at is not None) == (newest, f"v{newest}", first[newest])


@pytest.mark.django_db(transaction=True)
def test_of_reports_at_once_the_greatest_version_stands(
    service: ApiClient, organization: Organization, tmp_path: Path
) -> None:
    def tell(number: int) -> str:
        return outcomes(service.post(PATH, {"resources": [told(organization, number + 1, name=f"v{number + 1}")]}))[0]

    with shared_database(tmp_path):
        answers = race(8, tell)
        row = ProductResource.objects.get()

    assert set(answers) <= {"applied", "stale"}
    assert (row.version, row.name) == (8, "v8")

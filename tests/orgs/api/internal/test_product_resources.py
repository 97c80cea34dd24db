"""`POST /internal/products/{product}/resources`."""

from typing import Any
from uuid import uuid4

import pytest

from orgs.models import Organization, Product, ProductResource
from tests import make
from tests.clients import ApiClient, PersonClient

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


def test_a_report_is_kept(service: ApiClient, organization: Organization, pages: Product) -> None:
    answer = service.post(PATH, {"resources": [told(organization, version=7)]})

    assert answer.json() == {"results": [{"kind": "status_page", "externalId": "sp_1", "outcome": "applied"}]}
    row = ProductResource.objects.get()
    assert (row.organization, row.product, row.kind, row.external_id) == (organization, pages, "status_page", "sp_1")
    assert (row.version, row.name, row.url) == (7, "Harbour status", "https://status.harbour.test")
    assert (row.state, row.deleted_at) == ("operational", None)


def test_what_is_not_newer_changes_nothing(service: ApiClient, organization: Organization) -> None:
    service.post(PATH, {"resources": [told(organization, version=7)]})

    answer = service.post(
        PATH, {"resources": [told(organization, 7, name="Same"), told(organization, 6, name="Old", deleted=True)]}
    )

    assert outcomes(answer) == ["stale", "stale"]
    row = ProductResource.objects.get()
    assert (row.version, row.name, row.deleted_at) == (7, "Harbour status", None)


def test_what_is_gone_does_not_come_back_by_an_older_report(service: ApiClient, organization: Organization) -> None:
    service.post(PATH, {"resources": [told(organization, 2, deleted=True)]})

    assert outcomes(service.post(PATH, {"resources": [told(organization, 1)]})) == ["stale"]
    assert ProductResource.objects.get().deleted_at is not None
    # Made again by the product, it is there again.
    assert outcomes(service.post(PATH, {"resources": [told(organization, 3)]})) == ["applied"]
    assert ProductResource.objects.get().deleted_at is None


def test_a_report_does_not_move_it_to_another_organization(service: ApiClient, organization: Organization) -> None:
    other = make.organization()
    service.post(PATH, {"resources": [told(organization)]})

    assert outcomes(service.post(PATH, {"resources": [told(other, 2)]})) == ["other_organization"]
    assert ProductResource.objects.get().organization == organization


def test_one_that_is_refused_hinders_none(service: ApiClient, organization: Organization) -> None:
    unknown = told(organization, externalId="sp_2", organizationId=str(uuid4()))

    answer = service.post(PATH, {"resources": [unknown, told(organization)]})

    assert outcomes(answer) == ["unknown_organization", "applied"]
    assert ProductResource.objects.get().external_id == "sp_1"


def test_names_are_a_products_own(service: ApiClient, organization: Organization) -> None:
    make.product("alerts")
    service.post(PATH, {"resources": [told(organization), told(organization, kind="check")]})

    assert outcomes(service.post("/internal/products/alerts/resources", {"resources": [told(organization)]})) == [
        "applied"
    ]
    assert ProductResource.objects.count() == 3


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "server"}, "kind"),
        ({"version": -1}, "version"),
        ({"version": 2**63}, "version"),
        ({"version": "1.5"}, "version"),
        ({"externalId": ""}, "externalId"),
        ({"externalId": "x" * 101}, "externalId"),
        ({"name": "\0"}, "name"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"organizationId": "harbour"}, "organizationId"),
        ({"secret": 1}, "secret"),
    ],
)
def test_a_report_that_is_no_report_is_refused_whole(
    service: ApiClient, organization: Organization, wrong: dict[str, Any], field: str
) -> None:
    answer = service.post(PATH, {"resources": [told(organization), told(organization, **wrong)]})

    assert answer.status_code == 400
    assert field in answer.content.decode()
    assert not ProductResource.objects.exists()


@pytest.mark.parametrize("body", [{}, {"resources": []}, {"resources": {}}, {"resources": [1]}, []])
def test_so_is_a_body_without_reports(service: ApiClient, body: Any) -> None:
    assert service.post(PATH, body).status_code == 400


def test_many_at_once_have_an_end(service: ApiClient, organization: Organization) -> None:
    answer = service.post(PATH, {"resources": [told(organization, externalId=f"sp_{n}") for n in range(201)]})

    assert answer.status_code == 400
    assert not ProductResource.objects.exists()


def test_an_unknown_product_is_not_found(service: ApiClient, organization: Organization) -> None:
    assert service.post("/internal/products/none/resources", {"resources": [told(organization)]}).status_code == 404


def test_people_and_wrong_tokens_are_refused(owner: PersonClient, anonymous: ApiClient, pages: Product) -> None:
    body = {"resources": [told(owner.organization)]}

    assert owner.post(PATH, body).status_code == 401
    assert anonymous.post(PATH, body).status_code == 401
    assert anonymous.post(PATH, body, headers={"x-platform-internal-token": "wrong"}).status_code == 401
    assert not ProductResource.objects.exists()

"""`/internal/payments/pricing-items`: the catalog as consumers keep it."""

from typing import Any

import pytest

from billing.models import Price
from platform_core.models import AuditEvent
from tests.billing import selling
from tests.clients import ApiClient

PATH = "/internal/payments/pricing-items"
ITEM = {
    "code": "credits_100",
    "product": "pages",
    "name": "100 credits",
    "kind": "one_off",
    "interval": "once",
    "currency": "EUR",
    "amountMinor": 1_900,
}


@pytest.fixture
def service() -> ApiClient:
    selling.funnel()
    return selling.service()


def codes(answer: Any) -> set[str]:
    assert answer.status_code == 200, answer.content
    return {each["code"] for each in answer.json()["items"]}


def test_an_item_is_put_on_sale_and_can_be_bought(service: ApiClient) -> None:
    made = service.post(PATH, ITEM)

    assert made.status_code == 201, made.content
    body, price = made.json(), Price.objects.get(lookup_key="credits_100")
    assert body == {
        "id": str(price.pk),
        "code": "credits_100",
        "name": "100 credits",
        "description": "",
        "productCode": "pages",
        "planCode": price.plan.code,
        "tier": price.plan.tier,
        "features": [],
        "trialDays": 0,
        "kind": "one_off",
        "interval": "once",
        "scheme": "per_unit",
        "currency": "EUR",
        "amountMinor": 1_900,
        "packageSize": None,
        "tiers": None,
        "isActive": True,
        "isPublished": True,
        "createdAt": body["createdAt"],
    }
    assert AuditEvent.objects.filter(action="price.create").exists()
    bought = service.post(
        "/internal/payments/checkout-sessions", selling.BODY | {"pricingItemCode": "credits_100", "quantity": 2}
    )
    assert bought.status_code == 201, bought.content


def test_items_are_listed_and_filtered(service: ApiClient) -> None:
    assert selling.CODE in codes(service.get(PATH))
    assert selling.CODE in codes(service.get(f"{PATH}?active=true&product=pages"))
    assert selling.CODE not in codes(service.get(f"{PATH}?active=false"))
    assert codes(service.get(f"{PATH}?product=nothing")) == set()
    assert service.get(f"{PATH}?active=perhaps").status_code == 400


def test_another_amount_is_another_item_under_the_same_code(service: ApiClient) -> None:
    first = service.post(PATH, ITEM).json()

    changed = service.patch(f"{PATH}/{first['id']}", {"amountMinor": 2_100}).json()

    assert (changed["code"], changed["amountMinor"], changed["isPublished"]) == ("credits_100", 2_100, True)
    assert changed["id"] != first["id"]
    assert service.patch(f"{PATH}/{first['id']}", {"amountMinor": 1}).status_code == 409
    assert Price.objects.get(pk=first["id"]).amount_minor == 1_900


def test_it_is_taken_from_sale_and_put_on_again(service: ApiClient) -> None:
    item = service.post(PATH, ITEM).json()["id"]

    assert [service.delete(f"{PATH}/{item}").status_code for _ in range(2)] == [204, 204]
    assert "credits_100" not in codes(service.get(f"{PATH}?active=true"))
    assert service.patch(f"{PATH}/{item}", {"active": True}).json()["isActive"] is True


def test_what_is_wrong_is_named(service: ApiClient) -> None:
    for given, field in (
        ({"code": "a b"}, "code"),
        ({"product": "nothing"}, "product"),
        ({"currency": "euros"}, "currency"),
        ({"amountMinor": -1}, "amountMinor"),
        ({"amountMinor": 1.5}, "amountMinor"),
        ({"interval": "month"}, "interval"),
        ({"kind": "overage"}, "kind"),
        ({"colour": "red"}, "colour"),
    ):
        answer = service.post(PATH, ITEM | given)
        assert (answer.status_code, sorted(answer.json()["details"])) == (400, [field]), given
    assert service.post(PATH, ITEM).status_code == 201
    assert service.post(PATH, ITEM).status_code == 409
    assert service.patch(f"{PATH}/{'0' * 8}-0000-7000-8000-{'0' * 12}", {}).status_code == 404

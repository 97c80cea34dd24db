"""`/internal/payments/pricing-items`: the catalog as consumers keep it."""

from typing import Any

import pytest

from billing.models import Plan, Price
from billing.providers.sandbox import faults
from billing.providers.sandbox.faults import Fault
from billing.providers.stripe.client import build_client
from billing.services import catalog
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


PACKAGE = {"scheme": "package", "packageSize": 1, "amountMinor": 10**15}
VOLUME = {"scheme": "volume", "amountMinor": None}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (PACKAGE, {"amountMinor": "At most 99999999 is wanted: the payment provider takes no more in EUR."}),
        (
            {"amountMinor": 10**8},
            {"amountMinor": "At most 99999999 is wanted: the payment provider takes no more in EUR."},
        ),
        (
            {"currency": "IDR", "amountMinor": 10**12},
            {"amountMinor": f"At most {10**12 - 1} is wanted: the payment provider takes no more in IDR."},
        ),
        ({"currency": "KWD", "amountMinor": 5_124}, {"amountMinor": "In KWD the last digit is 0."}),
        (
            VOLUME | {"tiers": [{"upTo": 5, "amountMinor": 1}, {"upTo": None, "amountMinor": 10**8}]},
            {"tiers": "Tier 2: At most 99999999 is wanted: the payment provider takes no more in EUR."},
        ),
    ],
)
def test_more_than_the_provider_takes_leaves_nothing_behind(
    service: ApiClient, given: dict[str, Any], told: dict[str, str]
) -> None:
    before = (Price.objects.count(), Plan.objects.count())

    answer = service.post(PATH, ITEM | given)

    assert (answer.status_code, answer.json()["details"]) == (400, {name: [text] for name, text in told.items()})
    assert (Price.objects.count(), Plan.objects.count()) == before


@pytest.mark.parametrize("given", [{"amountMinor": 10**8 - 1}, {"currency": "IDR", "amountMinor": 10**12 - 1}])
def test_the_most_that_it_takes_is_sold(service: ApiClient, given: dict[str, Any]) -> None:
    assert service.post(PATH, ITEM | given).json()["isPublished"] is True


def theirs(code: str) -> None:
    """Somebody priced something else under this name at the provider."""
    client = build_client()
    product = client.v1.products.create({"name": "Theirs"}).id
    client.v1.prices.create({"product": product, "currency": "eur", "unit_amount": 7, "lookup_key": code})


def test_what_the_provider_refuses_is_not_on_sale_and_others_are(service: ApiClient) -> None:
    theirs("credits_100")

    refused = service.post(PATH, ITEM)

    price = Price.objects.get(lookup_key="credits_100")
    assert (refused.status_code, refused.json()["details"]) == (409, {"id": [str(price.pk)]})
    assert "archive it there or rename ours" in refused.json()["message"]
    assert (price.is_active, price.provider_price_id) == (False, "")
    assert "archive it there" in AuditEvent.objects.get(action="price.refuse").changes["reason"]
    assert service.post(PATH, ITEM | {"code": "credits_200"}).status_code == 201
    # Under another number its name is free.
    assert service.post(PATH, ITEM | {"amountMinor": 2_000}).status_code == 201


def test_a_refused_successor_leaves_the_item_as_it_was(service: ApiClient) -> None:
    item = service.post(PATH, ITEM).json()
    theirs("credits_100.2")

    refused = service.patch(f"{PATH}/{item['id']}", {"amountMinor": 2_100})

    assert refused.status_code == 409
    assert Price.objects.get(lookup_key="credits_100", is_active=True).pk == Price.objects.get(pk=item["id"]).pk
    assert service.patch(f"{PATH}/{item['id']}", {"amountMinor": 2_100}).json()["isPublished"] is True


@pytest.mark.parametrize("again", ["the same", "another amount", "at the console"])
def test_a_successor_that_is_refused_after_no_answer_gives_its_place_back(service: ApiClient, again: str) -> None:
    item = service.post(PATH, ITEM).json()
    with faults.injected(Fault.TIMEOUT_BEFORE, method="POST", path="/v1/prices", times=3):
        failed = service.patch(f"{PATH}/{item['id']}", {"amountMinor": 2_100})
    (successor,) = failed.json()["details"]["id"]
    assert (failed.status_code, Price.objects.get(pk=item["id"]).is_active) == (502, False)
    theirs("credits_100.2")
    theirs("credits_100.3")

    if again == "at the console":
        assert [refused.code for refused in catalog.publish_prices().refused] == ["credits_100"]
    else:
        amount = 2_100 if again == "the same" else 2_200
        assert service.patch(f"{PATH}/{successor}", {"amountMinor": amount}).status_code == 409

    on_sale = Price.objects.get(lookup_key="credits_100", is_active=True)
    assert (str(on_sale.pk), on_sale.amount_minor) == (item["id"], 1_900)
    assert AuditEvent.objects.get(action="price.restore").target_id == item["id"]


def test_one_that_was_taken_from_sale_and_is_refused_stays_off(service: ApiClient) -> None:
    """It is more than the provider takes, from when nobody looked."""
    plan = Plan.objects.get(code="pages-team")
    old = Price.objects.create(plan=plan, currency="eur", amount_minor=10**15, lookup_key="old", is_active=False)

    refused = service.patch(f"{PATH}/{old.pk}", {"active": True})

    assert (refused.status_code, refused.json()["details"]) == (409, {"id": [str(old.pk)]})
    assert not Price.objects.filter(lookup_key="old", is_active=True).exists()


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER])
def test_a_provider_that_does_not_answer_is_asked_again(service: ApiClient, fault: Fault) -> None:
    with faults.injected(fault, method="POST", path="/v1/prices", times=3):
        failed = service.post(PATH, ITEM)

    price = Price.objects.get(lookup_key="credits_100")
    assert (failed.status_code, failed.json()["code"]) == (502, "STRIPE_ERROR")
    assert failed.json()["details"] == {"id": [str(price.pk)]}
    assert failed.json()["message"].startswith(f"Price {price.pk} is kept, but cannot be bought yet")
    assert service.post(PATH, ITEM | {"code": "credits_200"}).status_code == 201
    again = service.post(PATH, ITEM)
    assert (again.status_code, again.json()["id"], again.json()["isPublished"]) == (201, str(price.pk), True)
    assert service.post(PATH, ITEM).status_code == 409

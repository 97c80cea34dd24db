"""Which plan is meant, and which one is next."""

import pytest

from billing.models import Plan, Price
from billing.services import catalog
from billing.services.plans import plan_for, price_of
from orgs.models import Organization
from platform_core.errors import Conflict, InvalidInput
from tests import make


@pytest.fixture(autouse=True)
def _catalog() -> None:
    catalog.load_price_list()
    Price.objects.filter(kind="recurring").update(provider_price_id="price_known")


def subscribed(organization: Organization, code: str, **fields: object) -> None:
    plan = Plan.objects.get(code=code)
    price = plan.prices.get(kind="recurring")
    make.subscription(organization, plan, price=price, **fields)


@pytest.mark.parametrize(
    ("product", "plan", "found"),
    [
        ("bundle", "team", "bundle-team"),
        ("hosting", "pro", "hosting-pro"),
        ("hosting", "hosting-pro", "hosting-pro"),
        ("", "hosting-pro", "hosting-pro"),
    ],
)
def test_a_plan_has_two_names(organization: Organization, product: str, plan: str, found: str) -> None:
    assert plan_for(organization, product=product, plan=plan).code == found


@pytest.mark.parametrize(
    ("product", "plan"),
    [("bundle", "pro"), ("", "team"), ("pages", "hosting-pro"), ("nothing", "team"), ("", "gold")],
    ids=["not of this product", "a level of no product", "another product's", "no such product", "no such plan"],
)
def test_an_unknown_plan_is_named(organization: Organization, product: str, plan: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        plan_for(organization, product=product, plan=plan)
    assert list(refused.value.details) == ["plan"]


def test_an_archived_plan_is_not_for_sale(organization: Organization) -> None:
    Plan.objects.filter(code="hosting-pro").update(status="archived")

    with pytest.raises(InvalidInput):
        plan_for(organization, plan="hosting-pro")


def test_an_unknown_product_is_named(organization: Organization) -> None:
    with pytest.raises(InvalidInput) as refused:
        plan_for(organization, product="nothing")
    assert list(refused.value.details) == ["product"]


def test_without_a_plan_the_lowest_comes_first(organization: Organization) -> None:
    assert plan_for(organization).code == "hosting-starter"
    assert plan_for(organization, product="bundle").code == "bundle-team"


def test_then_one_step_up(organization: Organization) -> None:
    subscribed(organization, "hosting-starter")

    assert plan_for(organization).code == "hosting-pro"
    assert plan_for(organization, product="hosting").code == "hosting-pro"
    assert plan_for(organization, product="pages").code == "pages-team"


def test_an_ended_subscription_is_no_step(organization: Organization) -> None:
    subscribed(organization, "hosting-pro", status="canceled")

    assert plan_for(organization).code == "hosting-starter"


def test_above_the_top_there_is_nothing(organization: Organization) -> None:
    subscribed(organization, "hosting-enterprise")

    with pytest.raises(Conflict, match="Hosting Enterprise is the highest plan"):
        plan_for(organization)


def test_an_empty_shop(organization: Organization) -> None:
    Plan.objects.update(status="archived")

    with pytest.raises(Conflict, match="Nothing is on sale"):
        plan_for(organization)


def test_the_price_of_a_plan() -> None:
    assert price_of(Plan.objects.get(code="hosting-pro")).amount_minor == 12_900


def test_a_custom_plan_has_none() -> None:
    with pytest.raises(Conflict, match="sold by agreement"):
        price_of(Plan.objects.get(code="pages-enterprise"))


def test_nor_has_an_archived_one() -> None:
    plan = Plan.objects.get(code="hosting-pro")
    plan.status = Plan.Status.ARCHIVED

    with pytest.raises(Conflict, match="not sold any more"):
        price_of(plan)


@pytest.mark.parametrize("changes", [{"is_active": False}, {"provider_price_id": ""}])
def test_nor_one_whose_price_is_not_published(changes: dict[str, object]) -> None:
    Price.objects.filter(plan__code="hosting-pro", kind="recurring").update(**changes)

    with pytest.raises(Conflict, match="has not been published"):
        price_of(Plan.objects.get(code="hosting-pro"))

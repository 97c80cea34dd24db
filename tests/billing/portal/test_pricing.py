"""What is sold, as anybody sees it and as a customer does."""

import pytest
from pytest_django import Settings

from billing.models import Plan, Price
from billing.services.catalog import load_price_list
from orgs.roles import Role
from tests import make
from tests.pages import Browser


@pytest.fixture
def _price_list() -> None:
    load_price_list()


@pytest.mark.usefixtures("_price_list")
def test_the_first_page_sells_hosting_and_names_the_rest() -> None:
    page = Browser().read("/")

    assert (page.status, page.heading) == (200, "Buy it now.Watch it come up.")
    for text in (
        "$49 a month",
        "$129 a month",
        "$399 a month",
        "15 million tokens a month",
        "More tokens $2.50 a million",
    ):
        assert text in page.text
    assert "Synthetics Checks that act like your users. $65 a month" in page.text


@pytest.mark.usefixtures("_price_list")
def test_every_product_has_its_plans_and_prices() -> None:
    page = Browser().read("/pricing")

    assert "Product Team Business Enterprise Pages Status pages for your services. $65 Buy $150 Buy Custom" in page.text
    assert "Bundle Pages, Alerts and Synthetics together. Bundle Team $150 a month" in page.text
    assert page.text.count("Custom") == 4
    assert page.html.count('action="/buy"') == 11


@pytest.mark.usefixtures("_price_list")
def test_products_of_other_tiers_get_a_table_of_their_own() -> None:
    Plan.objects.filter(code="alerts-team").update(tier="Crew")

    assert Browser().read("/pricing").html.count("<table") == 3


@pytest.mark.usefixtures("_price_list")
def test_whoever_wants_to_talk_knows_where(settings: Settings) -> None:
    settings.CONTACT_EMAIL = "sales@harbour.test"

    assert "mailto:sales@harbour.test?subject=Bundle%20Enterprise" in Browser().read("/pricing").links


@pytest.mark.usefixtures("_price_list")
def test_what_is_sold_by_agreement_has_no_buy_button() -> None:
    page = Browser().read("/pricing")

    assert 'value="bundle-team"' in page.html
    assert 'value="bundle-enterprise"' not in page.html
    assert "mailto:" in page.html


@pytest.mark.usefixtures("_price_list")
def test_an_archived_plan_and_a_withdrawn_price_are_not_on_sale() -> None:
    Plan.objects.filter(code="hosting-pro").update(status=Plan.Status.ARCHIVED)
    Price.objects.filter(plan__code="hosting-starter").update(is_active=False)

    page = Browser().read("/pricing")

    assert "$129" not in page.text
    assert 'value="hosting-starter"' not in page.html


@pytest.mark.parametrize("path", ["/", "/pricing"])
def test_an_empty_catalog_says_so(path: str) -> None:
    page = Browser().read(path)

    assert page.status == 200
    assert "Nothing is on sale yet" in page.text


@pytest.mark.usefixtures("_price_list")
def test_the_price_list_takes_the_same_queries_however_long_it_is(django_assert_num_queries: object) -> None:
    browser = Browser()
    browser.read("/pricing")

    with django_assert_num_queries(2):  # type: ignore[operator]
        browser.get("/pricing")


@pytest.mark.usefixtures("_price_list")
def test_a_customer_sees_which_plan_is_theirs_and_cannot_buy_it_twice() -> None:
    organization = make.organization()
    make.subscription(organization, Plan.objects.get(code="hosting-pro"))

    page = Browser(make.person(organization)).read("/plans")

    assert "More tokens $2.50 a million Your plan" in page.text
    assert "Change to Hosting Enterprise" in page.text
    assert 'aria-label="Buy Hosting' not in page.html
    assert 'aria-label="Buy Pages Team"' in page.html


@pytest.mark.usefixtures("_price_list")
def test_what_a_bundle_of_theirs_covers_is_not_offered_again() -> None:
    organization = make.organization()
    bundle = Plan.objects.get(code="bundle-team")
    make.subscription(organization, bundle)

    page = Browser(make.person(organization)).read("/plans")

    # Three products of two priced plans each.
    assert page.text.count("Included in Bundle Team") == 6
    for product in ("Pages", "Alerts", "Synthetics"):
        assert f'aria-label="Buy {product}' not in page.html
        assert f"Talk to us about {product} Enterprise" in page.html
    assert "Change to Bundle Business" in page.text
    assert "Buy Hosting Starter" in page.text
    assert "Included in" not in Browser(make.person(make.organization())).read("/plans").text


@pytest.mark.usefixtures("_price_list")
def test_what_they_bought_by_itself_beside_a_bundle_can_be_changed() -> None:
    organization = make.organization()
    make.subscription(organization, Plan.objects.get(code="bundle-team"))
    make.subscription(organization, Plan.objects.get(code="pages-team"))

    page = Browser(make.person(organization)).read("/plans")

    assert page.text.count("Included in Bundle Team") == 4
    assert 'aria-label="Change to Pages Business"' in page.html


@pytest.mark.usefixtures("_price_list")
def test_another_s_plan_is_not_mine() -> None:
    make.subscription(make.organization(), Plan.objects.get(code="hosting-pro"))

    assert "Your plan" not in Browser(make.person(make.organization())).read("/plans").text


@pytest.mark.usefixtures("_price_list")
@pytest.mark.parametrize(("role", "may_buy"), [(Role.OWNER, True), (Role.BILLING, True), (Role.MEMBER, False)])
def test_who_may_not_buy_is_told(role: Role, may_buy: bool) -> None:
    page = Browser(make.person(make.organization(), role)).read("/plans")

    assert ("Only owners and billing managers can buy." not in page.text) is may_buy

"""From a plan to the payment page and back."""

from collections.abc import Callable

import pytest

from billing.models import CheckoutSession
from billing.providers.sandbox.checkout import Payer, pay
from billing.services import catalog, plan_editing
from orgs.roles import Role
from tests import make
from tests.billing import month, shop
from tests.pages import Browser, Page


@pytest.fixture(autouse=True)
def _shop() -> None:
    shop.opened()


def test_a_customer_is_led_to_a_payment_page_of_their_organization() -> None:
    organization = make.organization()
    owner = make.person(organization)

    page = Browser(owner).send("/checkout", plan="hosting-pro")

    begun = CheckoutSession.objects.get()
    assert (page.status, page.location) == (302, begun.url)
    assert (begun.organization, begun.created_by, begun.plan.code) == (organization, owner, "hosting-pro")
    assert begun.success_url == "http://127.0.0.1:8000/checkout/return?session={CHECKOUT_SESSION_ID}"
    assert begun.cancel_url == "http://127.0.0.1:8000/checkout/canceled"


def test_a_guest_buys_without_an_account() -> None:
    page = Browser().send("/buy", plan="hosting-starter")

    begun = CheckoutSession.objects.get()
    assert (page.status, page.location) == (302, begun.url)
    assert (begun.organization, begun.created_by) == (None, None)


def test_whoever_is_signed_in_buys_for_their_organization_not_as_a_guest() -> None:
    page = Browser(make.person(make.organization())).send("/buy", plan="hosting-pro")

    assert (page.status, page.location) == (302, "/plans")
    assert not CheckoutSession.objects.exists()


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.AUDITOR])
def test_a_role_that_may_not_buy_is_refused(role: Role) -> None:
    page = Browser(make.person(make.organization("Harbour Bakery"), role)).send("/checkout", plan="hosting-pro")

    assert (page.status, page.heading) == (403, "You may not do this")
    assert "Harbour Bakery" in page.text
    assert not CheckoutSession.objects.exists()


@pytest.mark.parametrize("ask", [Browser.send, Browser.read])
def test_what_a_bundle_covers_is_not_sold_beside_it(ask: Callable[..., Page]) -> None:
    organization = make.organization("Harbour Bakery")
    shop.bundled(organization)

    page = ask(Browser(make.person(organization)), "/checkout", plan="pages-team")

    assert page.status == 409
    assert "Harbour Bakery has Pages already: Bundle Team covers it." in page.text
    assert not CheckoutSession.objects.exists()


@pytest.mark.parametrize("path", ["/checkout", "/buy"])
def test_a_plan_that_is_not_there_is_not_found(path: str) -> None:
    browser = Browser(make.person(make.organization())) if path == "/checkout" else Browser()

    assert browser.send(path, plan="no-such-plan").status == 404
    assert browser.send(path).status == 404


def test_a_plan_by_agreement_cannot_be_bought_past_the_page() -> None:
    page = Browser().send("/buy", plan="bundle-enterprise")

    assert (page.status, page.heading) == (409, "That cannot be done now")
    assert "sold by agreement" in page.text


def test_a_second_plan_of_a_product_leads_to_the_page_of_the_change() -> None:
    organization = make.organization("Harbour Bakery")
    shop.bought(organization)
    month.hear("checkout.session.completed")

    page = Browser(organization.memberships.get().user).send("/checkout", plan="hosting-starter")

    offer = CheckoutSession.objects.get(status="open")
    assert (page.status, page.location) == (302, f"http://127.0.0.1:8000/checkout/{offer.pk}")


def test_what_is_paid_once_is_bought_beside_a_subscription_to_its_product() -> None:
    organization = make.organization("Harbour Bakery")
    shop.bought(organization)
    month.hear("checkout.session.completed")
    once = {"kind": "one_off", "currency": "usd", "amount_minor": 25_000}
    plan_editing.add("hosting", {"code": "setup", "name": "Setup", "prices": [once]}, by=None)
    catalog.publish_prices()
    browser = Browser(organization.memberships.get().user)

    shelf = browser.read("/plans")
    cart = browser.read("/checkout", plan="setup")
    page = browser.send("/checkout", plan="setup", interval="once")

    assert "Buy Setup" in shelf.text
    assert (cart.status, "Paid once." in cart.text) == (200, True)
    begun = CheckoutSession.objects.get(status="open")
    assert (page.status, page.location, begun.plan.code, begun.is_one_off) == (302, begun.url, "setup", True)
    assert begun.subscription is None
    assert "/change?plan=hosting-starter" in browser.read("/checkout", plan="hosting-starter").location


@pytest.mark.parametrize("path", ["/checkout", "/buy"])
def test_a_forged_form_buys_nothing(path: str) -> None:
    browser = Browser(make.person(make.organization()), enforce_csrf_checks=True)

    assert browser.post(path, {"plan": "hosting-pro"}).status_code == 403
    assert not CheckoutSession.objects.exists()


# --- Back without having paid -------------------------------------------------------------------------------------


def test_coming_back_unpaid_says_that_nothing_was_charged_and_offers_the_same_plan() -> None:
    browser = Browser()
    browser.send("/buy", plan="hosting-pro")

    page = browser.read("/checkout/canceled")

    assert page.heading == "Nothing was charged"
    assert "If your card was declined, your bank decided that" in page.text
    assert '<input type="hidden" name="plan" value="hosting-pro">' in page.html
    assert 'action="/buy"' in page.html


def test_a_customer_tries_again_in_the_portal() -> None:
    browser = Browser(make.person(make.organization()))
    browser.send("/checkout", plan="hosting-pro")

    assert 'action="/checkout"' in browser.read("/checkout/canceled").html


def test_another_browser_is_not_told_what_was_tried() -> None:
    Browser().send("/buy", plan="hosting-pro")

    page = Browser().read("/checkout/canceled")

    assert "Hosting Pro" not in page.text


def test_only_the_latest_checkouts_are_remembered() -> None:
    browser = Browser()
    for _ in range(12):
        browser.send("/buy", plan="hosting-pro")

    assert len(browser.session["checkouts"]) == 10


def test_a_declined_card_leaves_the_checkout_open_and_no_order() -> None:
    browser = Browser()
    browser.send("/buy", plan="hosting-pro")
    begun = CheckoutSession.objects.get()

    with pytest.raises(Exception, match="declined"):
        pay(begun.provider_session_id, Payer(email="kim@harbour.test", number=shop.DECLINED))

    begun.refresh_from_db()
    assert begun.status == CheckoutSession.Status.OPEN

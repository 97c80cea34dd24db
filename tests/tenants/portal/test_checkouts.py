"""Back from the payment page."""

import pytest

from billing.models import CheckoutSession
from billing.providers.sandbox.checkout import Payer, pay
from tenants.models import Order
from tests import make
from tests.billing import month, shop
from tests.pages import Browser


@pytest.fixture(autouse=True)
def _shop() -> None:
    shop.opened()


def begun(browser: Browser, path: str = "/buy", plan: str = "hosting-pro") -> CheckoutSession:
    """What the browser began just now."""
    browser.send(path, plan=plan)
    return CheckoutSession.objects.latest("created_at")


def back(row: CheckoutSession) -> str:
    return f"/checkout/return?session={row.provider_session_id}"


def paid(row: CheckoutSession, email: str = "guest@buyer.test") -> None:
    pay(row.provider_session_id, Payer(email=email))


def test_until_the_webhook_came_the_page_asks_again() -> None:
    browser = Browser(make.person(make.organization()))
    row = begun(browser, "/checkout")
    paid(row)

    page = browser.read(back(row))

    assert page.heading == "Confirming your payment"
    assert f'hx-get="{back(row)}"' in page.html


def test_then_it_leads_to_the_order() -> None:
    browser = Browser(make.person(make.organization()))
    row = begun(browser, "/checkout")
    paid(row)
    month.hear("checkout.session.completed")

    page = browser.read(back(row))
    fragment = browser.get(back(row), headers={"HX-Request": "true"})

    order = Order.objects.get()
    assert (page.status, page.location) == (302, f"/orders/{order.pk}")
    assert (fragment.status_code, fragment["HX-Redirect"]) == (200, f"/orders/{order.pk}")


def test_it_leads_there_whichever_organization_was_in_use() -> None:
    person = make.person(make.organization("Harbour Bakery"))
    browser = Browser(person)
    row = begun(browser, "/checkout")
    paid(row)
    month.hear("checkout.session.completed")
    other = Browser(person)
    other.send(
        "/organizations/switch", organization=str(make.membership(make.organization("Two"), person).organization_id)
    )

    other.read(back(row))

    assert "Harbour Bakery" in other.read(f"/orders/{Order.objects.get().pk}").text


def test_a_plan_without_a_server_is_simply_theirs() -> None:
    browser = Browser(make.person(make.organization()))
    row = begun(browser, "/checkout", "pages-team")
    paid(row)
    month.hear("checkout.session.completed")

    page = browser.read(back(row))

    assert (page.status, page.heading) == (200, "Thank you")
    assert "Pages Team is paid for." in page.text
    assert not Order.objects.exists()


def test_a_guest_is_told_of_the_mail_and_of_what_is_set_up_meanwhile() -> None:
    browser = Browser()
    row = begun(browser)
    paid(row, "guest@buyer.test")
    month.hear("checkout.session.completed")

    page = browser.read(back(row))

    assert page.heading == "Thank you"
    assert "We sent a mail to guest@buyer.test ." in page.text
    assert Order.objects.get().domain in page.text


def test_a_guest_with_a_known_address_is_told_to_confirm_and_learns_nothing_of_the_account() -> None:
    make.person(make.organization("Secret Co"), email="kim@harbour.test")
    browser = Browser()
    row = begun(browser)
    paid(row, "kim@harbour.test")
    month.hear("checkout.session.completed")

    page = browser.read(back(row))

    assert page.heading == "One question left"
    assert "Secret Co" not in page.html
    assert not Order.objects.exists()


def test_an_expired_page_says_that_nothing_was_charged() -> None:
    browser = Browser()
    row = begun(browser)
    CheckoutSession.objects.update(status=CheckoutSession.Status.EXPIRED)

    page = browser.read(back(row))

    assert page.heading == "The payment page has expired"
    assert "hx-get" not in page.html


@pytest.mark.parametrize("signed_in", [True, False])
def test_another_s_purchase_is_as_unknown_as_none(signed_in: bool) -> None:
    row = begun(Browser())
    stranger = Browser(make.person(make.organization())) if signed_in else Browser()

    assert stranger.read(back(row)).status == 404
    assert stranger.read("/checkout/return", session="cs_nonsense").status == 404
    assert stranger.read("/checkout/return").status == 404

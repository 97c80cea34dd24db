"""What is shown before the payment is what is paid."""

from urllib.parse import urlencode

import pytest

from billing.models import CheckoutSession, CouponRedemption, Subscription
from billing.providers.sandbox.models import Record
from tests import make
from tests.billing import extras, shop
from tests.pages import Browser


@pytest.fixture
def _extras() -> None:
    extras.opened()


@pytest.mark.usefixtures("_extras")
def test_what_is_bought_is_shown_with_the_coupon_before_it_is_paid() -> None:
    extras.coupon()
    organization = make.organization()
    browser = Browser(make.person(organization))
    wishes = {"plan": "hosting-pro", f"add_on_{extras.BACKUPS}": "2", "coupon": "spring"}

    page = browser.read(f"/checkout?{urlencode(wishes)}")
    paid = browser.send("/checkout", **wishes)

    # 129.00 and twice 19.01, less a quarter.
    assert (page.status, page.heading) == (200, "Buy Hosting Pro")
    assert "More backups 2 $38.02 Coupon SPRING -$41.76 Total $125.26" in page.text
    assert "The coupon is for the first payment; then it is $167.02 a month." in page.text
    row = CheckoutSession.objects.get()
    assert paid.location == row.url
    assert (row.add_ons.get().quantity, row.coupon_redemption.coupon.code) == (2, "SPRING")
    assert Record.objects.get(kind="checkout.session").data["amount_total"] == 12_526


@pytest.mark.usefixtures("_extras")
def test_by_the_year_and_a_trial_say_what_comes_when() -> None:
    browser = Browser(make.person(make.organization()))

    yearly = browser.read("/checkout?plan=hosting-pro&interval=year")
    trial = browser.read("/checkout?plan=pages-team")
    once = browser.read("/checkout?plan=hosting-pro&interval=once")

    assert "What you pay today $1,290.00" in yearly.text
    assert "$1,290.00 each year, until you cancel." in yearly.text
    assert "What you pay today $0.00" in trial.text
    assert "The first 14 days are free" in trial.text
    assert "Paid once. Taxes come on top." in once.text


@pytest.mark.usefixtures("_extras")
@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"coupon": "NONE"}, "There is no such coupon."),
        ({"interval": "week"}, "Select a valid choice."),
        ({f"add_on_{extras.BACKUPS}": "-1"}, "greater than or equal to 0"),
        ({f"add_on_{extras.BACKUPS}": "many"}, "Enter a whole number."),
    ],
)
def test_what_cannot_go_with_it_is_said_beside_the_field_and_opens_no_page(wishes: dict[str, str], said: str) -> None:
    browser = Browser(make.person(make.organization()))

    page, sent = browser.read(f"/checkout?plan=hosting-pro&{urlencode(wishes)}"), browser.send(
        "/checkout", plan="hosting-pro", **wishes
    )  # fmt: skip

    assert (page.status, sent.status) == (400, 400)
    assert said in page.text
    assert not CheckoutSession.objects.exists()


@pytest.mark.usefixtures("_extras")
def test_a_coupon_that_was_used_is_a_conflict_beside_its_field() -> None:
    organization = make.organization()
    CouponRedemption.objects.create(coupon=extras.coupon(), organization=organization, status="redeemed")

    page = Browser(make.person(organization)).read("/checkout?plan=hosting-pro&coupon=SPRING")

    assert page.status == 409
    assert "Your organization has used this coupon already." in page.text
    assert "Total $129.00" in page.text


@pytest.mark.usefixtures("_extras")
def test_a_guest_sees_the_same_without_a_coupon() -> None:
    browser = Browser()

    page = browser.read("/buy?plan=hosting-pro&interval=year")
    empty = browser.get("/buy")

    assert (page.status, page.heading) == (200, "Buy Hosting Pro")
    assert 'name="coupon"' not in page.html
    assert "Total $1,290.00" in page.text
    assert (empty.status_code, empty["Location"]) == (302, "/pricing")
    assert browser.read("/buy?plan=hosting-pro&interval=week").status == 400
    assert browser.read(f"/buy?plan={extras.BACKUPS}").status == 409


def test_whoever_has_the_product_is_led_to_the_change() -> None:
    customer = shop.customer()
    held = Subscription.objects.get()

    answer = Browser(make.person(customer)).get("/checkout?plan=hosting-starter")

    assert (answer.status_code, answer["Location"]) == (302, f"/billing/{held.pk}/change?plan=hosting-starter")

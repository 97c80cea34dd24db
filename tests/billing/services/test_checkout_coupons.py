"""A coupon on its way: held with the page, used with the payment, free again where there is none."""

from datetime import timedelta

import pytest
from djstripe import models as mirrored

from billing.models import CheckoutSession, Coupon, CouponRedemption, Invoice, Plan, Price, Subscription
from billing.providers.protocol import ProviderError
from billing.providers.sandbox import clock, faults
from billing.providers.sandbox.checkout import pay
from billing.providers.sandbox.faults import Fault
from billing.providers.sandbox.models import Record
from billing.services import coupons, trials
from billing.services.checkout import start_checkout
from orgs.models import Organization
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.billing import extras, shop


@pytest.fixture(autouse=True)
def _shop() -> None:
    extras.opened()


def opened(organization: Organization, plan: str = "hosting-pro", coupon: str = "SPRING") -> CheckoutSession:
    cart = extras.cart(organization, plan, coupon=coupon)
    by = organization.memberships.get().user if organization.memberships.exists() else make.person(organization)
    return start_checkout(cart, organization=organization, by=by)


def states() -> list[tuple[str, str]]:
    found = CouponRedemption.objects.order_by("pk").values_list("organization__name", "status")
    return list(found)


def test_it_is_held_with_the_page_and_used_with_the_payment(organization: Organization) -> None:
    coupon = extras.coupon(max_redemptions=1)
    row = opened(organization)
    held = CouponRedemption.objects.get()
    assert (held.checkout, held.status) == (row, "reserved")
    session = Record.objects.get(kind="checkout.session").data
    assert (session["discounts"][0]["coupon"], session["amount_total"]) == ("SPRING", 9_675)

    pay(row.provider_session_id)
    shop.catch_up()

    held.refresh_from_db()
    assert (held.status, held.redeemed_at is not None) == ("redeemed", True)
    coupon.refresh_from_db()
    assert coupon.redemption_count == 1
    with pytest.raises(Conflict, match="used this coupon already") as refused:
        extras.cart(organization, "pages-team", coupon="SPRING")
    assert (refused.value.code, list(refused.value.details)) == ("COUPON_USED", ["coupon"])
    with pytest.raises(Conflict, match="as often as it can be"):
        extras.cart(make.organization(), coupon="SPRING")


def test_what_was_bought_with_it_is_mirrored_too(organization: Organization) -> None:
    extras.coupon()

    pay(opened(organization).provider_session_id)
    shop.catch_up()

    subscription, invoice = mirrored.Subscription.objects.get(), mirrored.Invoice.objects.get()
    discount = mirrored.Discount.objects.get()
    assert subscription.id == Subscription.objects.get().provider_subscription_id
    assert invoice.id == Invoice.objects.get().provider_invoice_id
    assert (invoice.stripe_data["total"], mirrored.LineItem.objects.count()) == (9_675, 1)
    assert [each["id"] for each in invoice.stripe_data["discounts"]] == [discount.id]
    assert discount.customer == subscription.customer


def test_a_page_that_ran_out_gives_the_last_use_to_another(organization: Organization) -> None:
    extras.coupon(max_redemptions=1)
    opened(organization)
    other = make.organization("Other")
    with pytest.raises(Conflict, match="as often as it can be"):
        extras.cart(other, coupon="SPRING")

    clock.advance(by=timedelta(hours=25))
    shop.catch_up()
    opened(other)

    assert [status for _, status in states()] == ["released", "reserved"]


def test_of_two_that_want_the_last_use_at_once_one_is_told(organization: Organization) -> None:
    extras.coupon(max_redemptions=1)
    other = make.organization()
    late = extras.cart(other, coupon="SPRING")
    opened(organization)

    with pytest.raises(Conflict) as refused:
        start_checkout(late, organization=other, by=make.person(other))

    assert (refused.value.code, list(refused.value.details)) == ("COUPON_USED", ["coupon"])
    assert not CheckoutSession.objects.filter(organization=other).exists()


def test_asking_again_is_the_same_page_and_another_page_takes_the_use_over(organization: Organization) -> None:
    extras.coupon(max_redemptions=1)
    first = opened(organization)
    assert opened(organization) == first

    second = opened(organization, "pages-team")

    assert second != first
    first.refresh_from_db()
    assert first.status == "expired"
    assert CouponRedemption.objects.get(status="reserved").checkout == second
    without = opened(organization, "pages-team", coupon="")
    assert without not in (first, second)
    assert not CouponRedemption.objects.exclude(status="released").exists()


def test_a_page_that_was_just_paid_on_keeps_its_use(organization: Organization) -> None:
    extras.coupon()
    pay(opened(organization).provider_session_id)

    with pytest.raises(Conflict, match="paid for a moment ago"):
        opened(organization, "pages-team")

    assert CouponRedemption.objects.get().status == "reserved"


def test_a_lost_answer_asks_the_same_again(organization: Organization) -> None:
    extras.coupon()
    with (
        faults.injected(Fault.TIMEOUT_AFTER, method="POST", path="/v1/checkout/sessions", times=3),
        pytest.raises(ProviderError),
    ):
        opened(organization)

    opened(organization)

    assert Record.objects.filter(kind="checkout.session").count() == 1
    assert CouponRedemption.objects.get().status == "reserved"


def test_what_the_provider_will_never_open_is_in_nobodys_way(organization: Organization) -> None:
    extras.coupon()
    with (
        faults.injected(Fault.TIMEOUT_BEFORE, method="POST", path="/v1/checkout/sessions", times=3),
        pytest.raises(ProviderError),
    ):
        opened(organization)
    Record.objects.filter(kind="coupon").delete()

    opened(organization, "hosting-starter", coupon="")

    assert [row.status for row in CheckoutSession.objects.order_by("pk")] == ["expired", "open"]
    assert CouponRedemption.objects.get().status == "released"


def test_a_coupon_of_a_product_is_for_the_plans_that_it_had(organization: Organization) -> None:
    hosting = Plan.objects.get(code="hosting-pro").product
    extras.coupon("HOSTS", product=hosting)
    opened(organization, coupon="HOSTS")
    assert Record.objects.get(kind="checkout.session").data["amount_total"] == 9_675
    assert Coupon.objects.get().provider_coupon_id == "HOSTS"

    later = make.plan("hosting-later", product=hosting, rank=9)
    with pytest.raises(InvalidInput, match="older than") as refused:
        coupons.named("HOSTS", later.prices.get(), organization)

    assert list(refused.value.details) == ["coupon"]


def test_a_change_of_plan_takes_no_coupon_and_no_add_on() -> None:
    customer = make.organization()
    pro = Plan.objects.get(code="hosting-pro")
    make.subscription(customer, pro, price=extras.price("hosting-pro"))
    extras.coupon()

    for wishes, field in (({"coupon": "SPRING"}, "coupon"), ({"add_ons": {extras.BACKUPS: 1}}, "add_ons")):
        cart = extras.cart(customer, "hosting-starter", **wishes)
        with pytest.raises(InvalidInput) as refused:
            start_checkout(cart, organization=customer, by=make.person(customer))
        assert list(refused.value.details) == [field]

    assert not CheckoutSession.objects.exists()
    assert not CouponRedemption.objects.exists()


def test_whoever_pays_by_the_year_is_offered_the_other_plan_by_the_year() -> None:
    customer = make.organization()
    make.subscription(customer, Plan.objects.get(code="hosting-starter"), price=_yearly_starter())

    offer = start_checkout(extras.cart(customer), organization=customer, by=make.person(customer))

    assert offer.price == extras.price("hosting-pro", "year")


def _yearly_starter() -> Price:
    return make.price(Plan.objects.get(code="hosting-starter"), interval="year", amount_minor=49_000)


# --- Trials -----------------------------------------------------------------------------------------------------------
def test_a_trial_is_told_of_and_then_paid_for_as_it_was_shown(organization: Organization) -> None:
    extras.coupon()
    row = opened(organization, "pages-team")
    pay(row.provider_session_id)
    shop.catch_up()

    subscription = Subscription.objects.get()
    assert (row.trial_days, subscription.status, subscription.plan.code) == (14, "trialing", "pages-team")
    assert (Invoice.objects.get().total_minor, Invoice.objects.get().discount_minor) == (0, 0)
    assert not Record.objects.filter(kind="payment_intent").exists()

    clock.advance(by=timedelta(days=12))
    shop.catch_up()
    trials.tell_of_endings()
    mail = Mail.objects.get(template="billing/trial_ending")
    assert "$48.75" in mail.text

    clock.advance(by=timedelta(days=2, hours=2))
    shop.catch_up()
    subscription.refresh_from_db()
    invoice = Invoice.objects.latest("issued_at")
    assert subscription.status == "active"
    assert (invoice.subtotal_minor, invoice.discount_minor, invoice.paid_minor) == (6_500, 1_625, 4_875)
    assert AuditEvent.objects.filter(action="coupon.redeem").count() == 1

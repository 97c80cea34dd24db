"""How a checkout ends that is not simply paid: a debit that does not come, a page that is forgotten, a guest's."""

from dataclasses import replace
from datetime import timedelta

import pytest

from billing import conservation
from billing.models import CheckoutSession, Coupon, CouponRedemption, Invoice, Purchase, Subscription
from billing.providers import provider
from billing.providers.facts import PaymentFact
from billing.providers.protocol import CheckoutFact
from billing.providers.sandbox import clock, faults
from billing.providers.sandbox.checkout import Payer, pay
from billing.providers.sandbox.faults import Fault
from billing.providers.sandbox.models import Record
from billing.services import checkout
from billing.services.checkout import complete_checkout, confirm_claim, end_stale, start_checkout
from orgs.models import Organization
from platform_core.models import Mail
from tests import make
from tests.billing import extras, shop
from tests.billing.services.test_checkout_guests import claim_link


@pytest.fixture(autouse=True)
def _shop() -> None:
    extras.opened()


def bought_once(organization: Organization | None, email: str = "", **wishes: str) -> CheckoutSession:
    """What is paid once, on its page."""
    cart = extras.cart(organization, interval="once", **wishes)
    by = make.person(organization) if organization else None
    return start_checkout(cart, organization=organization, by=by, email=email)


def debited(row: CheckoutSession, status: str, payments: list[str]) -> bool:
    """The page is complete, and the debit that was promised on it is so far."""
    reading = provider().snapshot(checkout.COMPLETED, row.provider_session_id)
    assert reading is not None
    assert reading.checkout is not None
    fact: CheckoutFact = replace(reading.checkout, status="complete", payment_status=status, email="kim@harbour.test")
    tries = tuple(PaymentFact(f"pi_{at}", "", each, 25_000, "usd") for at, each in enumerate(payments))
    return complete_checkout(row, replace(reading, checkout=fact, payments=tries))


def test_a_debit_that_does_not_come_ends_it_and_frees_the_coupon(organization: Organization) -> None:
    extras.coupon(max_redemptions=1)
    row = bought_once(organization, coupon="SPRING")
    assert not debited(row, "unpaid", ["pending"])
    assert CheckoutSession.objects.get().status == "open"

    assert debited(row, "unpaid", ["canceled", "failed"])
    assert not debited(row, "unpaid", ["failed"])
    assert not debited(row, "paid", ["succeeded"])

    row = CheckoutSession.objects.get()
    assert (row.status, CouponRedemption.objects.get().status) == ("failed", "released")
    assert Coupon.objects.get().redemption_count == 0
    assert not Purchase.objects.exists()
    mail = Mail.objects.get(template="billing/checkout_failed")
    assert (mail.to, mail.subject) == (organization.billing_email, "Your payment for Hosting Pro did not arrive")


def test_nobody_asks_again_for_what_a_bank_refused_to_pay_once(organization: Organization) -> None:
    row = bought_once(organization)
    page = Record.objects.get(object_id=row.provider_session_id)
    page.data["payment_method_types"] = ["card", "us_bank_account"]
    page.save()
    pay(row.provider_session_id, Payer(email="kim@harbour.test", account="000222222227"))
    shop.catch_up()
    row.refresh_from_db()
    assert row.status == "open"

    clock.advance(by=timedelta(days=5))
    shop.catch_up()
    clock.advance(by=timedelta(days=30))
    shop.catch_up()

    row.refresh_from_db()
    assert row.status == "failed"
    (theirs,) = Record.objects.filter(kind="invoice")
    assert (theirs.data["status"], theirs.data["next_payment_attempt"]) == ("void", None)
    (intent,) = Record.objects.filter(kind="payment_intent")
    assert intent.data["status"] == "canceled"
    assert not Purchase.objects.exists()
    assert not Invoice.objects.exclude(status="void").exists()
    assert all(each.holds for each in conservation.report())


def test_a_guest_is_told_at_the_address_that_they_gave() -> None:
    assert debited(bought_once(None), "unpaid", ["failed"])

    assert Mail.objects.get().to == "kim@harbour.test"


def test_a_subscription_that_never_was_paid_for_is_none(organization: Organization) -> None:
    row = shop.bought(organization)
    reading = provider().snapshot(checkout.COMPLETED, row.provider_session_id)
    assert reading is not None
    assert reading.checkout is not None
    assert reading.subscription is not None
    waiting = replace(reading, checkout=replace(reading.checkout, payment_status="unpaid"))
    over = replace(waiting, subscription=replace(reading.subscription, status="incomplete_expired"))

    assert not complete_checkout(row, waiting)
    assert complete_checkout(row, over)

    assert CheckoutSession.objects.get().status == "failed"
    assert not Subscription.objects.exists()


def test_a_guests_single_purchase_waits_for_the_holder_of_the_address_and_is_theirs() -> None:
    ann = make.user("ann@buyer.test")
    row = bought_once(None, "ann@buyer.test")
    pay(row.provider_session_id, Payer(email="ann@buyer.test"))
    shop.catch_up()
    assert not Purchase.objects.exists()

    confirmed = confirm_claim(claim_link(), by=ann)

    purchase = Purchase.objects.get()
    assert (confirmed, confirmed.claim) == (row, "confirmed")
    assert (purchase.organization, purchase.kind, purchase.amount_minor) == (confirmed.organization, "one_off", 25_000)
    invoice = Invoice.objects.get()
    assert (invoice.organization, invoice.status, invoice.paid_minor) == (confirmed.organization, "paid", 25_000)
    assert invoice.payments.get().status == "succeeded"
    assert all(each.holds for each in conservation.report())


def test_what_no_event_ended_is_asked_for(organization: Organization) -> None:
    """One that was paid on, one that ran out, one whose page nobody ever saw."""
    paid = shop.bought(organization, "hosting-starter")
    ran_out = shop.checkout(make.organization(), "hosting-starter")
    unseen = shop.checkout(make.organization(), "hosting-starter")
    CheckoutSession.objects.filter(pk=unseen.pk).update(provider_session_id="")
    clock.advance(by=timedelta(hours=47))
    assert end_stale() == {"ended": 0}
    clock.advance(by=timedelta(hours=2))
    with faults.injected(Fault.SERVER_ERROR, method="GET", path="/v1/checkout/sessions", times=50):
        assert end_stale() == {"ended": 1}

    assert end_stale() == {"ended": 2}

    found = {row.pk: row.status for row in CheckoutSession.objects.all()}
    assert found == {paid.pk: "completed", ran_out.pk: "expired", unseen.pk: "expired"}
    assert Subscription.objects.get().organization == organization
    assert end_stale() == {"ended": 0}


def test_one_that_the_provider_forgot_is_over(organization: Organization) -> None:
    shop.checkout(organization, "hosting-starter")
    clock.advance(by=timedelta(hours=49))
    Record.objects.filter(kind="checkout.session").delete()

    assert end_stale() == {"ended": 1}

    assert CheckoutSession.objects.get().status == "expired"

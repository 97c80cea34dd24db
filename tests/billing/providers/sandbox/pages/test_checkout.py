"""The hosted checkout page, as a person's browser sees it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from billing.providers.sandbox import clock
from billing.providers.sandbox.models import Record
from billing.providers.sandbox.pages import forms
from tests.billing.providers.sandbox import shop

CARD = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123", "name": "Ann"}
BUYER = {**CARD, "email": "ann@acme.test"}


def address(session_id: str) -> str:
    return f"/sandbox/checkout/{session_id}"


def test_it_shows_what_is_bought_and_asks_for_a_card() -> None:
    session = shop.checkout_session(cancel_url="https://shop.test/plans")

    response = Client().get(address(session.id))
    page = response.content.decode()

    assert response.status_code == 200
    for text in ("Sandbox", "No real money", "Subscribe to Pages Team", "$65.00", "per month", "Total due today"):
        assert text in page
    for field in ("email", "number", "expiry", "cvc", "name"):
        assert f'name="{field}"' in page
    assert 'href="https://shop.test/plans"' in page
    assert "4242 4242 4242 4242" in page
    assert "<script" not in page
    assert "style=" not in page
    assert response["Content-Security-Policy"].count("unsafe-inline") == 0


def test_paying_leads_to_the_shops_own_page() -> None:
    session = shop.checkout_session()

    response = Client().post(address(session.id), BUYER)

    assert response.status_code == 302
    assert response["Location"] == f"https://shop.test/thanks?session={session.id}"
    assert shop.client().v1.checkout.sessions.retrieve(session.id).status == "complete"


def test_the_browser_may_follow_the_form_to_the_shop() -> None:
    policy = Client().get(address(shop.checkout_session().id))["Content-Security-Policy"]

    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["form-action"] == "'self' https://shop.test"


@pytest.mark.parametrize(
    ("number", "reason"),
    [("4000 0000 0000 0002", "Your card was declined."), ("4000-0000-0000-9995", "Your card has insufficient funds.")],
)
def test_a_declined_card_is_explained_and_another_may_follow(number: str, reason: str) -> None:
    session = shop.checkout_session()
    client = Client()

    refused = client.post(address(session.id), {**BUYER, "number": number})

    assert refused.status_code == 402
    assert reason in refused.content.decode()
    assert "Nothing was charged" in refused.content.decode()
    assert reason in client.get(address(session.id)).content.decode()
    assert not Record.objects.filter(kind="subscription").exists()
    assert client.post(address(session.id), BUYER).status_code == 302


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": "4242 4242 4242 4241"}, "card number is invalid"),
        ({"number": "4242"}, "card number is incomplete"),
        ({"number": "four two"}, "card number is incomplete"),
        ({"number": ""}, "This field is required"),
        ({"expiry": "1234567"}, "Write the expiry as MM / YY"),
        ({"expiry": "13/40"}, "expiration month is invalid"),
        ({"expiry": "01/20"}, "expiration date is in the past"),
        ({"cvc": "12"}, "security code is incomplete"),
        ({"cvc": "abc"}, "security code is incomplete"),
        ({"number": "3782 822463 10005", "cvc": "123"}, "security code is incomplete"),
        ({"email": "nobody"}, "valid email address"),
    ],
)
def test_what_cannot_be_a_card_is_not_sent_to_the_bank(change: dict[str, str], message: str) -> None:
    session = shop.checkout_session()

    response = Client().post(address(session.id), {**BUYER, **change})

    assert response.status_code == 400
    assert message in response.content.decode()
    assert not Record.objects.filter(kind__in=["charge", "payment_intent", "payment_method"]).exists()


def test_american_express_has_four_digits() -> None:
    session = shop.checkout_session()

    response = Client().post(address(session.id), {**BUYER, "number": "378282246310005", "cvc": "1234"})

    assert response.status_code == 302


def test_this_months_card_is_still_good_and_last_months_is_not() -> None:
    shop.go_to(3, 31)
    now = clock.now()
    session = shop.checkout_session()

    past = Client().post(address(session.id), {**BUYER, "expiry": f"02/{now:%y}"})
    present = Client().post(address(session.id), {**BUYER, "expiry": f"{now:%m/%Y}"})

    assert (past.status_code, present.status_code) == (400, 302)


def test_a_known_address_is_shown_and_not_asked_for() -> None:
    for session in (
        shop.checkout_session(customer_email="bea@acme.test"),
        shop.checkout_session(customer=shop.client().v1.customers.create({"email": "bea@acme.test"}).id),
    ):
        page = Client().get(address(session.id)).content.decode()

        assert "bea@acme.test" in page
        assert 'name="email"' not in page
        assert Client().post(address(session.id), CARD).status_code == 302


def test_a_test_card_is_typed_in_when_it_is_picked() -> None:
    session = shop.checkout_session()

    amex = Client().get(address(session.id), {"card": "amex"}).content.decode()
    unknown = Client().get(address(session.id), {"card": "4242"}).content.decode()

    assert 'value="3782 822463 10005"' in amex
    assert 'value="1234"' in amex
    assert 'value="4242' not in unknown


def test_a_complete_checkout_leads_on_and_is_not_paid_again() -> None:
    session = shop.checkout_session()
    client = Client()
    client.post(address(session.id), BUYER)

    again = client.post(address(session.id), BUYER)

    assert again.status_code == 200
    assert "complete" in again.content.decode()
    assert f'href="https://shop.test/thanks?session={session.id}"' in again.content.decode()
    assert shop.events().count("charge.succeeded") == 1


def test_an_expired_checkout_says_so() -> None:
    session = shop.checkout_session()
    clock.advance(by=timedelta(days=1, minutes=1))

    page = Client().get(address(session.id)).content.decode()

    assert "This checkout has expired" in page
    assert 'name="number"' not in page


def test_a_checkout_that_expires_while_the_form_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    session = shop.checkout_session()
    real = forms.CardForm.payer

    def too_slow(form: forms.CardForm) -> object:
        clock.advance(by=timedelta(days=1, minutes=1))
        return real(form)

    monkeypatch.setattr(forms.CardForm, "payer", too_slow)

    response = Client().post(address(session.id), BUYER)

    assert "This checkout has expired" in response.content.decode()
    assert not Record.objects.filter(kind="charge").exists()


def test_one_that_expired_in_the_sandboxs_eyes_only() -> None:
    session = shop.checkout_session()
    stored = Record.objects.get(object_id=session.id)
    Record.objects.filter(pk=stored.pk).update(data={**stored.data, "expires_at": session.created})

    assert "has expired" in Client().get(address(session.id)).content.decode()


def test_a_single_payment_is_worded_as_one() -> None:
    session = shop.checkout_session(shop.price(123_456, interval=None, currency="eur"))

    page = Client().get(address(session.id)).content.decode()

    assert "Pay for Pages Team" in page
    assert "€1,234.56" in page
    assert "until you cancel" not in page


def test_only_the_pages_own_form_is_taken() -> None:
    session = shop.checkout_session()
    client = Client(enforce_csrf_checks=True)

    assert client.post(address(session.id), BUYER).status_code == 403
    assert shop.client().v1.checkout.sessions.retrieve(session.id).status == "open"
    (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(address(session.id)).content.decode())
    assert client.post(address(session.id), {**BUYER, "csrfmiddlewaretoken": token}).status_code == 302


def test_an_unknown_checkout_is_404() -> None:
    assert Client().get(address("cs_test_none")).status_code == 404
    assert Client().put(address("cs_test_none")).status_code == 405


def test_there_is_no_page_beside_the_real_stripe(settings: Settings) -> None:
    session = shop.checkout_session()
    settings.SANDBOX = False

    assert Client().get(address(session.id)).status_code == 404


# --- Codes, debits, confirmation --------------------------------------------------------------------------------------
def _coupon(**params: Any) -> None:
    api = shop.client().v1
    coupon: Any = {"id": "C", "percent_off": 20, "duration": "once", **params}
    api.coupons.create(coupon)
    api.promotion_codes.create({"code": "LAUNCH20", "promotion": {"type": "coupon", "coupon": "C"}})


def test_a_code_lowers_the_price_and_a_wrong_one_says_so() -> None:
    _coupon()
    session = shop.checkout_session(allow_promotion_codes=True)

    wrong = Client().post(f"{address(session.id)}/code", {"code": "NOPE"})
    right = Client().post(f"{address(session.id)}/code", {"code": " launch20 "})
    page = Client().get(address(session.id)).content.decode()

    assert wrong.status_code == 400
    assert "This code is invalid." in wrong.content.decode()
    assert "This field is required" not in wrong.content.decode()
    assert right.status_code == 302
    assert "$13.00" in page
    assert "$52.00" in page
    Client().post(address(session.id), BUYER)
    bought = shop.client().v1.checkout.sessions.retrieve(session.id)
    (invoice,) = shop.invoices(str(bought.subscription))
    assert (invoice.total, invoice.total_discount_amounts[0].amount) == (5_200, 1_300)  # type: ignore[index]
    assert shop.client().v1.coupons.retrieve("C").times_redeemed == 1


def test_a_code_that_is_used_up_is_refused() -> None:
    _coupon(max_redemptions=1)
    first, second = (shop.checkout_session(allow_promotion_codes=True) for _ in range(2))
    for session in (first, second):
        Client().post(f"{address(session.id)}/code", {"code": "LAUNCH20"})
    Client().post(address(first.id), BUYER)

    third = shop.checkout_session(allow_promotion_codes=True)

    assert Client().post(f"{address(third.id)}/code", {"code": "LAUNCH20"}).status_code == 400


def test_a_checkout_without_codes_takes_none() -> None:
    _coupon()
    session = shop.checkout_session()

    assert 'name="code"' not in Client().get(address(session.id)).content.decode()
    assert Client().post(f"{address(session.id)}/code", {"code": "LAUNCH20"}).status_code == 400


def test_a_bank_account_is_chosen_where_the_checkout_takes_one() -> None:
    session = shop.checkout_session(payment_method_types=["card", "us_bank_account"])

    page = Client().get(address(session.id), {"by": "bank"}).content.decode()
    paid = Client().post(address(session.id), {"by": "bank", "email": "ann@acme.test", "account": "000123456789"})

    assert "6789" in page
    assert 'name="cvc"' not in page
    assert paid.status_code == 302
    done = shop.client().v1.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status) == ("complete", "unpaid")
    assert shop.client().v1.subscriptions.retrieve(str(done.subscription)).status == "active"
    clock.advance(by=timedelta(days=5))
    assert shop.client().v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert "checkout.session.async_payment_succeeded" in shop.events()


def test_a_debit_that_fails_makes_the_subscription_past_due() -> None:
    session = shop.checkout_session(payment_method_types=["us_bank_account"])
    Client().post(address(session.id), {"by": "bank", "email": "ann@acme.test", "account": "000222222227"})

    clock.advance(by=timedelta(days=5))

    done = shop.client().v1.checkout.sessions.retrieve(session.id)
    assert shop.client().v1.subscriptions.retrieve(str(done.subscription)).status == "past_due"
    assert "checkout.session.async_payment_failed" in shop.events()


def test_only_offered_accounts_are_taken() -> None:
    session = shop.checkout_session(payment_method_types=["us_bank_account"])

    answer = Client().post(
        address(session.id), {"by": "bank", "email": "a@b.test", "account": "DE89370400440532013000"}
    )

    assert answer.status_code == 400
    assert shop.client().v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_card_that_asks_is_confirmed_on_the_banks_page() -> None:
    session = shop.checkout_session()
    number = {**BUYER, "number": "4000 0025 0000 3155"}

    asked = Client().post(address(session.id), number)
    page = Client().get(asked["Location"]).content.decode()
    paid = Client().post(asked["Location"], {"answer": "confirm"})

    assert asked["Location"] == f"{address(session.id)}/confirm"
    assert "Is it you who is paying?" in page
    assert paid["Location"].startswith("https://shop.test/thanks")
    done = shop.client().v1.checkout.sessions.retrieve(session.id)
    assert done.payment_status == "paid"
    # It asks only once: the renewal goes through without anybody there.
    clock.advance(by=timedelta(days=32))
    assert shop.client().v1.subscriptions.retrieve(str(done.subscription)).status == "active"
    assert Client().get(asked["Location"]).status_code == 302


@pytest.mark.parametrize("interval", ["month", None])
def test_whoever_refuses_there_pays_nothing_and_may_try_again(interval: str | None) -> None:
    session = shop.checkout_session(shop.price(interval=interval))
    asked = Client().post(address(session.id), {**BUYER, "number": "4000 0025 0000 3155"})

    Client().post(asked["Location"], {"answer": "refuse"})
    page = Client().get(address(session.id)).content.decode()

    assert "unable to authenticate" in page
    assert not Record.objects.filter(kind="charge").exists()
    assert not Record.objects.filter(kind="subscription").exists()
    assert Client().post(address(session.id), BUYER).status_code == 302


def test_a_trial_costs_nothing_today_and_is_told_of_before_it_ends() -> None:
    session = shop.checkout_session(subscription_data={"trial_period_days": 14})
    page = Client().get(address(session.id)).content.decode()
    Client().post(address(session.id), BUYER)
    done = shop.client().v1.checkout.sessions.retrieve(session.id)
    subscription = str(done.subscription)

    assert "14 days free" in page
    assert done.payment_status == "no_payment_required"
    assert shop.client().v1.subscriptions.retrieve(subscription).status == "trialing"
    clock.advance(by=timedelta(days=11, minutes=1))
    assert shop.events().count("customer.subscription.trial_will_end") == 1
    clock.advance(by=timedelta(days=3, hours=2))
    assert shop.client().v1.subscriptions.retrieve(subscription).status == "active"
    assert [invoice.amount_paid for invoice in shop.invoices(subscription)] == [0, 6_500]


def test_a_setup_saves_a_card_and_charges_nothing() -> None:
    customer = shop.customer("")
    setup: Any = {"mode": "setup", "currency": "usd", "customer": customer.id, "success_url": shop.SUCCESS_URL}
    session = shop.client().v1.checkout.sessions.create(setup)

    page = Client().get(address(session.id)).content.decode()
    saved = Client().post(address(session.id), CARD)

    assert "Nothing is charged now" in page
    assert saved.status_code == 302
    assert len(shop.client().v1.customers.payment_methods.list(customer.id).data) == 1
    assert not Record.objects.filter(kind="payment_intent").exists()

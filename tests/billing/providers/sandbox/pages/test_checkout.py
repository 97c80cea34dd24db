"""The hosted checkout page, as a person's browser sees it."""

import re
from datetime import timedelta

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

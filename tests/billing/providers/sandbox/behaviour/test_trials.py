"""Trials that end with nothing to charge, and refunds and disputes that take their time."""

from datetime import timedelta
from typing import Any

import pytest
import stripe

from billing.providers.sandbox import clock
from tests.billing.providers.sandbox import shop


def trial(behavior: str) -> stripe.Subscription:
    settings: Any = {"end_behavior": {"missing_payment_method": behavior}}
    return shop.subscription(shop.price(), shop.customer(""), trial_period_days=7, trial_settings=settings)


def give(subscription: stripe.Subscription, card: str) -> None:
    """From now on it is paid with this."""
    method = shop.client().v1.payment_methods.attach(card, {"customer": str(subscription.customer)})
    shop.client().v1.subscriptions.update(subscription.id, {"default_payment_method": method.id})


def test_without_a_card_it_pauses_and_may_go_on() -> None:
    subscription = trial("pause")
    clock.advance(by=timedelta(days=8))

    paused = shop.client().v1.subscriptions.retrieve(subscription.id)
    give(subscription, "pm_card_visa")
    resumed = shop.client().v1.subscriptions.resume(subscription.id)

    assert paused.status == "paused"
    assert shop.events().count("customer.subscription.paused") == 1
    assert resumed.status == "active"
    assert shop.invoices(subscription.id)[-1].billing_reason == "subscription_cycle"
    with pytest.raises(stripe.InvalidRequestError, match="only resume a paused"):
        shop.client().v1.subscriptions.resume(subscription.id)


def test_what_the_bank_does_not_pay_as_it_goes_on_is_past_due_with_a_page_to_pay_it() -> None:
    subscription = trial("pause")
    clock.advance(by=timedelta(days=8))
    give(subscription, "pm_card_authenticationRequired")

    resumed = shop.client().v1.subscriptions.resume(subscription.id)

    invoice = shop.invoices(subscription.id)[-1]
    assert (resumed.status, invoice.status, bool(invoice.hosted_invoice_url)) == ("past_due", "open", True)


def test_without_a_card_it_ends_or_owes() -> None:
    ends, owes = trial("cancel"), trial("create_invoice")

    clock.advance(by=timedelta(days=8))

    assert shop.client().v1.subscriptions.retrieve(ends.id).status == "canceled"
    assert shop.client().v1.subscriptions.retrieve(owes.id).status == "past_due"


def test_a_trial_may_end_now_and_is_paid_for_then() -> None:
    subscription = shop.subscription(shop.price(), shop.customer(), trial_period_days=14)

    ended = shop.client().v1.subscriptions.update(subscription.id, {"trial_end": "now"})

    assert ended.status == "active"
    assert [invoice.amount_paid for invoice in shop.invoices(subscription.id)] == [0, 6_500]


def test_a_trial_may_be_made_longer() -> None:
    subscription = shop.subscription(shop.price(), shop.customer(), trial_period_days=7)
    later = int(clock.now().timestamp()) + 30 * 86_400

    longer = shop.client().v1.subscriptions.update(subscription.id, {"trial_end": later})

    assert (longer.status, longer.trial_end, shop.period_end(longer)) == ("trialing", later, later)
    clock.advance(by=timedelta(days=15))
    assert shop.client().v1.subscriptions.retrieve(subscription.id).status == "trialing"


def _paid_with(number: str) -> str:
    session = shop.checkout_session(shop.price(5_000, interval=None), customer_creation="always")
    return str(shop.pay(session, number)["payment_intent"])


def test_a_refund_that_fails_comes_back() -> None:
    api, intent = shop.client().v1, _paid_with(shop.REFUND_FAILS)
    refund = api.refunds.create({"payment_intent": intent, "amount": 2_000})

    clock.advance(by=timedelta(days=2))

    assert (refund.status, api.refunds.retrieve(refund.id).status) == ("succeeded", "failed")
    assert api.charges.retrieve(str(refund.charge)).amount_refunded == 0
    assert "refund.failed" in shop.events()


def test_a_dispute_that_nobody_answers_is_lost() -> None:
    api, intent = shop.client().v1, _paid_with(shop.DISPUTED)
    (dispute,) = api.disputes.list({"payment_intent": intent}).data
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        api.refunds.create({"payment_intent": intent})

    clock.advance(by=timedelta(days=10))

    lost = api.disputes.retrieve(dispute.id)
    assert (lost.status, lost.evidence_details.past_due) == ("lost", True)
    assert shop.events().count("charge.dispute.closed") == 1
    with pytest.raises(stripe.InvalidRequestError, match="already lost"):
        api.disputes.close(dispute.id)
    with pytest.raises(stripe.InvalidRequestError, match="no more evidence"):
        api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})


def test_what_is_looked_at_may_still_be_given_up() -> None:
    api, intent = shop.client().v1, _paid_with(shop.DISPUTED)
    (dispute,) = api.disputes.list({"payment_intent": intent}).data

    looked_at = api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "It was them."}})

    assert looked_at.status == "under_review"
    assert api.disputes.close(dispute.id).status == "lost"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"amount": 7_000, "refund_amount": 7_000}, "above what is left"),
        ({"amount": 1_000}, "must be 1000, not 0"),
        ({"amount": 1_000, "refund_amount": 400, "credit_amount": 400}, "must be 1000, not 800"),
    ],
)
def test_a_credit_note_that_cannot_be(given: Any, message: str) -> None:
    (invoice,) = shop.invoices(shop.subscription().id)
    asked: Any = {"invoice": str(invoice.id), **given}

    with pytest.raises(stripe.InvalidRequestError, match=message):
        shop.client().v1.credit_notes.create(asked)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({}, "percent_off"),
        ({"percent_off": 101}, "percent_off"),
        ({"percent_off": 10, "amount_off": 10}, "percent_off"),
        ({"amount_off": 10}, "currency"),
        ({"percent_off": 10, "duration": "repeating"}, "duration_in_months"),
    ],
)
def test_a_coupon_that_cannot_be(given: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client().v1.coupons.create(given)

    assert refused.value.param == param


def test_a_coupon_of_the_same_name_and_a_code_twice_are_refused() -> None:
    api = shop.client().v1
    api.coupons.create({"id": "TEN", "percent_off": 10})
    api.promotion_codes.create({"code": "ten", "promotion": {"type": "coupon", "coupon": "TEN"}})

    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        api.coupons.create({"id": "TEN", "percent_off": 10})
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        api.promotion_codes.create({"code": "TEN", "promotion": {"type": "coupon", "coupon": "TEN"}})
    api.coupons.delete("TEN")
    with pytest.raises(stripe.InvalidRequestError, match="expired"):
        shop.subscription(shop.price(), shop.customer(), discounts=[{"coupon": "TEN"}])

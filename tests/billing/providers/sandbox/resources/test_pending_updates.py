"""`payment_behavior=pending_if_incomplete`: a change that its customer's bank wants to hear about first."""

from datetime import timedelta
from typing import Any

import pytest
import stripe
from django.test import Client

from billing.providers.sandbox import clock
from tests import kept
from tests.billing.providers.sandbox import shop
from tests.billing.providers.sandbox.conformance import complaints

HOURS = 3600
CHANGED = "customer.subscription.updated"
APPLIED = "customer.subscription.pending_update_applied"
EXPIRED = "customer.subscription.pending_update_expired"


def half_way() -> stripe.Subscription:
    """Somebody who pays 65 a month, in its middle, with a card that must be confirmed each time."""

    def come_about() -> None:
        shop.go_to(4, 1)
        made = shop.subscription()
        clock.advance(by=timedelta(days=15))
        shop.replace_card(str(made.customer), "authenticationRequired")

    kept.situation("half way with a card that asks", come_about)
    (found,) = shop.client().v1.subscriptions.list({}).data
    return found


def asked(of: stripe.Subscription, item: Any = None, **params: Any) -> stripe.Subscription:
    """A change of its item: dearer, unless it says otherwise."""
    change = item or {"price": shop.price(13_000).id}
    given: Any = {
        "items": [{"id": shop.item(of).id, **change}],
        "payment_behavior": "pending_if_incomplete",
        "proration_behavior": "always_invoice",
        **params,
    }
    return shop.client().v1.subscriptions.update(of.id, given)


def now(of: stripe.Subscription) -> stripe.Subscription:
    return shop.client().v1.subscriptions.retrieve(of.id)


def invoice_of(of: stripe.Subscription) -> stripe.Invoice:
    return shop.client().v1.invoices.retrieve(
        str(of.latest_invoice), {"expand": ["payments.data.payment.payment_intent"]}
    )


def intent_of(of: stripe.Subscription) -> stripe.PaymentIntent:
    (found,) = [
        each
        for each in shop.client().v1.payment_intents.list({"customer": str(of.customer)}).data
        if each.description == f"Invoice {invoice_of(of).number}"
    ]
    return found


def answer(of: stripe.Subscription, said: str) -> None:
    """On the bank's page."""
    Client().post(f"/sandbox/payments/{intent_of(of).id}", {"answer": said})


def test_it_stays_what_it_is_until_the_bank_has_confirmed() -> None:
    before = half_way()
    told = len(shop.events())

    waiting = asked(before)

    update: Any = waiting.pending_update
    assert complaints(shop.plain(waiting), stripe.Subscription, "subscription") == []
    assert update.expires_at == int(clock.now().timestamp()) + 23 * HOURS
    assert [(item.id, item.price.unit_amount) for item in update.subscription_items] == [(shop.item(before).id, 13_000)]
    assert (shop.item(waiting).price.unit_amount, waiting.status) == (6_500, "active")
    invoice, intent = invoice_of(waiting), intent_of(waiting)
    assert (invoice.status, invoice.billing_reason, invoice.next_payment_attempt) == (
        "open",
        "subscription_update",
        None,
    )
    assert [line.amount for line in invoice.lines.data] == [-3_250, 6_500]
    assert (intent.status, intent.amount) == ("requires_action", 3_250)
    kinds = shop.events(after=told)
    assert kinds.count(CHANGED) == 1
    assert {"invoice.finalized", "invoice.payment_action_required", "payment_intent.requires_action"} <= set(kinds)
    assert APPLIED not in kinds

    answer(waiting, "confirm")

    after = now(waiting)
    assert (shop.item(after).price.unit_amount, after.pending_update, after.status) == (13_000, None, "active")
    assert (invoice_of(after).status, invoice_of(after).amount_paid) == ("paid", 3_250)
    assert shop.events()[-2:] == [CHANGED, APPLIED]
    assert shop.period_end(after) == shop.period_end(before)


def test_a_card_that_pays_needs_no_waiting() -> None:
    subscription = half_way()
    shop.replace_card(str(subscription.customer), "visa")

    done = asked(subscription, {"quantity": 2})

    assert (shop.item(done).quantity, done.pending_update) == (2, None)
    assert invoice_of(done).status == "paid"
    free = asked(subscription, {"quantity": 1}, proration_behavior="none")
    assert (shop.item(free).quantity, free.pending_update) == (1, None)


def test_a_declined_card_waits_as_well_and_another_card_pays() -> None:
    subscription = half_way()
    shop.replace_card(str(subscription.customer), "chargeCustomerFail")

    waiting = asked(subscription)

    assert (waiting.pending_update is not None, waiting.status) == (True, "active")
    assert intent_of(waiting).status == "requires_payment_method"
    shop.replace_card(str(subscription.customer), "visa")
    shop.client().v1.invoices.pay(str(waiting.latest_invoice))
    assert shop.item(now(waiting)).price.unit_amount == 13_000


def test_refused_at_the_bank_it_still_waits() -> None:
    waiting = asked(half_way())

    answer(waiting, "refuse")

    assert (now(waiting).pending_update, now(waiting).status) == (waiting.pending_update, "active")
    assert invoice_of(waiting).status == "open"


def test_after_23_hours_it_is_as_if_nothing_had_been_asked_for() -> None:
    waiting = asked(half_way(), metadata={"team": "a"})
    intent = intent_of(waiting)

    clock.advance(by=timedelta(hours=23))

    after = now(waiting)
    assert (shop.item(after).price.unit_amount, after.pending_update, after.metadata.to_dict()) == (6_500, None, {})
    assert (invoice_of(after).status, intent_of(after).status) == ("void", "canceled")
    assert shop.events()[-3:] == ["invoice.voided", CHANGED, EXPIRED]
    charged = len(shop.client().v1.charges.list({"customer": str(after.customer)}).data)
    Client().post(f"/sandbox/payments/{intent.id}", {"answer": "confirm"})
    assert len(shop.client().v1.charges.list({"customer": str(after.customer)}).data) == charged
    # What was never paid is not given back.
    preview = shop.client().v1.invoices.create_preview(
        {
            "subscription": after.id,
            "subscription_details": {
                "items": [{"id": shop.item(after).id, "quantity": 2}],
                "proration_behavior": "always_invoice",
            },
        }
    )
    assert [line.amount for line in preview.lines.data] == [-3_042, 6_085]


def test_it_does_not_last_into_another_period() -> None:
    subscription = half_way()
    clock.advance(by=timedelta(seconds=shop.period_end(subscription) - clock.now().timestamp() - 2 * HOURS))

    waiting = asked(subscription)
    end = waiting.pending_update.expires_at if waiting.pending_update else 0
    clock.advance(by=timedelta(hours=3))

    assert end == shop.period_end(subscription)
    assert (now(waiting).pending_update, shop.item(now(waiting)).price.unit_amount) == (None, 6_500)
    assert shop.period_end(now(waiting)) > end


def test_metadata_is_merged_once_it_is_paid() -> None:
    subscription = shop.client().v1.subscriptions.update(half_way().id, {"metadata": {"kept": "1"}})

    waiting = asked(subscription, metadata={"team": "a"})

    assert (waiting.metadata.to_dict(), shop.plain(waiting)["pending_update"]["metadata"]) == (
        {"kept": "1"},
        {"team": "a"},
    )
    answer(waiting, "confirm")
    assert now(waiting).metadata.to_dict() == {"kept": "1", "team": "a"}


def test_another_interval_begins_where_it_was_billed() -> None:
    subscription = half_way()
    began = int(clock.now().timestamp())

    waiting = asked(subscription, {"price": shop.price(65_000, interval="year").id})
    clock.advance(by=timedelta(hours=5))
    answer(waiting, "confirm")

    after = now(waiting)
    assert (after.billing_cycle_anchor, shop.item(after).current_period_start) == (began, began)
    assert waiting.pending_update is not None
    assert waiting.pending_update.billing_cycle_anchor == began
    assert {line.period.end for line in invoice_of(after).lines.data} == {
        shop.period_end(subscription),
        shop.period_end(after),
    }


def test_items_come_and_go_with_it() -> None:
    subscription, other = half_way(), shop.price(20_000)
    items = [{"id": shop.item(subscription).id, "deleted": True}, {"price": other.id}]

    waiting = asked(subscription, items=items)

    assert waiting.pending_update is not None
    (coming,) = waiting.pending_update.subscription_items or []
    answer(waiting, "confirm")
    after = shop.item(now(waiting))
    assert (after.id, after.price.id) == (coming.id, other.id)


def test_voiding_its_invoice_cancels_it() -> None:
    waiting = asked(half_way())

    shop.client().v1.invoices.void_invoice(str(waiting.latest_invoice))

    assert now(waiting).pending_update is None
    assert shop.events()[-1] == EXPIRED


def test_another_one_takes_its_place() -> None:
    first = asked(half_way(), {"quantity": 2})

    second = asked(first, {"quantity": 3})

    voided = shop.client().v1.invoices.retrieve(str(first.latest_invoice))
    assert (voided.status, second.latest_invoice == first.latest_invoice) == ("void", False)
    assert second.pending_update is not None
    assert [item.quantity for item in second.pending_update.subscription_items or []] == [3]
    assert (voided.total, invoice_of(second).total) == (3_250, 6_500)
    answer(second, "confirm")
    assert shop.item(now(second)).quantity == 3


@pytest.mark.parametrize("by", ["update", "item"])
def test_any_other_change_of_what_is_billed_takes_its_place(by: str) -> None:
    waiting = asked(half_way())
    if by == "update":
        shop.client().v1.subscriptions.update(waiting.id, {"items": [{"id": shop.item(waiting).id, "quantity": 2}]})
    else:
        shop.client().v1.subscription_items.update(shop.item(waiting).id, {"quantity": 2})

    after = now(waiting)

    assert (shop.item(after).quantity, after.pending_update) == (2, None)
    assert EXPIRED in shop.events()


def test_what_bills_nothing_leaves_it() -> None:
    waiting = asked(half_way())

    after = shop.client().v1.subscriptions.update(waiting.id, {"description": "Team"})

    assert (after.pending_update, after.description) == (waiting.pending_update, "Team")


def test_one_that_fails_leaves_it() -> None:
    waiting = asked(half_way())

    with pytest.raises(stripe.CardError) as refused:
        asked(waiting, {"quantity": 4}, payment_behavior="error_if_incomplete")

    assert refused.value.code == "authentication_required"
    assert now(waiting).pending_update == waiting.pending_update


def test_it_ends_with_the_subscription() -> None:
    waiting = asked(half_way())

    shop.client().v1.subscriptions.cancel(waiting.id)

    assert (now(waiting).status, now(waiting).pending_update) == ("canceled", None)
    assert invoice_of(waiting).status == "void"


def test_credit_that_it_used_up_is_given_back() -> None:
    subscription = half_way()
    api = shop.client().v1
    cheaper = asked(subscription, {"price": shop.price(4_500).id})
    credit = api.customers.retrieve(str(subscription.customer)).balance

    waiting = asked(cheaper)

    assert (credit, invoice_of(waiting).amount_due) == (-1_000, 4_250 - 1_000)
    assert api.customers.retrieve(str(subscription.customer)).balance == 0
    clock.advance(by=timedelta(hours=23))
    assert api.customers.retrieve(str(subscription.customer)).balance == credit


@pytest.mark.parametrize("name", ["cancel_at_period_end", "description", "default_payment_method", "discounts"])
def test_what_it_cannot_hold_is_refused(name: str) -> None:
    subscription = half_way()
    method = shop.client().v1.customers.retrieve(str(subscription.customer)).invoice_settings
    given = {
        "cancel_at_period_end": True,
        "description": "x",
        "discounts": [{"coupon": "TEN"}],
        "default_payment_method": str(method.default_payment_method if method else ""),
    }

    with pytest.raises(stripe.InvalidRequestError, match=f"`{name}` is not supported") as refused:
        asked(subscription, **{name: given[name]})

    assert refused.value.param == name
    assert now(subscription).pending_update is None


def test_a_bank_debit_is_refused() -> None:
    subscription = half_way()
    api = shop.client().v1
    method = api.payment_methods.attach("pm_usBankAccount_success", {"customer": str(subscription.customer)})
    api.subscriptions.update(subscription.id, {"default_payment_method": method.id})

    with pytest.raises(stripe.InvalidRequestError, match="not supported for payment methods of type us_bank_account"):
        asked(subscription)


def test_without_a_card_it_waits_for_one() -> None:
    subscription = shop.subscription(to=shop.customer(""), trial_period_days=30)

    waiting = asked(subscription, {"quantity": 2}, trial_end="now")

    assert (waiting.status, waiting.pending_update is not None) == ("trialing", True)
    shop.replace_card(str(subscription.customer), "visa")
    shop.client().v1.invoices.pay(str(waiting.latest_invoice))
    assert (now(waiting).status, shop.item(now(waiting)).quantity) == ("active", 2)

"""Subscriptions and their items."""

from datetime import timedelta
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from billing.providers.sandbox import clock
from billing.providers.sandbox.behaviour.prorating import share
from billing.providers.sandbox.models import Record
from tests.billing.providers.sandbox import shop


class TestCreate:
    def test_the_period_is_on_the_item(self) -> None:
        shop.go_to(1, 31)
        subscription = shop.subscription(description="Team", metadata={"a": "b"})

        item = shop.item(subscription)
        assert "current_period_end" not in shop.plain(subscription)
        assert (shop.date(item.current_period_start), shop.date(item.current_period_end)) == ("31 Jan", "28 Feb")
        assert subscription.billing_cycle_anchor == subscription.start_date == item.current_period_start
        assert item.plan.amount == item.price.unit_amount == 6_500

    def test_a_card_is_needed(self) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="no attached payment source") as refused:
            shop.subscription(to=shop.customer(""))

        assert refused.value.code == "resource_missing"

    def test_a_declined_card_leaves_it_incomplete_until_the_invoice_is_paid(self) -> None:
        customer = shop.customer("chargeCustomerFail")
        subscription = shop.subscription(to=customer)
        assert subscription.status == "incomplete"

        shop.replace_card(customer.id, "visa")
        shop.client().v1.invoices.pay(str(subscription.latest_invoice))

        assert shop.client().v1.subscriptions.retrieve(subscription.id).status == "active"

    def test_or_leaves_nothing_where_that_is_asked_for(self) -> None:
        customer = shop.customer("chargeCustomerFail")

        with pytest.raises(stripe.CardError):
            shop.subscription(to=customer, payment_behavior="error_if_incomplete")

        assert not Record.objects.filter(kind__in=["subscription", "invoice", "charge"]).exists()
        assert shop.subscription(payment_behavior="error_if_incomplete").status == "active"

    def test_or_waits_to_be_paid(self) -> None:
        subscription = shop.subscription(to=shop.customer(""), payment_behavior="default_incomplete")

        (invoice,) = shop.invoices(subscription.id)
        assert (subscription.status, invoice.status, invoice.attempt_count) == ("incomplete", "open", 0)

    def test_its_end_may_be_planned_at_once(self) -> None:
        subscription = shop.subscription(cancel_at_period_end=True)

        assert subscription.cancel_at_period_end is True
        assert subscription.cancel_at == shop.period_end(subscription)

    @pytest.mark.parametrize(
        ("params", "param"),
        [
            ({"customer": "cus_none"}, "customer"),
            ({"items": [{"price": "price_none"}]}, "items[0][price]"),
            ({"items": [{"quantity": 1}]}, "items[0][price]"),
            ({"trial_period_days": 7, "trial_end": 4_000_000_000}, "trial_end"),
            ({"trial_end": 1}, "trial_end"),
            ({"discounts": [{"coupon": "NONE"}]}, "discounts[0][coupon]"),
            ({"default_payment_method": "pm_none"}, "default_payment_method"),
        ],
    )
    def test_that_cannot_be(self, params: dict[str, Any], param: str) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.subscription(**params)

        assert refused.value.param == param

    def test_of_prices_that_cannot_be_subscribed_to(self) -> None:
        once, gone = shop.price(interval=None), shop.price()
        shop.client().v1.prices.update(gone.id, {"active": False})

        with pytest.raises(stripe.InvalidRequestError, match="type=recurring"):
            shop.subscription(once)
        with pytest.raises(stripe.InvalidRequestError, match="inactive"):
            shop.subscription(gone)


class TestUpdate:
    def test_its_end_is_planned_and_called_off(self) -> None:
        api = shop.client().v1
        subscription = shop.subscription()

        planned = api.subscriptions.update(
            subscription.id,
            {"cancel_at_period_end": True, "cancellation_details": {"feedback": "unused", "comment": "Bye"}},
        )
        kept = api.subscriptions.update(subscription.id, {"cancel_at_period_end": False})

        assert planned.canceled_at is not None
        assert planned.cancellation_details is not None
        assert (planned.cancellation_details.feedback, planned.cancellation_details.reason) == (
            "unused",
            "cancellation_requested",
        )
        assert (kept.canceled_at, kept.cancel_at, kept.status) == (None, None, "active")
        clock.advance(by=timedelta(days=33))
        assert api.subscriptions.retrieve(subscription.id).status == "active"

    def test_its_card_and_words(self) -> None:
        api = shop.client().v1
        customer = shop.customer()
        subscription = shop.subscription(to=customer)
        card = api.payment_methods.attach("pm_card_amex", {"customer": customer.id})

        changed = api.subscriptions.update(
            subscription.id,
            {"default_payment_method": card.id, "description": "Mine", "metadata": {"a": "b"}, "pause_collection": ""},
        )

        assert (changed.default_payment_method, changed.description) == (card.id, "Mine")
        assert shop.plain(changed)["metadata"] == {"a": "b"}

    def test_what_is_over_stays_over(self) -> None:
        api = shop.client().v1
        subscription = shop.subscription()
        ended = api.subscriptions.cancel(subscription.id, {"cancellation_details": {"comment": "Bye"}})

        assert (ended.status, ended.ended_at) == ("canceled", ended.canceled_at)
        with pytest.raises(stripe.InvalidRequestError, match="canceled subscription"):
            api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
        with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
            api.subscriptions.cancel(subscription.id)

    def test_open_invoices_of_an_ended_one_are_not_pursued(self) -> None:
        api = shop.client().v1
        customer = shop.customer()
        subscription = shop.subscription(to=customer)
        shop.replace_card(customer.id, "chargeCustomerFail")
        clock.advance(by=timedelta(days=32))
        api.subscriptions.cancel(subscription.id)
        clock.advance(by=timedelta(days=30))

        unpaid = shop.invoices(subscription.id)[-1]
        assert (unpaid.status, unpaid.attempt_count, unpaid.auto_advance) == ("open", 1, False)


def change_of(subscription: stripe.Subscription, item: Any) -> stripe.Subscription:
    """Change one item."""
    return shop.client().v1.subscriptions.update(subscription.id, {"items": [item]})


class TestItems:
    def half_way(self, subscription: stripe.Subscription) -> None:
        start, end = shop.item(subscription).current_period_start, shop.period_end(subscription)
        clock.advance(by=timedelta(seconds=(start + end) / 2 - clock.now().timestamp()))

    def test_a_dearer_price_in_mid_period_is_prorated_on_the_next_invoice(self) -> None:
        api = shop.client().v1
        subscription = shop.subscription(shop.price(6_000))
        dearer = shop.price(10_000)
        self.half_way(subscription)

        api.subscriptions.update(
            subscription.id, {"items": [{"id": shop.item(subscription).id, "price": dearer.id, "metadata": {"a": "b"}}]}
        )
        clock.advance(by=timedelta(days=20))

        renewal = shop.invoices(subscription.id)[-1]
        assert [line.amount for line in renewal.lines.data] == [10_000, -3_000, 5_000]
        assert [shop.plain(line)["parent"]["type"] for line in renewal.lines.data] == ["subscription_item_details"] * 3
        assert renewal.lines.data[1].description is not None
        assert renewal.lines.data[1].description.startswith("Unused time on Pages Team after ")
        assert (renewal.total, renewal.status) == (12_000, "paid")

    def test_or_invoiced_at_once(self) -> None:
        api = shop.client().v1
        subscription = shop.subscription(shop.price(6_000))
        self.half_way(subscription)

        api.subscription_items.update(
            shop.item(subscription).id, {"quantity": 3, "proration_behavior": "always_invoice"}
        )

        upgrade = shop.invoices(subscription.id)[-1]
        assert (upgrade.billing_reason, upgrade.total, upgrade.status) == ("subscription_update", 6_000, "paid")
        assert api.subscriptions.retrieve(subscription.id).latest_invoice == upgrade.id

    def test_or_not_at_all(self) -> None:
        api = shop.client().v1
        subscription = shop.subscription()

        api.subscriptions.update(
            subscription.id,
            {"items": [{"id": shop.item(subscription).id, "quantity": 5}], "proration_behavior": "none"},
        )

        assert shop.item(api.subscriptions.retrieve(subscription.id)).quantity == 5
        assert api.invoice_items.list().data == []
        assert len(shop.invoices(subscription.id)) == 1

    def test_credit_is_kept_for_later_invoices(self) -> None:
        api = shop.client().v1
        subscription = shop.subscription(shop.price(6_000))
        cheap = shop.price(1_000)
        self.half_way(subscription)

        api.subscriptions.update(
            subscription.id,
            {
                "items": [{"id": shop.item(subscription).id, "price": cheap.id}],
                "proration_behavior": "always_invoice",
            },
        )

        credit = shop.invoices(subscription.id)[-1]
        assert (credit.total, credit.amount_due, credit.status, credit.ending_balance) == (-2_500, 0, "paid", -2_500)
        assert api.customers.retrieve(str(subscription.customer)).balance == -2_500
        clock.advance(by=timedelta(days=20))
        renewal = shop.invoices(subscription.id)[-1]
        assert (renewal.total, renewal.starting_balance, renewal.amount_due, renewal.ending_balance) == (
            1_000,
            -2_500,
            0,
            -1_500,
        )
        assert "customer.updated" in shop.events()

    def test_one_is_added_and_one_removed(self) -> None:
        api = shop.client().v1
        subscription = shop.subscription(shop.price(6_000))
        added = shop.price(2_000)

        changed = api.subscriptions.update(
            subscription.id,
            {
                "items": [{"price": added.id, "quantity": 2}, {"id": shop.item(subscription).id, "deleted": True}],
                "proration_behavior": "none",
            },
        )

        assert [(item.price.id, item.quantity) for item in changed["items"].data] == [(added.id, 2)]
        told = shop.plain(api.events.list({"type": "customer.subscription.updated"}).data[0])
        assert len(told["data"]["previous_attributes"]["items"]["data"]) == 1

    def test_the_last_one_cannot_be_removed(self) -> None:
        subscription = shop.subscription()

        with pytest.raises(stripe.InvalidRequestError, match="at least one active item"):
            shop.client().v1.subscriptions.update(
                subscription.id, {"items": [{"id": shop.item(subscription).id, "deleted": True}]}
            )

    @pytest.mark.parametrize("change", [{}, {"id": "si_none"}, {"price": "price_none"}])
    def test_changes_that_cannot_be(self, change: Any) -> None:
        subscription = shop.subscription()

        with pytest.raises(stripe.InvalidRequestError) as refused:
            change_of(subscription, {"metadata": {"a": "b"}, **change})

        assert str(refused.value.param).startswith("items[0]")

    def test_a_price_of_another_interval_begins_a_period_now_and_gives_back_the_old_one(self) -> None:
        subscription, yearly = shop.subscription(), shop.price(65_000, interval="year")
        half = (shop.period_end(subscription) - subscription.created) // 2
        clock.advance(by=timedelta(seconds=half - clock.now().timestamp() + subscription.created))

        shop.client().v1.subscription_items.update(shop.item(subscription).id, {"price": yearly.id})

        changed = shop.client().v1.subscriptions.retrieve(subscription.id)
        assert shop.period_end(changed) - changed.billing_cycle_anchor in (365 * 86_400, 366 * 86_400)
        invoice = shop.invoices(subscription.id)[-1]
        assert (invoice.status, invoice.billing_reason) == ("paid", "subscription_update")
        credit, charge = invoice.lines.data
        assert charge.amount == 65_000
        assert credit.amount == pytest.approx(-3_250, abs=2)

    def test_two_intervals_beside_each_other_are_refused(self) -> None:
        subscription, yearly = shop.subscription(), shop.price(interval="year")

        with pytest.raises(stripe.InvalidRequestError, match="same interval"):
            shop.client().v1.subscriptions.update(subscription.id, {"items": [{"price": yearly.id}]})

    def test_are_found(self) -> None:
        api = shop.client().v1
        subscription = shop.subscription()
        item = shop.item(subscription)

        assert [found.id for found in api.subscription_items.list({"subscription": subscription.id}).data] == [item.id]
        assert api.subscription_items.retrieve(item.id).subscription == subscription.id
        with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
            api.subscription_items.list({"subscription": "sub_none"})


def test_they_are_listed_by_customer_price_and_state() -> None:
    api = shop.client().v1
    price, customer = shop.price(), shop.customer()
    running = shop.subscription(price, customer)
    over = shop.subscription(to=customer)
    api.subscriptions.cancel(over.id)
    unpaid = shop.subscription(to=shop.customer("chargeCustomerFail"))

    def ids(**params: Any) -> list[str]:
        return [found.id for found in api.subscriptions.list(params).data]  # type: ignore[arg-type]

    assert ids() == [unpaid.id, running.id]
    assert ids(status="all") == [unpaid.id, over.id, running.id]
    assert ids(status="ended") == ids(status="canceled") == [over.id]
    assert ids(customer=customer.id) == ids(price=price.id) == [running.id]
    assert ids(status="incomplete") == [unpaid.id]


@given(amount=st.integers(-10_000_000, 10_000_000), part=st.integers(0, 10_000), rest=st.integers(1, 10_000))
def test_shares_are_exact_to_half_a_cent_and_opposites_cancel(amount: int, part: int, rest: int) -> None:
    whole = part + rest
    exact_doubled = 2 * amount * part

    assert abs(2 * share(amount, part, whole) * whole - exact_doubled) <= whole
    assert share(amount, part, whole) == -share(-amount, part, whole)
    assert (share(amount, 0, whole), share(amount, whole, whole)) == (0, amount)

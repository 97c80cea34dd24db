"""Changing subscriptions, as every provider must: previewed, once, and not at all when the card says no."""

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.providers.protocol import CardDeclined, ChangeSpec, ItemSpec, PriceSpec, ProviderError, SubscriptionFact
from billing.providers.sandbox.faults import Fault, injected
from tests.billing.providers.contract.side import PRO, Side

TOP = replace(PRO, lookup_key="contract-top-month", amount_minor=25_800)
YEAR = replace(PRO, lookup_key="contract-pro-year", amount_minor=129_000, interval="year")
SEAT = PriceSpec("contract-seat-month", "contract-seat", "Contract Seat", "usd", 1_000, "month")


def price(side: Side, spec: PriceSpec) -> str:
    return side.provider.ensure_prices([spec])[spec.lookup_key]


def upgrade(side: Side, fact: SubscriptionFact) -> ChangeSpec:
    return ChangeSpec(fact.id, price(side, TOP))


def test_what_a_preview_says_is_what_the_change_costs(side: Side) -> None:
    fact = side.subscribed(side.customer())
    side.advance(fact.period_start + timedelta(days=10))
    at = fact.period_start + timedelta(days=10)

    said = side.provider.preview_change(upgrade(side, fact), at=at)
    changed = side.provider.change_subscription(upgrade(side, fact), key=side.key("change"), at=at)

    billed = side.provider.invoices_of(fact.id)[0]
    assert said.id == ""
    assert (billed.status, billed.billing_reason, billed.total_minor) == ("paid", "subscription_update", said.due_minor)
    assert sorted(line.amount_minor for line in billed.lines) == sorted(line.amount_minor for line in said.lines)
    assert all(line.is_proration for line in billed.lines)
    # Twenty of the days are left: the dearer plan's, less the cheaper's.
    days = (fact.period_end - fact.period_start).days
    assert billed.total_minor == pytest.approx(12_900 * (days - 10) / days, abs=1)
    assert (changed.price_id, changed.period_end) == (price(side, TOP), fact.period_end)


def test_a_preview_changes_nothing(side: Side) -> None:
    fact = side.subscribed(side.customer())

    side.provider.preview_change(upgrade(side, fact))

    found = side.provider.snapshot("customer.subscription.updated", fact.id)
    assert found is not None
    assert found.subscription == fact
    assert len(side.provider.invoices_of(fact.id)) == 1


def test_a_change_is_made_once(side: Side) -> None:
    fact = side.subscribed(side.customer())
    side.advance(fact.period_start + timedelta(days=10))

    first, again = (side.provider.change_subscription(upgrade(side, fact), key=side.key("change")) for _ in range(2))

    assert first.price_id == again.price_id == price(side, TOP)
    assert len(side.provider.invoices_of(fact.id)) == 2


def test_a_card_that_declines_leaves_everything_as_it_was(side: Side) -> None:
    customer = side.customer()
    fact = side.subscribed(customer)
    side.advance(fact.period_start + timedelta(days=10))
    side.replace_card(customer, "chargeCustomerFail")

    with pytest.raises(CardDeclined, match="declined"):
        side.provider.change_subscription(upgrade(side, fact), key=side.key("change"))

    found = side.provider.snapshot("customer.subscription.updated", fact.id)
    assert found is not None
    assert found.subscription is not None
    assert (found.subscription.price_id, found.subscription.status) == (fact.price_id, "active")
    assert len(side.provider.invoices_of(fact.id)) == 1


def test_the_difference_may_wait_for_the_next_invoice_or_not_be_asked_for(side: Side) -> None:
    waits, free = side.subscribed(side.customer()), side.subscribed(side.customer())

    side.provider.change_subscription(replace(upgrade(side, waits), prorate="next_invoice"), key=side.key("waits"))
    side.provider.change_subscription(replace(upgrade(side, free), prorate="none"), key=side.key("free"))

    assert len(side.provider.invoices_of(waits.id)) == len(side.provider.invoices_of(free.id)) == 1
    assert len(side.provider.invoice_items_of(waits.customer_id)) == 2
    assert side.provider.invoice_items_of(free.customer_id) == []


def test_another_interval_begins_at_once(side: Side) -> None:
    fact = side.subscribed(side.customer())

    changed = side.provider.change_subscription(ChangeSpec(fact.id, price(side, YEAR)), key=side.key("change"))

    assert (changed.period_end - changed.period_start).days in (365, 366)
    billed = side.provider.invoices_of(fact.id)[0]
    assert billed.status == "paid"
    assert 129_000 - 12_900 <= billed.total_minor <= 129_000 - 12_890


def test_what_is_sold_beside_the_plan_comes_and_goes(side: Side) -> None:
    fact = side.subscribed(side.customer())
    seats = ChangeSpec(fact.id, fact.price_id, items=(ItemSpec(price(side, SEAT), 3),), item_id=fact.items[0].id)

    added = side.provider.change_subscription(seats, key=side.key("add"))
    again = side.provider.change_subscription(seats, key=side.key("add"))
    kept = side.provider.change_subscription(replace(seats, items=(), quantity=2), key=side.key("more"))
    gone = side.provider.change_subscription(
        replace(seats, items=(ItemSpec(price(side, SEAT), 0),)), key=side.key("remove")
    )

    wanted = {(fact.price_id, 1), (price(side, SEAT), 3)}
    assert {(item.price_id, item.quantity) for item in added.items} == wanted
    assert {(item.price_id, item.quantity) for item in again.items} == wanted
    assert {(item.price_id, item.quantity) for item in kept.items} == {(fact.price_id, 2), (price(side, SEAT), 3)}
    assert [(item.price_id, item.quantity) for item in gone.items] == [(fact.price_id, 1)]


# --- At the period's end ---------------------------------------------------------------------------------------------
def test_a_change_waits_for_the_periods_end(side: Side) -> None:
    fact = side.subscribed(side.customer())

    planned = side.provider.schedule_change(upgrade(side, fact), key=side.key("plan"))
    again = side.provider.schedule_change(upgrade(side, fact), key=side.key("plan"))

    assert (planned.price_id, planned.takes_effect_at) == (price(side, TOP), fact.period_end)
    assert again == side.provider.scheduled_change(fact.id) == planned
    side.advance(fact.period_end + timedelta(hours=2))
    found = side.provider.snapshot("customer.subscription.updated", fact.id)
    assert found is not None
    assert found.subscription is not None
    assert found.subscription.price_id == price(side, TOP)
    assert side.provider.scheduled_change(fact.id) is None
    newest = side.provider.invoices_of(fact.id)[0]
    assert (newest.billing_reason, newest.total_minor) == ("subscription_cycle", 25_800)


def test_what_is_sold_beside_the_plan_goes_when_the_period_ends(side: Side) -> None:
    fact = side.subscribed(side.customer())
    seat, desk = (price(side, each) for each in (SEAT, replace(SEAT, lookup_key="contract-desk-month")))
    both = ChangeSpec(fact.id, fact.price_id, items=(ItemSpec(seat, 3), ItemSpec(desk, 1)), item_id=fact.items[0].id)
    side.provider.change_subscription(both, key=side.key("add"))

    planned = side.provider.schedule_change(
        replace(both, items=(ItemSpec(seat, 0), ItemSpec(desk, 2))), key=side.key("plan")
    )

    assert planned.items == {fact.price_id: 1, desk: 2}
    side.advance(fact.period_end + timedelta(hours=2))
    found = side.provider.snapshot("customer.subscription.updated", fact.id)
    assert found is not None
    assert found.subscription is not None
    assert {(item.price_id, item.quantity) for item in found.subscription.items} == {(fact.price_id, 1), (desk, 2)}
    newest = side.provider.invoices_of(fact.id)[0]
    assert (newest.billing_reason, newest.total_minor) == ("subscription_cycle", 12_900 + 2 * 1_000)


def test_a_planned_change_may_be_taken_back(side: Side) -> None:
    fact = side.subscribed(side.customer())
    side.provider.schedule_change(upgrade(side, fact), key=side.key("plan"))

    kept = side.provider.unschedule_change(fact.id, key=side.key("keep"))
    side.provider.unschedule_change(fact.id, key=side.key("keep"))

    assert (kept.price_id, kept.schedule_id) == (fact.price_id, "")
    assert side.provider.scheduled_change(fact.id) is None


def test_the_last_plan_that_was_planned_holds(side: Side) -> None:
    fact = side.subscribed(side.customer())
    side.provider.schedule_change(upgrade(side, fact), key=side.key("first"))

    planned = side.provider.schedule_change(ChangeSpec(fact.id, price(side, YEAR)), key=side.key("second"))

    assert (planned.price_id, planned.takes_effect_at) == (price(side, YEAR), fact.period_end)


def test_a_change_now_forgets_what_was_planned(side: Side) -> None:
    fact = side.subscribed(side.customer())
    side.provider.schedule_change(ChangeSpec(fact.id, price(side, YEAR)), key=side.key("plan"))

    changed = side.provider.change_subscription(upgrade(side, fact), key=side.key("change"))

    assert (changed.price_id, changed.schedule_id) == (price(side, TOP), "")


# --- The end ---------------------------------------------------------------------------------------------------------
def test_cancelling_waits_for_the_period_and_may_be_taken_back(side: Side) -> None:
    fact = side.subscribed(side.customer())

    ending = side.provider.cancel_subscription(fact.id, at_period_end=True, key=side.key("end"))
    again = side.provider.cancel_subscription(fact.id, at_period_end=True, key=side.key("again"))
    going_on = side.provider.resume_subscription(fact.id, key=side.key("resume"))

    assert (ending.status, ending.cancel_at_period_end) == ("active", True)
    assert again == ending
    assert (going_on.status, going_on.cancel_at_period_end, going_on.canceled_at) == ("active", False, None)


def test_cancelling_at_once_is_done_once(side: Side) -> None:
    fact = side.subscribed(side.customer())
    side.provider.schedule_change(upgrade(side, fact), key=side.key("plan"))

    ended = side.provider.cancel_subscription(fact.id, at_period_end=False, key=side.key("end"))

    assert (ended.status, ended.schedule_id) == ("canceled", "")
    assert side.provider.cancel_subscription(fact.id, at_period_end=False, key=side.key("again")) == ended
    with pytest.raises(ProviderError):
        side.provider.change_subscription(upgrade(side, fact), key=side.key("late"))


def test_a_pause_asks_for_no_money(side: Side) -> None:
    fact = side.subscribed(side.customer())

    paused = side.provider.pause_subscription(fact.id, key=side.key("pause"))
    side.advance(fact.period_end + timedelta(minutes=1))

    assert (paused.pause, paused.resumes_at) == ("void", None)
    assert side.provider.invoices_of(fact.id)[0].status == "void"
    assert side.provider.unpause_subscription(fact.id, key=side.key("unpause")).pause == ""


# --- When the answer is lost -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", list(Fault))
def test_a_fault_never_bills_a_change_twice(sandbox: Side, fault: Fault) -> None:
    fact = sandbox.subscribed(sandbox.customer())
    wanted = upgrade(sandbox, fact)

    # More often than the library tries by itself.
    with (
        injected(fault, method="POST", path=f"/v1/subscriptions/{fact.id}", times=3),
        pytest.raises(ProviderError),
    ):
        sandbox.provider.change_subscription(wanted, key=sandbox.key("change"))
    changed = sandbox.provider.change_subscription(wanted, key=sandbox.key("change"))

    assert changed.price_id == wanted.price_id
    assert len(sandbox.provider.invoices_of(fact.id)) == 2


def test_a_payment_that_must_be_confirmed_lets_the_change_wait(side: Side) -> None:
    customer = side.customer()
    fact = side.subscribed(customer)
    side.advance(fact.period_start + timedelta(days=10))
    side.replace_card(customer, "authenticationRequired")
    wanted = upgrade(side, fact)

    with pytest.raises(CardDeclined):
        side.provider.change_subscription(wanted, key=side.key("refused"))
    first, again = (
        side.provider.change_subscription(replace(wanted, may_wait=True), key=side.key("waits")) for _ in range(2)
    )

    assert first.pending_update is not None
    assert (first.price_id, first.status, again.pending_update) == (fact.price_id, "active", first.pending_update)
    invoice = side.provider.invoices_of(fact.id)[0]
    assert (invoice.id, invoice.status) == (first.pending_update.invoice_id, "open")
    assert invoice.payment_url != ""
    assert side.provider.void_invoice(invoice.id, key=side.key("void")).status == "void"
    found = side.provider.snapshot("customer.subscription.updated", fact.id)
    assert found is not None
    assert found.subscription is not None
    assert (found.subscription.price_id, found.subscription.pending_update) == (fact.price_id, None)


def test_a_card_that_declines_lets_nothing_wait(side: Side) -> None:
    customer = side.customer()
    fact = side.subscribed(customer)
    side.advance(fact.period_start + timedelta(days=10))
    side.replace_card(customer, "chargeCustomerFail")

    with pytest.raises(CardDeclined, match="declined"):
        side.provider.change_subscription(replace(upgrade(side, fact), may_wait=True), key=side.key("change"))

    assert len(side.provider.invoices_of(fact.id)) == 1

"""What happens by itself as business time passes."""

from datetime import timedelta
from typing import Any

import pytest

from billing.providers.sandbox import books, clock
from billing.providers.sandbox.behaviour import due, subscribing
from billing.providers.sandbox.models import Record
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.timetable import DAY, HOUR
from tests.billing.providers.sandbox import shop

STARTED = [
    "customer.subscription.created",
    "invoice.created",
    "invoice.finalized",
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice_payment.paid",
    "invoice.paid",
    "invoice.payment_succeeded",
    "customer.subscription.updated",
]


def test_a_subscription_begins_with_its_first_invoice_paid() -> None:
    price, customer = shop.price(), shop.customer()
    before = len(shop.events())

    subscription = shop.subscription(price, customer)

    assert shop.events(after=before) == STARTED
    (invoice,) = shop.invoices(subscription.id)
    assert (subscription.status, subscription.latest_invoice) == ("active", invoice.id)
    assert (invoice.status, invoice.billing_reason, invoice.total, invoice.amount_paid) == (
        "paid",
        "subscription_create",
        6_500,
        6_500,
    )
    assert invoice.period_start == invoice.period_end == invoice.created


def test_a_renewal_drafts_an_invoice_for_the_new_period_and_charges_it_an_hour_later() -> None:
    shop.go_to(1, 31)
    subscription = shop.subscription()
    before = len(shop.events())
    renewed_at = shop.period_end(subscription)

    clock.advance(by=timedelta(seconds=renewed_at - clock.now().timestamp()))

    (_, draft) = shop.invoices(subscription.id)
    item = shop.item(shop.client().v1.subscriptions.retrieve(subscription.id))
    assert shop.events(after=before) == ["invoice.created", "customer.subscription.updated"]
    assert (draft.status, draft.billing_reason, draft.created) == ("draft", "subscription_cycle", renewed_at)
    assert draft.automatically_finalizes_at == renewed_at + HOUR
    assert shop.dates(draft) == ("28 Feb", "31 Mar")
    assert (draft.period_start, draft.period_end) == (subscription.start_date, renewed_at)
    assert (item.current_period_start, shop.date(item.current_period_end)) == (renewed_at, "31 Mar")

    clock.advance(by=timedelta(hours=1))

    (_, paid) = shop.invoices(subscription.id)
    assert (paid.status, paid.status_transitions.finalized_at, paid.attempt_count) == ("paid", renewed_at + HOUR, 1)
    assert shop.events(after=before + 2) == STARTED[2:-1]


def test_many_months_at_once_happen_one_after_the_other_at_their_own_times() -> None:
    shop.go_to(1, 31, leap=True)
    subscription = shop.subscription()

    clock.advance(by=timedelta(days=152))

    found = shop.invoices(subscription.id)
    assert [shop.dates(invoice) for invoice in found] == [
        ("31 Jan", "29 Feb"),
        ("29 Feb", "31 Mar"),
        ("31 Mar", "30 Apr"),
        ("30 Apr", "31 May"),
        ("31 May", "30 Jun"),
        ("30 Jun", "31 Jul"),
    ]
    assert [invoice.status for invoice in found] == ["paid"] * 6
    assert [shop.date(invoice.created) for invoice in found] == [
        "31 Jan",
        "29 Feb",
        "31 Mar",
        "30 Apr",
        "31 May",
        "30 Jun",
    ]
    created = [event.created for event in shop.client().v1.events.list({"limit": 100}).auto_paging_iter()]
    assert created == sorted(created, reverse=True)


def test_a_yearly_subscription_of_a_leap_day_renews_on_the_28th() -> None:
    shop.go_to(2, 29, leap=True)
    subscription = shop.subscription(shop.price(65_000, interval="year"))

    clock.advance(by=timedelta(days=370))

    assert shop.dates(shop.invoices(subscription.id)[-1]) == ("28 Feb", "28 Feb")


def test_the_process_renews_what_fell_due_while_it_was_away() -> None:
    subscription = shop.subscription()
    end = shop.period_end(subscription)

    assert due.run_until(end - 1) == 0
    assert due.run_until(end + HOUR) == 2
    assert due.run_until(end + HOUR) == 0
    assert [invoice.status for invoice in shop.invoices(subscription.id)] == ["paid", "paid"]


def test_pending_items_join_the_renewal() -> None:
    subscription = shop.subscription()
    shop.client().v1.invoice_items.create(
        {"customer": str(subscription.customer), "amount": 1_234, "currency": "usd", "description": "Overage"}
    )
    shop.client().v1.invoice_items.create({"customer": str(subscription.customer), "amount": 99, "currency": "eur"})

    due.run_until(shop.period_end(subscription))

    draft = shop.invoices(subscription.id)[-1]
    assert [(line.description, line.amount) for line in draft.lines.data] == [
        ("1 × Pages Team (at $65.00 / month)", 6_500),  # noqa: RUF001
        ("Overage", 1_234),
    ]
    assert draft.total == 7_734
    assert len(shop.client().v1.invoice_items.list({"pending": True}).data) == 1


def test_one_that_was_cancelled_ends_with_its_period_and_is_not_invoiced_again() -> None:
    subscription = shop.subscription()
    shop.client().v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    before = len(shop.events())

    clock.advance(by=timedelta(days=40))

    ended = shop.client().v1.subscriptions.retrieve(subscription.id)
    end = shop.period_end(subscription)
    assert (ended.status, ended.ended_at, ended.cancel_at) == ("canceled", end, end)
    assert ended.cancellation_details is not None
    assert ended.cancellation_details.reason == "cancellation_requested"
    assert shop.events(after=before) == ["customer.subscription.deleted"]
    assert len(shop.invoices(subscription.id)) == 1


def test_a_card_that_now_declines_leaves_the_subscription_past_due_until_it_is_replaced() -> None:
    customer = shop.customer()
    subscription = shop.subscription(to=customer)
    shop.replace_card(customer.id, "chargeCustomerFail")
    before = len(shop.events())
    end = shop.period_end(subscription)

    due.run_until(end + HOUR)

    unpaid = shop.invoices(subscription.id)[-1]
    assert shop.events(after=before + 2) == [
        "invoice.finalized",
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "customer.subscription.updated",
    ]
    assert (unpaid.status, unpaid.attempt_count, unpaid.next_payment_attempt) == ("open", 1, end + HOUR + 3 * DAY)
    assert shop.client().v1.subscriptions.retrieve(subscription.id).status == "past_due"

    shop.replace_card(customer.id, "visa")
    due.run_until(end + HOUR + 3 * DAY)

    assert [invoice.status for invoice in shop.invoices(subscription.id)] == ["paid", "paid"]
    assert shop.client().v1.subscriptions.retrieve(subscription.id).status == "active"


def test_after_the_last_try_the_subscription_ends_unpaid() -> None:
    customer = shop.customer()
    subscription = shop.subscription(to=customer)
    shop.replace_card(customer.id, "chargeCustomerFail")

    due.run_until(shop.period_end(subscription) + HOUR + 15 * DAY)

    ended = shop.client().v1.subscriptions.retrieve(subscription.id)
    unpaid = shop.invoices(subscription.id)[-1]
    assert ended.status == "canceled"
    assert ended.cancellation_details is not None
    assert ended.cancellation_details.reason == "payment_failed"
    assert (unpaid.status, unpaid.attempt_count, unpaid.next_payment_attempt) == ("open", 4, None)
    assert due.next_moment("invoice") is None


def test_without_any_card_a_renewal_cannot_be_collected() -> None:
    customer = shop.customer()
    subscription = shop.subscription(to=customer)
    card = shop.client().v1.customers.retrieve(customer.id).invoice_settings
    assert card is not None
    shop.client().v1.payment_methods.detach(str(card.default_payment_method))

    due.run_until(shop.period_end(subscription) + HOUR)

    assert shop.client().v1.subscriptions.retrieve(subscription.id).status == "past_due"
    assert shop.events()[-2:] == ["invoice.payment_failed", "customer.subscription.updated"]


def test_a_first_payment_that_declines_is_given_up_after_23_hours() -> None:
    customer = shop.customer("chargeCustomerFail")
    subscription = shop.subscription(to=customer)
    assert subscription.status == "incomplete"

    due.run_until(subscription.created + 23 * HOUR)

    (invoice,) = shop.invoices(subscription.id)
    assert shop.client().v1.subscriptions.retrieve(subscription.id).status == "incomplete_expired"
    assert invoice.status == "void"


@pytest.mark.parametrize(
    ("behavior", "status"), [("keep_as_draft", "draft"), ("void", "void"), ("mark_uncollectible", "uncollectible")]
)
def test_while_collection_is_paused_nothing_is_charged(behavior: str, status: str) -> None:
    subscription = shop.subscription()
    pause: Any = {"behavior": behavior}
    shop.client().v1.subscriptions.update(subscription.id, {"pause_collection": pause})

    due.run_until(shop.period_end(subscription) + 2 * HOUR)

    assert [invoice.status for invoice in shop.invoices(subscription.id)] == ["paid", status]
    assert shop.client().v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_pause_ends_when_its_time_has_come() -> None:
    subscription = shop.subscription()
    end = shop.period_end(subscription)
    shop.client().v1.subscriptions.update(
        subscription.id, {"pause_collection": {"behavior": "void", "resumes_at": end - 1}}
    )

    due.run_until(end + HOUR)

    assert shop.client().v1.subscriptions.retrieve(subscription.id).pause_collection is None
    assert [invoice.status for invoice in shop.invoices(subscription.id)] == ["paid", "paid"]


def test_an_open_checkout_expires_after_a_day() -> None:
    session = shop.checkout_session()

    due.run_until(session.created + DAY)

    expired = shop.client().v1.checkout.sessions.retrieve(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert shop.events()[-1] == "checkout.session.expired"


def test_a_crash_between_two_steps_loses_nothing_and_repeats_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shop.go_to(1, 31)
    subscription = shop.subscription()
    target = clock.now() + timedelta(days=100)
    real, steps = due.ACTIONS["invoice"], []

    def crash_at_second(account: books.Books, invoice: Json) -> None:
        steps.append(invoice["id"])
        real(account, invoice)
        if len(steps) == 2:
            raise KeyboardInterrupt

    monkeypatch.setitem(due.ACTIONS, "invoice", crash_at_second)
    with pytest.raises(KeyboardInterrupt):
        clock.advance(target)
    stopped = clock.now()
    unpaid = shop.invoices(subscription.id)[-1]
    clock.advance(target)

    found = shop.invoices(subscription.id)
    assert unpaid.status == "draft"
    assert unpaid.created <= stopped.timestamp() < unpaid.created + HOUR
    assert steps == [found[1].id, found[2].id, found[2].id, found[3].id]
    assert [(invoice.status, invoice.attempt_count) for invoice in found] == [("paid", 1)] * 4
    assert len({shop.dates(invoice) for invoice in found}) == 4


def test_a_step_that_leaves_its_object_due_is_a_fault_not_an_endless_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    subscription = shop.subscription()

    def do_nothing(account: books.Books, obj: Json) -> None:
        """Forget what was to be done."""

    monkeypatch.setitem(due.ACTIONS, "subscription", do_nothing)

    with pytest.raises(RuntimeError, match="still due"):
        due.run_until(shop.period_end(subscription))

    assert Record.objects.filter(kind="invoice").count() == 1


def test_items_of_one_subscription_are_billed_together() -> None:
    monthly, yearly = shop.plain(shop.price()), shop.plain(shop.price(interval="year"))
    euros = shop.plain(shop.price(currency="eur"))

    for other, message in ((yearly, "same interval"), (euros, "same currency")):
        with pytest.raises(Exception, match=message):
            subscribing.must_agree([monthly, other])

"""A change whose payment the customer's bank wants to be confirmed: it waits, and is made once or not at all."""

from datetime import timedelta

import pytest

from billing.api.account.subscription import state_of
from billing.models import Dunning, Invoice, MrrMovement, Subscription, SubscriptionChange
from billing.providers import provider
from billing.providers.sandbox.faults import Fault, injected
from billing.providers.sandbox.models import Record
from billing.services import changes, gaps
from billing.services.changes import Refused
from billing.services.proposals import Asked
from platform_core import clock
from platform_core.models import AuditEvent, Mail
from tests.billing import month, shop
from tests.billing.cards import CANNOT_PAY, set_card
from tests.billing.changing import MIDDLE, charged, present, proposed, read, upgraded
from tests.billing.services.kills import Killed, killed
from tests.billing.waiting import abandoned, asked_customer, at_the_bank, invoices_there, pending_there, the_change

Kind, Status = SubscriptionChange.Kind, SubscriptionChange.Status
NOBODY = Asked(None)
OVER = MIDDLE + timedelta(hours=23)


def told() -> list[str]:
    """The mails that a change led to."""
    return list(Mail.objects.filter(template__in=TOLD).order_by("created_at").values_list("template", flat=True))


TOLD = ("billing/confirm_payment", "billing/change_lapsed", "billing/plan_changed", "billing/subscription_resumed")


def nothing_changed() -> None:
    """The subscription is what it was, and what follows from it too; nothing was charged."""
    held = present()
    assert (held.plan.code, held.quantity, held.status, held.monthly_minor) == ("hosting-starter", 1, "active", 4_900)
    assert charged() == [4_900]
    assert not Dunning.objects.exists()


# --- It waits ---------------------------------------------------------------------------------------------------------
def test_until_the_bank_has_confirmed_everything_is_as_it_was_and_then_it_is_in_force() -> None:
    asked_customer()
    movements = MrrMovement.objects.count()
    given = present().organization.product_codes, state_of(present().organization)["entitlements"]
    proposal = proposed()

    change = changes.change_plan(proposal, NOBODY)
    shop.catch_up()

    assert (change.status, change.settled_at) == (Status.CONFIRMING, None)
    assert change.lapses_at is not None
    assert timedelta(0) <= change.lapses_at - OVER < timedelta(minutes=1)
    nothing_changed()
    assert MrrMovement.objects.count() == movements
    assert (present().organization.product_codes, state_of(present().organization)["entitlements"]) == given
    invoice = month.newest_invoice(present())
    assert (invoice.status, invoice.total_minor, invoice.payment_url) == ("open", change.due_minor, change.confirm_url)
    mail = Mail.objects.get(template="billing/confirm_payment")
    assert mail.subject == "Confirm the payment for Hosting Pro with your bank"
    assert change.confirm_url in mail.text
    assert "18 March 2027, 03:15 UTC" in mail.text

    at_the_bank("confirm")
    shop.catch_up()

    change.refresh_from_db()
    assert (change.status, present().plan.code, present().monthly_minor) == (Status.APPLIED, "hosting-pro", 12_900)
    assert charged() == [4_900, proposal.due_minor]
    assert MrrMovement.objects.count() == movements + 1
    assert told() == ["billing/confirm_payment", "billing/plan_changed"]
    assert AuditEvent.objects.filter(action="subscription.change_confirmed").count() == 1
    assert sorted(Invoice.objects.values_list("status", flat=True)) == ["paid", "paid"]
    assert not changes.settle_one("test")


def test_a_card_that_declines_is_refused_as_ever() -> None:
    set_card(asked_customer(), CANNOT_PAY)

    with pytest.raises(Refused) as refusal:
        upgraded()

    assert (refusal.value.status, refusal.value.code) == (402, "CARD_DECLINED")
    assert (the_change().status, pending_there(), invoices_there("open")) == (Status.REFUSED, False, [])
    nothing_changed()


def test_who_says_no_at_the_bank_owes_nothing_and_may_say_yes_after_all() -> None:
    asked_customer()
    change = upgraded()

    at_the_bank("refuse")
    shop.catch_up()

    change.refresh_from_db()
    assert change.status == Status.CONFIRMING
    nothing_changed()
    at_the_bank("confirm")
    shop.catch_up()
    assert (present().plan.code, charged()) == ("hosting-pro", [4_900, change.due_minor])


# --- Its time is over -------------------------------------------------------------------------------------------------
def test_after_its_time_it_is_forgotten_and_may_be_asked_for_again() -> None:
    asked_customer()
    change = upgraded()

    month.pass_to(OVER + timedelta(minutes=1))
    shop.catch_up()

    change.refresh_from_db()
    assert change.status == Status.LAPSED
    nothing_changed()
    assert month.newest_invoice(present()).status == "void"
    assert told() == ["billing/confirm_payment", "billing/change_lapsed"]
    assert AuditEvent.objects.get(action="subscription.change_lapsed").changes["plan"] == "hosting-pro"
    at_the_bank("confirm", change=change)
    assert charged() == [4_900]
    again = upgraded()
    at_the_bank("confirm")
    shop.catch_up()
    assert (charged(), again.due_minor < change.due_minor) == ([4_900, again.due_minor], True)


def test_without_any_event_a_worker_finds_that_it_is_over() -> None:
    asked_customer()
    change = upgraded()
    assert not changes.settle_one("test")
    month.pass_to(OVER + timedelta(minutes=6))

    assert changes.settle_one("test")
    assert not changes.settle_one("test")

    change.refresh_from_db()
    assert change.status == Status.LAPSED
    nothing_changed()


def test_a_provider_whose_clock_is_behind_is_told_that_it_is_over() -> None:
    asked_customer()
    change = upgraded()
    SubscriptionChange.objects.update(lapses_at=clock.now())
    abandoned()

    assert changes.settle_one("test")
    at_the_bank("confirm", change=change)
    shop.catch_up()

    change.refresh_from_db()
    assert (change.status, pending_there(), invoices_there("open")) == (Status.LAPSED, False, [])
    nothing_changed()


def test_a_worker_that_gets_no_answer_asks_again() -> None:
    asked_customer()
    change = upgraded()
    month.pass_to(OVER + timedelta(minutes=6))
    with injected(Fault.SERVER_ERROR, method="GET", path="/v1/", times=9):
        assert changes.settle_one("test")
    change.refresh_from_db()
    assert change.status == Status.CONFIRMING
    abandoned()

    assert changes.settle_one("test")

    change.refresh_from_db()
    assert (change.status, change.failure) == (Status.LAPSED, change.failure)


def test_one_that_is_voided_at_the_provider_is_withdrawn() -> None:
    asked_customer()
    change = upgraded()

    provider().void_invoice(change.provider_invoice_id, key="by hand")
    shop.catch_up()

    change.refresh_from_db()
    assert change.status == Status.WITHDRAWN
    nothing_changed()
    assert told() == ["billing/confirm_payment"]


# --- News that come late, early or never ------------------------------------------------------------------------------
def test_a_worker_finds_that_it_was_paid_though_nobody_told() -> None:
    asked_customer()
    change = upgraded()
    at_the_bank("confirm")
    abandoned()

    assert changes.settle_one("test")

    change.refresh_from_db()
    assert (change.status, present().plan.code) == (Status.APPLIED, "hosting-pro")
    shop.catch_up()
    assert charged() == [4_900, change.due_minor]
    assert told() == ["billing/confirm_payment", "billing/plan_changed"]


@pytest.mark.parametrize("answer", ["confirm", ""])
def test_the_providers_own_list_tells_what_no_webhook_told(answer: str) -> None:
    asked_customer()
    change = upgraded()
    if answer:
        at_the_bank(answer)
    month.pass_to(OVER + timedelta(hours=1))

    assert gaps.fill()["gaps"] > 0
    shop.work()

    change.refresh_from_db()
    assert change.status == (Status.APPLIED if answer else Status.LAPSED)
    assert len(charged()) == (2 if answer else 1)


def test_of_a_reading_that_was_overtaken_the_worker_looks_again_at_once() -> None:
    asked_customer()
    later = clock.wall() + timedelta(minutes=1)
    Subscription.objects.update(observed_at=later)

    change = upgraded()
    at_the_bank("confirm")

    assert (change.status, change.run_after <= clock.now()) == (Status.CONFIRMING, True)
    assert changes.settle_one("test")
    change.refresh_from_db()
    # What it was is told by the reading that is newer; that it is paid, no reading takes back.
    assert (change.status, present().plan.code) == (Status.APPLIED, "hosting-starter")
    Subscription.objects.update(observed_at=clock.wall() - timedelta(minutes=1))
    shop.catch_up()
    assert present().plan.code == "hosting-pro"


def test_a_reading_between_two_of_the_providers_steps_changes_nothing() -> None:
    asked_customer()
    change = upgraded()
    row = Record.objects.get(kind="subscription")
    row.data["pending_update"], row.data["_pending"], kept = None, None, dict(row.data)
    row.save()

    read()

    change.refresh_from_db()
    assert change.status == Status.CONFIRMING
    row.data = kept
    row.save()


def test_a_subscription_that_the_provider_does_not_know_waits_for_somebody_to_look() -> None:
    asked_customer()
    change = upgraded()
    Subscription.objects.update(provider_subscription_id="sub_gone")
    abandoned()

    assert changes.settle_one("test")
    assert not changes.settle_one("test")

    change.refresh_from_db()
    assert change.status == Status.CONFIRMING


@pytest.mark.parametrize("is_known", [True, False])
def test_of_a_subscription_that_the_provider_does_not_know_nothing_waits_beyond_its_time(*, is_known: bool) -> None:
    """Whether it knows the invoice or not."""
    asked_customer()
    change = upgraded()
    Subscription.objects.update(provider_subscription_id="sub_gone")
    if not is_known:
        SubscriptionChange.objects.update(provider_invoice_id="in_gone")
    SubscriptionChange.objects.update(lapses_at=clock.now())
    abandoned()

    assert changes.settle_one("test")
    assert not changes.settle_one("test")

    change.refresh_from_db()
    assert (change.status, len(invoices_there("open"))) == (Status.LAPSED, int(not is_known))
    assert told() == ["billing/confirm_payment", "billing/change_lapsed"]
    nothing_changed()


def test_what_was_paid_for_a_subscription_that_the_provider_does_not_know_waits_for_somebody_to_look() -> None:
    asked_customer()
    change = upgraded()
    at_the_bank("confirm")
    Subscription.objects.update(provider_subscription_id="sub_gone")
    SubscriptionChange.objects.update(lapses_at=clock.now())
    abandoned()

    assert changes.settle_one("test")
    assert not changes.settle_one("test")

    change.refresh_from_db()
    assert change.status == Status.CONFIRMING


@pytest.mark.parametrize("is_paid", [True, False])
def test_who_dies_before_it_is_noted_is_followed_by_a_worker(monkeypatch: pytest.MonkeyPatch, *, is_paid: bool) -> None:
    asked_customer()
    proposal = proposed()
    with monkeypatch.context() as patch:
        killed(patch, provider(), "change_subscription", after=True)
        with pytest.raises(Killed):
            changes.change_plan(proposal, NOBODY)
    (invoice_id,) = invoices_there("open")
    if is_paid:
        at_the_bank("confirm", change=SubscriptionChange(provider_invoice_id=invoice_id))
    shop.catch_up()
    abandoned()

    assert changes.settle_one("test")

    change = the_change()
    assert change.status == (Status.APPLIED if is_paid else Status.CONFIRMING)
    assert len(charged()) == 1 + is_paid
    assert (pending_there(), len(invoices_there("open"))) == (not is_paid, int(not is_paid))

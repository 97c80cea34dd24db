"""A renewal that the bank refuses: told with each try, suspended in the end, and back by itself once it is paid."""

from datetime import timedelta

import pytest
from django.db import transaction

from billing.models import Dunning, Invoice, Subscription
from billing.providers import provider
from billing.services import crediting, dunning, projection
from platform_core import clock, leases
from platform_core.models import AuditEvent, Mail
from tenants.models import Order
from tests import kept, make
from tests.billing import month, shop
from tests.billing.cards import CANNOT_PAY, PAYS, set_card
from tests.billing.providers.sandbox.shop import client

DAY = timedelta(days=1)


def refused() -> Subscription:
    """A month ended and the card was refused for the first time; we know of it."""

    def refuse() -> None:
        subscription = month.subscribed()
        Order.objects.update(status=Order.Status.FULFILLED)
        set_card(subscription, CANNOT_PAY)
        pass_days(subscription, 0)

    kept.situation("a renewal refused", refuse)
    return Subscription.objects.get()


def pass_days(subscription: Subscription, days: float) -> None:
    """So long after the renewal's first try; everything is heard, and what is due by the clock is done."""
    subscription.refresh_from_db()
    first = month.RENEWAL + timedelta(hours=1, minutes=5)
    month.pass_to(first + days * DAY)
    shop.catch_up()
    while dunning.advance_one("test"):
        pass


def read_again(subscription: Subscription) -> None:
    """As if one more event had been the reason to look."""
    found = provider().snapshot("customer.subscription.updated", subscription.provider_subscription_id)
    assert found is not None
    with transaction.atomic():
        assert projection.apply(found)


def pay_by_hand(subscription: Subscription) -> None:
    """With another card; it is heard."""
    set_card(subscription, PAYS)
    for invoice in client().v1.invoices.list({"status": "open"}).data:
        client().v1.invoices.pay(invoice.id)
    read_again(subscription)


def told() -> list[str]:
    """The mails of the case, in their order."""
    return [mail.template for mail in Mail.objects.filter(template__startswith="billing/").order_by("created_at")]


def test_the_first_refusal_is_told_and_nothing_is_taken_away() -> None:
    subscription = refused()

    case = Dunning.objects.get()
    assert (case.status, case.try_count, case.failure) == ("retrying", 1, "Your card was declined.")
    assert case.subscription == subscription
    assert case.next_try_at is not None
    assert timedelta(days=9, hours=23) < case.suspend_at - clock.now() <= timedelta(days=10)
    mail = Mail.objects.get(template="billing/payment_failed")
    assert mail.to == subscription.organization.billing_email
    assert mail.subject == "The payment of $129.00 for Hosting Pro failed"
    assert "Your card was declined." in mail.text
    assert subscription.status == "past_due"
    assert Subscription.objects.giving_access().get() == subscription
    assert Order.objects.get().status == Order.Status.FULFILLED


def test_each_further_try_is_told_once() -> None:
    subscription = refused()

    pass_days(subscription, 3.1)
    shop.catch_up()

    assert Dunning.objects.get().try_count == 2
    assert told() == ["billing/payment_failed"] * 2


def test_what_was_credited_is_not_asked_for() -> None:
    subscription = refused()

    crediting.credit(Invoice.objects.get(status="open"), 2_900, reason="A slow week.", key="slow", by=None)
    pass_days(subscription, 3.1)
    shop.catch_up()

    asked = Mail.objects.filter(template="billing/payment_failed").order_by("created_at").last()
    assert asked is not None
    assert asked.subject == "The payment of $100.00 for Hosting Pro failed"


def test_other_news_of_the_subscription_tell_of_no_refusal_again() -> None:
    subscription = refused()

    client().v1.subscriptions.update(subscription.provider_subscription_id, {"cancel_at_period_end": True})
    read_again(subscription)

    subscription.refresh_from_db()
    assert subscription.cancel_at_period_end
    case = Dunning.objects.get()
    assert (case.status, case.try_count) == ("retrying", 1)
    assert told() == ["billing/payment_failed"]
    assert AuditEvent.objects.filter(action__startswith="dunning.").count() == 1


def test_what_ends_before_its_suspension_is_lost_and_suspended_at_once() -> None:
    subscription = refused()

    client().v1.subscriptions.cancel(subscription.provider_subscription_id)
    read_again(subscription)

    case = Dunning.objects.get()
    assert (case.status, case.ended_at is not None) == ("lost", True)
    subscription.refresh_from_db()
    assert subscription.suspended_at is not None
    assert (subscription.status, subscription.suspended_at) == ("canceled", case.suspended_at)
    assert Order.objects.get().status == Order.Status.CANCELED
    assert told() == ["billing/payment_failed", "billing/subscription_lost"]
    pass_days(subscription, 10.1)
    assert "billing/service_suspended" not in told()


def test_a_case_that_was_paid_while_a_worker_held_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The payment is heard between the worker's claim and its step."""
    subscription = refused()
    Dunning.objects.update(run_after=clock.now(), suspend_at=clock.now())
    real = leases.claim

    def claim(model: type[Dunning], *, worker: str) -> Dunning | None:
        case = real(model, worker=worker)
        pay_by_hand(subscription)
        return case

    with monkeypatch.context() as patched:
        patched.setattr(leases, "claim", claim)
        assert dunning.advance_one("slow")

    case = Dunning.objects.get()
    assert (case.status, case.suspended_at) == ("recovered", None)
    subscription.refresh_from_db()
    assert (subscription.status, subscription.suspended_at) == ("active", None)
    assert Order.objects.get().status == Order.Status.FULFILLED
    assert told() == ["billing/payment_failed", "billing/payment_recovered"]


def test_a_last_warning_comes_before_the_suspension() -> None:
    subscription = refused()

    pass_days(subscription, 7.1)

    assert Dunning.objects.get().status == "grace"
    assert told()[-1] == "billing/last_warning"
    assert Order.objects.get().status == Order.Status.FULFILLED


def test_after_the_grace_the_order_is_suspended_and_access_ends() -> None:
    subscription = refused()

    pass_days(subscription, 7.1)
    pass_days(subscription, 10.1)

    case = Dunning.objects.get()
    assert (case.status, case.suspended_at is not None) == ("suspended", True)
    subscription.refresh_from_db()
    assert subscription.suspended_at == case.suspended_at
    assert not Subscription.objects.giving_access().exists()
    assert subscription.organization.product_codes == []
    order = Order.objects.get()
    assert (order.status, "not paid" in order.failure) == ("SUSPENDED", True)
    assert told()[-1] == "billing/service_suspended"
    assert AuditEvent.objects.filter(action="dunning.suspended").count() == 1


def test_paying_brings_everything_back_by_itself() -> None:
    subscription = refused()
    pass_days(subscription, 7.1)
    pass_days(subscription, 10.1)

    set_card(subscription, PAYS)
    pass_days(subscription, 15.1)

    case = Dunning.objects.get()
    assert (case.status, case.ended_at is not None) == ("recovered", True)
    subscription.refresh_from_db()
    assert subscription.organization.product_codes == ["hosting"]
    assert (subscription.status, subscription.suspended_at) == ("active", None)
    order = Order.objects.get()
    assert (order.status, order.failure) == ("FULFILLED", "")
    assert told()[-1] == "billing/payment_recovered"


def test_a_payment_in_time_ends_it_quietly() -> None:
    subscription = refused()

    set_card(subscription, PAYS)
    pass_days(subscription, 3.1)
    pass_days(subscription, 30)

    assert Dunning.objects.get().status == "recovered"
    assert "billing/last_warning" not in told()
    assert Order.objects.get().status == Order.Status.FULFILLED


def test_whoever_never_pays_loses_it() -> None:
    subscription = refused()
    pass_days(subscription, 7.1)
    pass_days(subscription, 10.1)

    pass_days(subscription, 15.1)
    pass_days(subscription, 40)

    subscription.refresh_from_db()
    assert subscription.status == "canceled"
    case = Dunning.objects.get()
    assert (case.status, case.try_count) == ("lost", 3)
    assert Order.objects.get().status == Order.Status.CANCELED
    assert told()[-1] == "billing/subscription_lost"


def test_what_staff_suspended_for_another_reason_stays_suspended() -> None:
    subscription = refused()
    Order.objects.update(status=Order.Status.SUSPENDED, failure="Abuse.")

    set_card(subscription, PAYS)
    pass_days(subscription, 3.1)

    assert Order.objects.get().status == Order.Status.SUSPENDED


@pytest.mark.parametrize("status", ["recovered", "lost"])
def test_what_is_over_is_never_advanced(status: str) -> None:
    case = make.dunning(status=status, suspend_at=clock.now() - DAY)

    assert not dunning.advance_one("test")

    case.refresh_from_db()
    assert case.status == status
    assert not Mail.objects.exists()

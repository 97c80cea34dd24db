"""Charging a closed period, killed at every step and done again, long after the provider forgot every key."""

from datetime import timedelta
from types import ModuleType

import pytest

from billing.models import BillingPeriod, InvoiceItem, Subscription
from billing.providers import provider
from billing.providers.protocol import InvoiceFact
from billing.providers.sandbox.models import IdempotencyKey, Record
from billing.services import charging, closing, collection, cycle, invoices
from platform_core.models import AuditEvent
from tests import kept
from tests.billing import month
from tests.billing.providers.sandbox.shop import client
from tests.billing.services.kills import Killed, killed

MINUTE = timedelta(minutes=1)


INSIDE_CLOSING: list[tuple[ModuleType, str]] = [
    (closing, "_set_to_collect"),
    (closing, "close"),
]
INSIDE_CHARGING: list[tuple[ModuleType, str]] = [
    (charging, "_adopt"),
    (charging, "_add"),
    (charging, "_store"),
    (charging, "_invoice_pending"),
    (collection, "collect"),
    (invoices, "apply"),
    (charging, "_record"),
    (charging, "charge"),
]
PROVIDER = ["add_invoice_item", "finalize_invoice", "pay_invoice"]


def ended() -> Subscription:
    """A month of 16.25 million tokens that is the last."""

    def end() -> None:
        subscription = month.subscribed()
        client().v1.subscriptions.update(subscription.provider_subscription_id, {"cancel_at_period_end": True})
        month.use(subscription, 16_250_000)
        month.pass_to(month.RENEWAL + MINUTE)
        month.hear("customer.subscription.deleted")

    kept.situation("a last month used up", end)
    return Subscription.objects.get()


def assert_billed_once(subscription: Subscription, *, invoiced_minor: int) -> None:
    """One item here, one there, one paid invoice, whatever happened on the way."""
    # The sandbox's clock runs on while the test does: the period ends within the minute.
    period = subscription.periods.get(ends_at__lt=month.RENEWAL + MINUTE)
    assert (period.status, period.tokens_used, period.overage_minor) == ("invoiced", 16_250_000, 313)
    assert InvoiceItem.objects.count() == 1
    (line,) = month.charged_tokens()
    assert (line.amount_minor, line.billing_period) == (313, period)
    assert (line.invoice.status, line.invoice.total_minor, line.invoice.paid_minor) == ("paid", *[invoiced_minor] * 2)
    assert Record.objects.filter(kind="invoiceitem").count() == 1
    assert AuditEvent.objects.filter(action="billing_period.close").count() == 1
    assert AuditEvent.objects.filter(action="billing_period.charge").count() == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("module", "name"), INSIDE_CLOSING + INSIDE_CHARGING)
def test_a_run_that_is_killed_is_finished_by_the_next(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, after: bool
) -> None:
    subscription = month.used_up()
    with monkeypatch.context() as patch:
        killed(patch, module, name, after=after)
        with pytest.raises(Killed):
            cycle.run_billing_cycle()
    IdempotencyKey.objects.all().delete()

    cycle.run_billing_cycle()

    assert_billed_once(subscription, invoiced_minor=13_213)
    assert cycle.run_billing_cycle() == cycle.CycleResult(closed=0, charged=0, waiting=0)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", [*PROVIDER, "create_invoice"])
def test_a_run_that_is_killed_around_a_call_makes_no_second_charge(
    monkeypatch: pytest.MonkeyPatch, name: str, after: bool
) -> None:
    subscription = ended()
    with monkeypatch.context() as patch:
        killed(patch, type(provider()), name, after=after)
        with pytest.raises(Killed):
            cycle.run_billing_cycle()
    IdempotencyKey.objects.all().delete()

    cycle.run_billing_cycle()

    assert_billed_once(subscription, invoiced_minor=313)


def test_an_item_that_is_on_a_renewal_that_became_final_meanwhile_is_adopted(monkeypatch: pytest.MonkeyPatch) -> None:
    subscription = month.used_up()
    with monkeypatch.context() as patch:
        killed(patch, charging, "_store", after=False)
        with pytest.raises(Killed):
            cycle.run_billing_cycle()
    assert InvoiceItem.objects.get().provider_item_id == ""
    month.pass_to(month.RENEWAL + timedelta(days=2))

    cycle.run_billing_cycle()

    assert_billed_once(subscription, invoiced_minor=13_213)


def test_a_plan_without_an_allotment_says_so_on_the_invoice() -> None:
    subscription = month.used_up()
    BillingPeriod.objects.update(token_allotment=0)

    cycle.run_billing_cycle()

    (line,) = month.charged_tokens()
    assert line.description == "16,250,000 tokens beyond the 0 included"
    assert (line.amount_minor, subscription.periods.get().overage_minor) == (4_063, 4_063)


def test_whoever_comes_second_changes_nothing() -> None:
    subscription = month.used_up()
    cycle.run_billing_cycle()
    period = subscription.periods.get()

    assert charging.charge(period)

    assert_billed_once(subscription, invoiced_minor=13_213)


def test_an_adjustment_that_comes_while_the_rest_is_charged_is_charged_next(monkeypatch: pytest.MonkeyPatch) -> None:
    subscription = ended()
    collect = collection.collect

    def meanwhile(invoice_id: str) -> InvoiceFact:
        if InvoiceItem.objects.count() == 1:
            month.use(subscription, 1_000_000, agent="straggler")
            closing.settle(subscription)
        return collect(invoice_id)

    monkeypatch.setattr(collection, "collect", meanwhile)
    cycle.run_billing_cycle()
    assert subscription.periods.get().status == "closed"

    cycle.run_billing_cycle()

    assert subscription.periods.get().status == "invoiced"
    assert sorted(line.amount_minor for line in month.charged_tokens()) == [250, 313]

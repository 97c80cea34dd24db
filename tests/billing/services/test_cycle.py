"""From a month's end to money, against the sandbox."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from pytest_django import Settings

from billing.models import BillingPeriod, Invoice, InvoiceItem, InvoiceLine, Price, Subscription
from billing.providers.sandbox.faults import Fault, injected
from billing.services import closing, cycle, prices, rating
from billing.services.charging import RENEWAL_PATIENCE
from billing.services.cycle import CycleResult
from platform_core.models import AuditEvent
from tests.billing import month
from tests.billing.providers.sandbox.shop import client
from tests.clocks import at

NOTHING = CycleResult(closed=0, charged=0, waiting=0)
HOUR = timedelta(hours=1)


def test_a_month_of_hosting_pro_to_the_cent() -> None:
    """15 million tokens included, 16.25 million used, 2.50 dollars for each million beyond: 129.00 + 3.13."""
    subscription = month.subscribed()
    month.use(subscription, 9_000_000, agent="marketing")
    month.use(subscription, 7_250_000, agent="sales")
    month.renew(subscription)

    march, april = subscription.periods.order_by("starts_at")
    assert (march.starts_at, march.ends_at, march.status) == (month.BOUGHT, month.RENEWAL, "invoiced")
    assert (march.tokens_used, march.overage_tokens, march.overage_minor) == (16_250_000, 1_250_000, 313)
    assert (april.starts_at, april.status) == (month.RENEWAL, "open")
    invoice = month.newest_invoice(subscription)
    assert (invoice.status, invoice.total_minor, invoice.paid_minor) == ("paid", 13_213, 13_213)
    assert month.lines(invoice) == [("base", 1, 12_900), ("overage", 1_250_000, 313)]
    charged = invoice.lines.get(kind="overage")
    assert charged.billing_period == march
    assert charged.description == "1,250,000 tokens beyond the 15,000,000 included"
    assert (charged.period_start, charged.period_end) == (march.starts_at, march.ends_at)
    assert invoice.discrepancy == ""
    rated = rating.rate(rating.terms_of(march), rating.Usage(march.tokens_used))
    assert sum(line.amount_minor for line in rated) == invoice.total_minor
    assert rating.verify(march) == []
    assert cycle.run_billing_cycle() == NOTHING
    assert Invoice.objects.count() == 2
    assert list(
        AuditEvent.objects.filter(action__startswith="billing_period.").order_by("pk").values_list("action", flat=True)
    ) == [
        "billing_period.close",
        "billing_period.charge",
    ]


def test_what_is_included_adds_nothing_and_the_provider_is_left_to_itself() -> None:
    subscription = month.subscribed()
    month.use(subscription, 15_000_000)
    month.renew(subscription)

    assert subscription.periods.get(ends_at=month.RENEWAL).status == "invoiced"
    assert not InvoiceItem.objects.exists()
    assert month.newest_invoice(subscription).status == "draft"
    month.pass_to(month.RENEWAL + 2 * HOUR)
    month.hear("invoice.paid")
    invoice = month.newest_invoice(subscription)
    assert (invoice.status, month.lines(invoice)) == ("paid", [("base", 1, 12_900)])


@pytest.mark.parametrize(
    ("bought", "renewals"),
    [
        # A month's end at midnight: a February shortens one period and none after it.
        (
            datetime(2027, 1, 31, tzinfo=UTC),
            [datetime(2027, 2, 28, tzinfo=UTC), datetime(2027, 3, 31, tzinfo=UTC), datetime(2027, 4, 30, tzinfo=UTC)],
        ),
        # A leap day.
        (
            datetime(2028, 1, 29, 23, 59, 59, tzinfo=UTC),
            [datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC), datetime(2028, 3, 29, 23, 59, 59, tzinfo=UTC)],
        ),
        # A day on which clocks go forward in Europe.
        (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), [datetime(2027, 4, 28, 1, 30, tzinfo=UTC)]),
    ],
)
def test_month_after_month_the_periods_follow_each_other(bought: datetime, renewals: list[datetime]) -> None:
    subscription = month.subscribed(on=bought)
    for _ in renewals:
        month.use(subscription, 16_000_000)
        month.renew(subscription)

    periods = list(subscription.periods.order_by("starts_at"))
    began = periods[0].starts_at
    assert abs(began - bought) < timedelta(minutes=1)
    assert [period.starts_at.replace(second=0) for period in periods[1:]] == [
        renewal.replace(second=0) for renewal in renewals
    ]
    for period, following in pairwise(periods):
        assert (period.ends_at, period.usage_until) == (following.starts_at, following.usage_from)
        assert (period.tokens_used, period.overage_minor, period.status) == (16_000_000, 250, "invoiced")
    assert {invoice.discrepancy for invoice in Invoice.objects.all()} == {""}
    assert [line.amount_minor for line in month.charged_tokens()] == [250] * len(renewals)


def test_the_hour_in_which_a_month_ends_is_the_next_months() -> None:
    subscription = month.subscribed()
    month.pass_to(month.RENEWAL - timedelta(seconds=30))
    month.use(subscription, 15_000_400, hour=month.RENEWAL - HOUR)
    month.use(subscription, 20_000_000, hour=month.RENEWAL)
    month.renew(subscription)

    old, new = subscription.periods.order_by("starts_at")
    assert (old.tokens_used, old.overage_tokens) == (15_000_400, 400)
    assert [bucket.tokens_total for bucket in subscription.usage_buckets.counted_in(new)] == [20_000_000]


def test_usage_that_comes_late_is_billed_with_the_next_month_on_the_old_months_terms() -> None:
    subscription = month.subscribed()
    month.use(subscription, 14_000_000)
    month.renew(subscription)
    month.use(subscription, 3_000_000, hour=month.RENEWAL - 2 * HOUR, agent="late")
    overage = Price.objects.get(plan=subscription.plan, kind="overage")
    prices.replace(overage, by=None, unit_price_nano=900_000)
    month.use(subscription, 15_000_000)
    month.renew(subscription)

    march, april, _ = subscription.periods.order_by("starts_at")
    assert (march.tokens_used, march.overage_tokens, march.overage_minor) == (14_000_000, 0, 0)
    assert (april.tokens_used, april.overage_tokens) == (15_000_000, 0)
    (line,) = month.charged_tokens()
    # Two million beyond March's allotment at March's price; April had room for none of it and needed none.
    assert (line.kind, line.quantity, line.amount_minor, line.billing_period) == ("adjustment", 2_000_000, 500, march)
    assert line.invoice == month.newest_invoice(subscription)
    assert line.description == "Adjustment of 1 Mar 2027 to 1 Apr 2027: 2,000,000 tokens beyond the 15,000,000 included"
    assert InvoiceItem.objects.get().collected_with == april
    assert rating.verify(march) == []
    month.renew(subscription)
    assert len(list(month.charged_tokens())) == 1


def test_a_lower_figure_that_replaces_a_higher_one_is_given_back() -> None:
    subscription = month.subscribed()
    month.use(subscription, 19_000_000, hour=month.BOUGHT)
    month.renew(subscription)
    month.use(subscription, 16_000_000, hour=month.BOUGHT)
    month.renew(subscription)

    invoice = month.newest_invoice(subscription)
    assert month.lines(invoice) == [("base", 1, 12_900), ("adjustment", -3_000_000, -750)]
    assert (invoice.total_minor, invoice.status) == (12_150, "paid")
    assert sum(line.amount_minor for line in month.charged_tokens()) == 250


def test_the_last_month_of_a_subscription_that_ends_gets_an_invoice_of_its_own() -> None:
    subscription = month.subscribed()
    client().v1.subscriptions.update(subscription.provider_subscription_id, {"cancel_at_period_end": True})
    month.use(subscription, 17_000_000)
    month.pass_to(month.RENEWAL + timedelta(minutes=1))
    month.hear("customer.subscription.deleted")

    assert cycle.run_billing_cycle() == CycleResult(closed=1, charged=1, waiting=0)
    month.hear("invoice.paid")
    period = subscription.periods.get()
    assert (period.status, period.usage_until, period.ends_at) == ("invoiced", None, month.RENEWAL)
    invoice = month.newest_invoice(subscription)
    assert (invoice.status, month.lines(invoice)) == ("paid", [("overage", 2_000_000, 500)])
    assert cycle.run_billing_cycle() == NOTHING


def test_usage_after_the_end_is_billed_too() -> None:
    subscription = month.subscribed()
    month.use(subscription, 15_000_000)
    month.pass_to(month.BOUGHT + HOUR)
    client().v1.subscriptions.cancel(subscription.provider_subscription_id)
    month.hear("customer.subscription.deleted")
    cycle.run_billing_cycle()
    assert subscription.periods.get().status == "invoiced"
    month.pass_to(month.BOUGHT + 5 * HOUR)
    month.use(subscription, 1_000_000, agent="straggler")

    assert cycle.run_billing_cycle() == CycleResult(closed=0, charged=1, waiting=0)
    (line,) = month.charged_tokens()
    assert (line.kind, line.amount_minor, line.invoice.status) == ("adjustment", 250, "paid")
    assert subscription.periods.get().status == "invoiced"
    assert cycle.run_billing_cycle() == NOTHING


def test_a_credit_to_a_subscription_that_is_over_stays_with_the_customer() -> None:
    subscription = month.subscribed()
    month.use(subscription, 19_000_000)
    month.pass_to(month.BOUGHT + HOUR)
    client().v1.subscriptions.cancel(subscription.provider_subscription_id)
    month.hear("customer.subscription.deleted")
    cycle.run_billing_cycle()
    month.use(subscription, 15_000_000, hour=month.BOUGHT)

    assert cycle.run_billing_cycle().charged == 1
    invoice = month.newest_invoice(subscription)
    assert (invoice.total_minor, invoice.status) == (-1_000, "paid")
    customer = client().v1.customers.retrieve(subscription.organization.billing_account.provider_customer_id)
    assert customer.balance == -1_000


def test_a_renewal_that_was_final_before_we_looked_does_not_lose_the_overage() -> None:
    subscription = month.subscribed()
    month.use(subscription, 16_250_000)
    month.renew(subscription, late=3 * HOUR)

    (line,) = month.charged_tokens()
    assert (line.amount_minor, line.invoice.status, line.invoice.total_minor) == (313, "paid", 313)
    assert subscription.invoices.count() == 3


def test_a_period_that_ended_before_the_provider_renewed_waits_for_the_renewal() -> None:
    subscription = month.subscribed()
    month.use(subscription, 16_250_000)

    with at(month.RENEWAL + timedelta(minutes=1)):
        assert cycle.run_billing_cycle() == CycleResult(closed=1, charged=0, waiting=1)
        assert cycle.run_billing_cycle() == CycleResult(closed=0, charged=0, waiting=1)
    assert not subscription.periods.open().exists()
    assert not InvoiceItem.objects.exclude(provider_item_id="").exists()

    month.renew(subscription)
    assert month.lines(month.newest_invoice(subscription)) == [("base", 1, 12_900), ("overage", 1_250_000, 313)]
    assert subscription.periods.open().get().starts_at - month.RENEWAL < timedelta(minutes=1)


def test_a_renewal_that_never_comes_is_not_waited_for() -> None:
    subscription = month.subscribed()
    month.use(subscription, 16_250_000)

    with at(month.RENEWAL + RENEWAL_PATIENCE):
        assert cycle.run_billing_cycle() == CycleResult(closed=1, charged=1, waiting=0)
    (line,) = month.charged_tokens()
    assert (line.amount_minor, line.invoice.total_minor, line.invoice.status) == (313, 313, "paid")


def test_after_its_end_a_period_waits_for_the_last_hours_reports(settings: Settings) -> None:
    settings.USAGE_GRACE_SECONDS = 900
    subscription = month.subscribed()
    month.renew(subscription, late=timedelta(minutes=14))
    assert subscription.periods.get().status == "open"
    month.use(subscription, 16_250_000, hour=month.RENEWAL - HOUR)

    month.pass_to(month.RENEWAL + timedelta(minutes=16))
    assert cycle.run_billing_cycle() == CycleResult(closed=1, charged=1, waiting=0)
    assert month.lines(month.newest_invoice(subscription)) == [("base", 1, 12_900), ("overage", 1_250_000, 313)]


def test_a_card_that_is_declined_leaves_the_invoice_open_and_the_period_invoiced() -> None:
    subscription = month.subscribed()
    month.use(subscription, 16_250_000)
    customer = subscription.organization.billing_account.provider_customer_id
    card = client().v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer})
    client().v1.subscriptions.update(subscription.provider_subscription_id, {"default_payment_method": card.id})
    month.renew(subscription)
    month.hear("invoice.payment_failed")

    invoice = month.newest_invoice(subscription)
    assert (invoice.status, invoice.total_minor, invoice.paid_minor) == ("open", 13_213, 0)
    assert invoice.payment_error == "Your card was declined."
    assert subscription.periods.get(ends_at=month.RENEWAL).status == "invoiced"
    assert Subscription.objects.get().status == "past_due"
    assert cycle.run_billing_cycle() == NOTHING


def test_one_broken_subscription_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    broken, sound = month.subscribed(), month.subscribed()
    for subscription in (broken, sound):
        month.use(subscription, 16_250_000)
    broken.organization.billing_account.delete()
    month.pass_to(month.RENEWAL + timedelta(minutes=2))

    result = cycle.run_billing_cycle()

    assert (result.closed, result.charged, len(result.failed)) == (2, 1, 1)
    assert result.failed[0].subscription_id == broken.pk
    assert result.as_json()["failed"][0]["subscription_id"] == str(broken.pk)
    assert "RelatedObjectDoesNotExist" in result.failed[0].error
    assert broken.periods.get().status == "closed"
    assert sound.periods.get().status == "invoiced"
    assert f"Subscription {broken.pk} could not be billed." in caplog.text


def test_the_news_of_an_invoice_that_we_do_not_know_bills_nobody() -> None:
    month.subscribed()

    cycle.bill_renewal("in_unknown")

    assert BillingPeriod.objects.get().status == "open"


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER])
@pytest.mark.parametrize(
    "request_line",
    [("GET", "/v1/invoices"), ("POST", "/v1/invoiceitems"), ("POST", "/v1/invoices/in_")],
)
def test_a_provider_that_does_not_answer_is_asked_again(fault: Fault, request_line: tuple[str, str]) -> None:
    subscription = month.used_up()
    method, path = request_line

    with injected(fault, method=method, path=path, times=3):
        first = cycle.run_billing_cycle()
    assert (first.closed, first.charged, len(first.failed)) == (1, 0, 1)
    assert cycle.run_billing_cycle() == CycleResult(closed=0, charged=1, waiting=0)

    assert [line.amount_minor for line in month.charged_tokens()] == [313]
    assert month.newest_invoice(subscription).status == "paid"
    assert subscription.periods.get().status == "invoiced"


def test_a_changed_plan_is_no_discrepancy_and_the_new_terms_hold() -> None:
    subscription = month.subscribed(plan="hosting-starter")
    month.use(subscription, 16_000_000)
    larger = Price.objects.get(plan__code="hosting-pro", kind="recurring")
    api = client().v1.subscriptions
    item = api.retrieve(subscription.provider_subscription_id)["items"].data[0]
    change: Any = {"items": [{"id": item.id, "price": larger.provider_price_id}]}
    api.update(subscription.provider_subscription_id, change)
    month.hear("customer.subscription.updated")
    month.renew(subscription)

    march = subscription.periods.get(ends_at=month.RENEWAL)
    assert (march.token_allotment, march.overage_tokens, march.overage_minor) == (15_000_000, 1_000_000, 250)
    assert {invoice.discrepancy for invoice in Invoice.objects.all()} == {""}
    kinds = [line.kind for line in InvoiceLine.objects.filter(invoice=month.newest_invoice(subscription))]
    assert "overage" in kinds


def test_a_period_that_somebody_else_closed_is_not_told_as_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    month.used_up()
    close = closing.close

    def too_late(period: BillingPeriod) -> bool:
        assert close(period)
        return close(period)

    monkeypatch.setattr(closing, "close", too_late)

    assert cycle.run_billing_cycle() == CycleResult(closed=0, charged=1, waiting=0)

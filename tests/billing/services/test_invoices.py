"""Invoices from the provider's facts, and what is wrong with them."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from billing.models import NANO, BillingPeriod, Invoice, InvoiceItem, InvoiceLine, Price, Subscription
from billing.providers.protocol import InvoiceFact, InvoiceLineFact
from billing.services import closing, invoices
from billing.services.periods import mirror
from billing.services.usage import Bucket, record_buckets
from tests import make
from tests.billing import priced
from tests.clocks import at

JANUARY, FEBRUARY, MARCH = (datetime(2026, number, 1, tzinfo=UTC) for number in (1, 2, 3))
SEEN = datetime(2026, 2, 1, 0, 5, tzinfo=UTC)


def subscribed() -> Subscription:
    """29.00 a month, a million tokens, 2.00 for a thousand beyond; January is open."""
    subscription = make.subscription()
    mirror(subscription)
    return subscription


def with_overage() -> tuple[Subscription, InvoiceItem]:
    """January closed with half a million tokens beyond: 10.00."""
    subscription = subscribed()
    with at(FEBRUARY):
        record_buckets(subscription, uuid4(), [Bucket("sales", "claude", JANUARY, tokens_input=1_500_000)])
        Subscription.objects.filter(pk=subscription.pk).update(current_period_start=FEBRUARY, current_period_end=MARCH)
        closing.close(subscription.periods.get())
    subscription.refresh_from_db()
    return subscription, InvoiceItem.objects.get()


def base_line(subscription: Subscription, **changes: Any) -> InvoiceLineFact:
    line = InvoiceLineFact(
        id="il_base",
        description="1 x Hosting (at $29.00 / month)",
        amount_minor=2_900,
        quantity=1,
        period_start=subscription.current_period_start,
        period_end=subscription.current_period_end,
        price_id=subscription.price.provider_price_id,
    )
    return replace(line, **changes)


def item_line(item: InvoiceItem, **changes: Any) -> InvoiceLineFact:
    line = InvoiceLineFact(
        id="il_item",
        description="500,000 tokens beyond the 1,000,000 included",
        amount_minor=item.amount_minor,
        quantity=1,
        period_start=item.period.starts_at,
        period_end=item.period.ends_at,
        price_id="",
        metadata={"kind": item.kind, "billing_period": str(item.period_id), "invoice_item": str(item.pk)},
    )
    return replace(line, **changes)


def fact(subscription: Subscription | None, *lines: InvoiceLineFact, **changes: Any) -> InvoiceFact:
    total = sum(line.amount_minor for line in lines)
    made = InvoiceFact(
        id="in_1",
        number="A-0001",
        status="open",
        billing_reason="subscription_cycle",
        customer_id="cus_1",
        subscription_id=subscription.provider_subscription_id if subscription else "",
        currency="usd",
        subtotal_minor=total,
        tax_minor=0,
        total_minor=total,
        paid_minor=0,
        period_start=JANUARY,
        period_end=FEBRUARY,
        created_at=FEBRUARY,
        finalized_at=None,
        paid_at=None,
        payment_error="",
        lines=lines,
    )
    return replace(made, **changes)


def applied(given: InvoiceFact, subscription: Subscription, *, seen: datetime = SEEN) -> Invoice:
    return invoices.apply(given, organization=subscription.organization, observed_at=seen)


def test_an_invoice_and_its_lines_are_stored_in_our_columns() -> None:
    subscription, item = with_overage()

    applied(
        fact(
            subscription,
            base_line(subscription),
            item_line(item),
            InvoiceLineFact("il_other", "Setting up", 500, 1, FEBRUARY, FEBRUARY + timedelta(seconds=1), ""),
            tax_minor=90,
            total_minor=4_490,
            finalized_at=SEEN,
            payment_error="x" * 301,
        ),
        subscription,
    )

    invoice = Invoice.objects.get()
    assert (invoice.organization, invoice.subscription) == (subscription.organization, subscription)
    assert invoice.number == "INV-000001"
    assert (invoice.provider_number, invoice.status, invoice.currency, invoice.provider_invoice_id) == (
        "A-0001",
        "open",
        "usd",
        "in_1",
    )
    assert (invoice.subtotal_minor, invoice.tax_minor, invoice.total_minor, invoice.paid_minor) == (4_400, 90, 4_490, 0)
    assert (invoice.period_start, invoice.period_end, invoice.issued_at) == (JANUARY, FEBRUARY, SEEN)
    assert (len(invoice.payment_error), invoice.discrepancy) == (300, "")
    shown = invoice.lines.values_list("kind", "quantity", "unit_price_nano", "amount_minor", "billing_period")
    assert list(shown) == [
        ("base", 1, 2_900 * NANO, 2_900, None),
        ("overage", 500_000, 2_000_000, 1_000, item.period_id),
        ("other", 1, None, 500, None),
    ]


def test_an_invoice_that_is_not_final_counts_from_when_it_was_made() -> None:
    subscription = subscribed()

    assert applied(fact(subscription, base_line(subscription)), subscription).issued_at == FEBRUARY


def test_a_later_reading_replaces_and_an_earlier_one_does_not() -> None:
    subscription, item = with_overage()
    first = applied(fact(subscription, base_line(subscription), status="draft"), subscription)
    paid = fact(subscription, base_line(subscription, id="il_new"), item_line(item), status="paid", paid_minor=3_900)

    applied(paid, subscription, seen=SEEN + timedelta(seconds=2))
    kept = applied(fact(subscription, status="open"), subscription, seen=SEEN + timedelta(seconds=1))

    invoice = Invoice.objects.get()
    assert invoice == first == kept
    assert (invoice.status, invoice.paid_minor, invoice.observed_at) == ("paid", 3_900, SEEN + timedelta(seconds=2))
    assert list(invoice.lines.values_list("provider_line_id", flat=True)) == ["il_new", "il_item"]
    assert not InvoiceLine.objects.filter(provider_line_id="il_base").exists()


def test_the_same_reading_twice_is_one_invoice_with_the_same_lines() -> None:
    subscription = subscribed()
    for _ in range(2):
        applied(fact(subscription, base_line(subscription)), subscription)

    assert (Invoice.objects.count(), InvoiceLine.objects.count()) == (1, 1)


def test_an_invoice_without_a_subscription_is_the_organizations_all_the_same() -> None:
    subscription = subscribed()

    invoice = applied(fact(None, base_line(subscription, amount_minor=5)), subscription)

    assert (invoice.subscription, invoice.discrepancy) == (None, "")


def wrong(subscription: Subscription, *lines: InvoiceLineFact, **changes: Any) -> str:
    return applied(fact(subscription, *lines, **changes), subscription).discrepancy


def test_a_base_line_that_is_not_what_we_would_charge_is_flagged_loudly(caplog: pytest.LogCaptureFixture) -> None:
    subscription = subscribed()

    found = wrong(subscription, base_line(subscription, amount_minor=2_800))
    applied(fact(subscription, base_line(subscription, amount_minor=2_800)), subscription)

    assert found == "base line is 2800, expected 2900"
    assert InvoiceLine.objects.get().unit_price_nano is None
    (record,) = [one for one in caplog.records if one.name == "billing.services.invoices"]
    assert record.levelno == logging.ERROR
    assert record.getMessage() == "Invoice A-0001 differs from our figures: base line is 2800, expected 2900"


def test_a_base_line_of_the_period_before_last_is_held_against_that_periods_terms() -> None:
    subscription, _ = with_overage()
    january = base_line(subscription, period_start=JANUARY, period_end=FEBRUARY, amount_minor=1)

    assert wrong(subscription, january) == "base line is 1, expected 2900"


@pytest.mark.parametrize(("amount", "found"), [(0, ""), (2_900, "base line is 2900, expected 0")])
def test_a_trial_costs_nothing(amount: int, found: str) -> None:
    subscription = subscribed()
    subscription.trial_ends_at = subscription.current_period_end
    subscription.save()

    assert wrong(subscription, base_line(subscription, amount_minor=amount)) == found


def test_a_base_line_of_a_period_that_is_not_open_yet_is_held_against_the_present_terms() -> None:
    subscription = make.subscription(quantity=3)

    assert wrong(subscription, base_line(subscription, quantity=3)) == "base line is 2900, expected 8700"
    # It was one when that was billed, and is three since.
    assert wrong(subscription, base_line(subscription, quantity=1)) == ""


def test_the_lines_of_a_period_are_held_together() -> None:
    """Two in the second tier: of that one's own amount nothing was billed at first."""
    plan = make.plan(price_minor=None)
    price = make.price(plan, amount_minor=None, scheme="volume", tiers=priced.VOLUME["tiers"])
    subscription = make.subscription(plan=plan, price=price, quantity=2)
    units = base_line(subscription, quantity=2, amount_minor=6_001)
    once = base_line(subscription, id="il_once", quantity=0, amount_minor=400)

    assert wrong(subscription, units) == "base line is 6001, expected 6401"
    assert wrong(subscription, units, once) == ""
    assert list(InvoiceLine.objects.values_list("quantity", "unit_price_nano")) == [(2, None), (1, None)]


@pytest.mark.parametrize(
    "changes",
    [
        {"period_start": JANUARY + timedelta(days=9)},
        {"price_id": "price_of_another_plan"},
        {"price_id": ""},
    ],
)
def test_a_part_of_a_period_or_another_price_is_not_ours_to_judge(changes: Mapping[str, Any]) -> None:
    subscription = subscribed()
    plan = make.plan()
    Price.objects.filter(plan=plan).update(provider_price_id="price_of_another_plan")

    assert wrong(subscription, base_line(subscription, amount_minor=7, **changes)) == ""


def test_only_renewals_carry_whole_periods() -> None:
    subscription = subscribed()

    assert wrong(subscription, base_line(subscription, amount_minor=7), billing_reason="subscription_update") == ""


def test_an_item_that_came_out_differently_is_flagged() -> None:
    subscription, item = with_overage()

    assert wrong(subscription, item_line(item, amount_minor=999), billing_reason="manual") == (
        "overage line is 999, expected 1000"
    )


def test_lines_that_do_not_add_up_are_flagged() -> None:
    subscription = subscribed()

    assert wrong(subscription, base_line(subscription), subtotal_minor=2_901) == "the lines do not add up to 2901"


def test_discounts_that_do_not_add_up_are_flagged() -> None:
    subscription = subscribed()

    found = wrong(subscription, base_line(subscription), discount_minor=1, total_minor=2_899)

    assert found == "the lines' discounts do not add up to 1"


def test_a_flag_goes_when_the_figures_are_right_again() -> None:
    subscription = subscribed()
    wrong(subscription, base_line(subscription, amount_minor=1))

    assert wrong(subscription, base_line(subscription)) == ""


@pytest.mark.parametrize("named", ["", "not an id", "72d0e74e-8243-4b1f-a175-e8179a9a3e25"])
def test_metadata_that_names_no_item_of_ours_makes_another_line(named: str) -> None:
    subscription = subscribed()
    line = base_line(subscription, price_id="", metadata={"invoice_item": named})

    applied(fact(subscription, line), subscription)

    assert InvoiceLine.objects.get().kind == "other"


def test_an_item_of_another_organization_is_never_linked() -> None:
    _, item = with_overage()
    other = make.subscription()

    applied(fact(other, item_line(item)), other)

    line = InvoiceLine.objects.get()
    assert (line.kind, line.billing_period) == ("other", None)
    assert BillingPeriod.objects.count() == 2

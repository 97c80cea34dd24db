"""Money as the provider tells of it: in any order, as often as it likes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import CreditNote, Dispute, Invoice, LedgerEntry, LedgerTransaction, Payment, Refund
from billing.providers.protocol import CreditNoteFact, DisputeFact, PaymentFact, PaymentMethodFact, RefundFact, Snapshot
from billing.services import invoice_verification, payments
from billing.signals import dispute_closed, dispute_opened, payment_failed, payment_refunded, payment_succeeded
from orgs.models import Organization
from platform_core.models import AuditEvent, WebhookMessage
from tests.billing.services.test_invoices import applied, base_line, fact, subscribed
from tests.billing.services.test_outbound import organizations_endpoint

SEEN = datetime(2026, 2, 1, 1, tzinfo=UTC)
LATER = SEEN + timedelta(minutes=1)
PAID = PaymentFact(
    "pi_1", "ch_1", "succeeded", 2_900, "usd",
    received_minor=2_900, fee_minor=114, invoice_id="in_1",
    method=PaymentMethodFact("pm_1", "card", "visa", "4242"), paid_at=SEEN,
)  # fmt: skip
BACK = RefundFact("re_1", "pi_1", "ch_1", "succeeded", 900, "usd", reason="requested_by_customer")
TAKEN = DisputeFact("dp_1", "pi_1", "ch_1", "needs_response", 2_900, "usd", "fraudulent", fee_minor=1_500)
NOTE = CreditNoteFact("cn_1", "A-CN-1", "in_1", "cus_1", "issued", "pre_payment", "usd", 500, 0, 500)


@pytest.fixture
def invoice() -> Invoice:
    """29.00, final and open."""
    subscription = subscribed()
    return applied(fact(subscription, base_line(subscription), id="in_1"), subscription)


def balances(organization: Organization) -> dict[str, int]:
    found = LedgerEntry.objects.filter(transaction__organization=organization).balances()
    return {kind: total for (_, kind, _), total in found.items() if total}


def told(organization: Organization, *facts: Any, seen: datetime = SEEN) -> None:
    def of(kind: type[Any]) -> list[Any]:
        return [each for each in facts if isinstance(each, kind)]

    payments.record(
        Snapshot(
            seen,
            payments=of(PaymentFact),
            refunds=of(RefundFact),
            disputes=of(DisputeFact),
            credit_notes=of(CreditNoteFact),
        ),
        organization=organization,
    )


@pytest.fixture
def heard() -> Any:
    names: list[str] = []
    receivers: list[tuple[Any, Callable[..., None]]] = []
    for name, signal in {
        "succeeded": payment_succeeded,
        "failed": payment_failed,
        "refunded": payment_refunded,
        "opened": dispute_opened,
        "closed": dispute_closed,
    }.items():

        def hear(sender: Any, name: str = name, **_: Any) -> None:
            names.append(name)

        signal.connect(hear)
        receivers.append((signal, hear))
    yield names
    for signal, hear in receivers:
        signal.disconnect(hear)


def test_a_payment_and_its_fee_are_in_the_books_once(invoice: Invoice, heard: list[str]) -> None:
    for seen in (SEEN, SEEN, LATER):
        told(invoice.organization, PAID, seen=seen)

    payment = Payment.objects.get()
    assert (payment.status, payment.amount_minor, payment.fee_minor, payment.method) == (
        "succeeded", 2_900, 114, "visa 4242",
    )  # fmt: skip
    assert payment.invoice == invoice
    assert balances(invoice.organization) == {"revenue": -2_900, "provider_clearing": 2_786, "fees": 114}
    assert heard == ["succeeded"]
    assert AuditEvent.objects.filter(action="payment.status").count() == 1


def test_a_page_that_nobody_paid_on_is_no_try(invoice: Invoice) -> None:
    waits = replace(PAID, id="pi_2", charge_id="", status="pending", received_minor=0)
    confirms, given_up = replace(waits, status="requires_action"), replace(waits, status="canceled")
    assert payments.tried([PAID, waits, given_up]) == [PAID]

    told(invoice.organization, *payments.tried([confirms]))
    told(invoice.organization, *payments.tried([given_up]), seen=LATER)

    assert Payment.objects.get().status == "canceled"


def test_a_failed_try_moves_nothing_and_an_older_word_changes_nothing(invoice: Invoice, heard: list[str]) -> None:
    failed = replace(PAID, status="failed", received_minor=0, fee_minor=0, failure="Your card was declined.")
    told(invoice.organization, failed)
    told(invoice.organization, PAID, seen=LATER)
    told(invoice.organization, failed)

    assert Payment.objects.get().status == "succeeded"
    assert heard == ["failed", "succeeded"]
    assert LedgerTransaction.objects.filter(kind="payment").count() == 1


def test_each_refused_try_is_told_once(invoice: Invoice, heard: list[str]) -> None:
    organizations_endpoint(invoice.organization)
    failed = replace(PAID, status="failed", received_minor=0, fee_minor=0, failure="Your card was declined.")
    for minutes, charge in enumerate(("ch_1", "ch_1", "ch_2", "ch_2")):
        told(invoice.organization, replace(failed, charge_id=charge), seen=SEEN + timedelta(minutes=minutes))
    told(invoice.organization, replace(PAID, charge_id="ch_3"), seen=SEEN + timedelta(minutes=9))

    assert heard == ["failed", "failed", "succeeded"]
    events = WebhookMessage.objects.order_by("pk").values_list("event", "payload__data__failure")
    assert list(events) == [*[("payment.failed", "Your card was declined.")] * 2, ("payment.succeeded", "")]
    assert AuditEvent.objects.filter(action="payment.status").count() == 2


def test_money_that_went_back_has_a_credit_note(invoice: Invoice, heard: list[str]) -> None:
    told(invoice.organization, PAID, BACK)
    told(invoice.organization, PAID, BACK, seen=LATER)

    note = CreditNote.objects.get()
    assert (note.number, note.total_minor, note.refund) == ("CN-000001", 900, Refund.objects.get())
    assert [(line.amount_minor, line.invoice_line) for line in note.lines.all()] == [(900, invoice.lines.get())]
    invoice.refresh_from_db()
    assert (invoice.credited_minor, invoice.returned_minor) == (900, 900)
    assert balances(invoice.organization) == {"revenue": -2_000, "provider_clearing": 1_886, "fees": 114}
    assert heard == ["succeeded", "refunded"]
    assert list(invoice_verification.problems()) == []


def test_a_refund_that_fails_is_as_if_it_had_never_been(invoice: Invoice) -> None:
    told(invoice.organization, PAID, replace(BACK, status="pending"))
    told(invoice.organization, PAID, replace(BACK, status="failed", failure="lost_or_stolen_card"), seen=LATER)

    assert (Refund.objects.get().status, CreditNote.objects.get().status) == ("failed", "void")
    invoice.refresh_from_db()
    assert (invoice.credited_minor, invoice.returned_minor) == (0, 0)
    assert balances(invoice.organization) == {"revenue": -2_900, "provider_clearing": 2_786, "fees": 114}


def test_a_refund_that_fails_at_once_leaves_no_trace_in_the_books(invoice: Invoice) -> None:
    told(invoice.organization, PAID, replace(BACK, status="failed"))

    assert Refund.objects.get().status == "failed"
    assert not CreditNote.objects.exists()
    assert balances(invoice.organization) == {"revenue": -2_900, "provider_clearing": 2_786, "fees": 114}


@pytest.mark.parametrize("invoice_id", ["in_1", ""])
def test_a_failure_is_told_twice_and_undone_once(invoice: Invoice, invoice_id: str) -> None:
    paid = replace(PAID, invoice_id=invoice_id)
    told(invoice.organization, paid)
    before = balances(invoice.organization)
    told(invoice.organization, paid, replace(BACK, status="pending"))
    for minutes in (1, 2):
        seen = SEEN + timedelta(minutes=minutes)
        told(invoice.organization, paid, replace(BACK, status="failed"), seen=seen)
        assert balances(invoice.organization) == before

    invoice.refresh_from_db()
    assert (invoice.credited_minor, invoice.returned_minor) == (0, 0)
    assert AuditEvent.objects.filter(action="credit_note.void").count() == (1 if invoice_id else 0)


def test_a_refund_of_an_unknown_payment_waits_for_it(invoice: Invoice) -> None:
    told(invoice.organization, BACK)

    assert not Refund.objects.exists()


def test_a_refund_of_what_no_invoice_was_made_for_has_no_credit_note(invoice: Invoice) -> None:
    told(invoice.organization, replace(PAID, invoice_id=""), BACK)

    assert not CreditNote.objects.exists()
    assert balances(invoice.organization)["provider_clearing"] == 1_886


@pytest.mark.parametrize(
    ("ends", "status", "books"),
    [
        ("under_review", "open", {"fees": 1_614, "disputed": 2_900, "provider_clearing": -1_614}),
        # The fee comes back as well.
        ("won", "won", {"fees": 114, "provider_clearing": 2_786}),
        ("lost", "lost", {"fees": 1_614, "bad_debt": 2_900, "provider_clearing": -1_614}),
    ],
)
def test_a_dispute(invoice: Invoice, heard: list[str], ends: str, status: str, books: dict[str, int]) -> None:
    told(invoice.organization, PAID, TAKEN)
    over = replace(TAKEN, status=ends, is_open=status == "open", fee_minor=0 if ends == "won" else 1_500)
    told(invoice.organization, PAID, over, seen=LATER)

    assert Dispute.objects.get().status == status
    assert balances(invoice.organization) == {"revenue": -2_900, **books}
    assert heard == ["succeeded", "opened", *(["closed"] if status != "open" else [])]


def test_what_came_back_of_a_disputes_fee_stands_whatever_is_told_later(invoice: Invoice) -> None:
    told(invoice.organization, PAID, TAKEN)
    for minutes, fee_minor in enumerate((0, 700, 2_000)):
        won = replace(TAKEN, status="won", is_open=False, fee_minor=fee_minor)
        told(invoice.organization, PAID, won, seen=LATER + timedelta(minutes=minutes))

    assert Dispute.objects.get().fee_returned_minor == 1_500
    assert balances(invoice.organization) == {"revenue": -2_900, "fees": 114, "provider_clearing": 2_786}


def test_a_fee_that_grew_gives_nothing_back(invoice: Invoice) -> None:
    told(invoice.organization, PAID, TAKEN)
    told(invoice.organization, PAID, replace(TAKEN, status="won", is_open=False, fee_minor=2_000), seen=LATER)

    assert Dispute.objects.get().fee_returned_minor == 0


@pytest.mark.parametrize("ends", ["won", "lost"])
def test_a_dispute_that_was_over_before_we_heard_of_it_leaves_the_same_books(invoice: Invoice, ends: str) -> None:
    over = replace(TAKEN, status=ends, is_open=False, fee_minor=0 if ends == "won" else 1_500)
    told(invoice.organization, PAID, over)

    fees, lost = (114, {}) if ends == "won" else (1_614, {"bad_debt": 2_900})
    cleared = 2_900 - fees - sum(lost.values())
    assert balances(invoice.organization) == {"revenue": -2_900, "fees": fees, "provider_clearing": cleared, **lost}


def test_an_older_word_of_a_dispute_changes_nothing(invoice: Invoice, heard: list[str]) -> None:
    told(invoice.organization, PAID, replace(TAKEN, status="won", is_open=False), seen=LATER)
    before = balances(invoice.organization)

    told(invoice.organization, TAKEN)

    assert (Dispute.objects.get().status, balances(invoice.organization)) == ("won", before)
    assert heard == ["succeeded", "closed"]


def test_an_inquiry_takes_nothing(invoice: Invoice) -> None:
    told(invoice.organization, PAID, replace(TAKEN, status="warning_needs_response"))

    assert not Dispute.objects.exists()


def test_a_credit_note_of_the_providers_has_a_number_of_ours(invoice: Invoice) -> None:
    for seen in (SEEN, LATER):
        told(invoice.organization, NOTE, seen=seen)

    note = CreditNote.objects.get()
    assert (note.number, note.provider_credit_note_id, note.wallet_minor) == ("CN-000001", "cn_1", 0)
    invoice.refresh_from_db()
    assert (invoice.credited_minor, invoice.due_minor) == (500, 2_400)

    told(invoice.organization, replace(NOTE, status="void"), seen=LATER)
    assert CreditNote.objects.get().status == "void"
    assert balances(invoice.organization) == {"receivable": 2_900, "revenue": -2_900}


def test_a_refund_that_the_providers_credit_note_names_is_credited_once(invoice: Invoice) -> None:
    whole = replace(NOTE, total_minor=900, subtotal_minor=900, refunded_minor=900, refund_ids=("re_1",))
    told(invoice.organization, PAID, BACK, whole)
    told(invoice.organization, PAID, BACK, whole, seen=LATER)

    assert CreditNote.objects.get().refund == Refund.objects.get()
    assert balances(invoice.organization) == {"revenue": -2_000, "provider_clearing": 1_886, "fees": 114}


@pytest.mark.parametrize("changes", [{"invoice_id": "in_unknown"}, {"invoice_id": ""}, {"total_minor": 0}])
def test_a_credit_note_of_nothing_or_of_what_we_do_not_know_is_none(invoice: Invoice, changes: dict[str, Any]) -> None:
    told(invoice.organization, replace(NOTE, **changes))

    assert not CreditNote.objects.exists()
    assert balances(invoice.organization) == {"receivable": 2_900, "revenue": -2_900}


def test_a_credit_note_and_a_refund_that_it_does_not_name_are_two(invoice: Invoice) -> None:
    told(invoice.organization, replace(PAID, received_minor=2_400, fee_minor=0), NOTE, BACK)

    notes = CreditNote.objects.order_by("sequence").values_list("total_minor", "refund__provider_refund_id")
    assert list(notes) == [(500, None), (900, "re_1")]
    assert balances(invoice.organization) == {"revenue": -1_500, "provider_clearing": 1_500}


def test_what_is_void_at_the_provider_before_we_heard_of_it_is_nothing(invoice: Invoice) -> None:
    told(invoice.organization, replace(NOTE, status="void"))

    assert not CreditNote.objects.exists()


@given(st.lists(st.sampled_from([0, 1, 2, 3, 4]), min_size=1, max_size=10))
def test_any_order_with_repeats_ends_the_same(order: list[int]) -> None:
    """Whatever was heard before: once everything has been told, rows and books are what they should be."""
    subscription = subscribed()
    own = f"in_{subscription.pk}"
    owned = applied(fact(subscription, base_line(subscription), id=own), subscription).organization
    pay, back, taken = f"pi_{own}", f"re_{own}", f"dp_{own}"
    paid = replace(PAID, id=pay, invoice_id=own)
    each: list[list[Any]] = [
        [replace(paid, status="pending", fee_minor=0)],
        [paid],
        [paid, replace(BACK, id=back, payment_id=pay, status="pending")],
        [paid, replace(BACK, id=back, payment_id=pay)],
        [paid, replace(BACK, id=back, payment_id=pay), replace(TAKEN, id=taken, payment_id=pay)],
    ]
    for place in [*order, 4]:
        told(owned, *each[place], seen=SEEN + timedelta(minutes=place))

    assert balances(owned) == {"revenue": -2_000, "provider_clearing": -2_514, "fees": 1_614, "disputed": 2_900}
    assert CreditNote.objects.filter(organization=owned).count() == 1

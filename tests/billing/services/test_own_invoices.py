"""Invoices of our own: whatever state they come to, somebody asks for their money until they end."""

from dataclasses import replace
from datetime import timedelta
from types import ModuleType

import pytest

from billing.models import Invoice, LedgerEntry, Payment, Subscription
from billing.providers import provider
from billing.providers.protocol import InvoiceFact
from billing.providers.sandbox.faults import Fault, injected
from billing.providers.sandbox.models import IdempotencyKey, Record
from billing.services import (
    accounts,
    collection,
    crediting,
    cycle,
    finalizing,
    invoice_endings,
    invoice_verification,
    invoices,
    own_invoices,
)
from billing.services.cycle import CycleResult
from billing.services.wallet import Terms, grant
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import InvalidInput
from platform_core.models import AuditEvent, Mail, WebhookMessage
from tests import kept, make
from tests.billing import shop
from tests.billing.providers.sandbox.shop import client
from tests.billing.services.kills import Killed, killed
from tests.billing.services.test_outbound import organizations_endpoint
from tests.clocks import at

NOTHING = CycleResult(closed=0, charged=0, waiting=0)
RETRIED = CycleResult(closed=0, charged=0, waiting=0, retried=1)
DAY = timedelta(days=1)


def known(card: str = "pm_card_visa") -> Organization:
    """An organization that is a customer of the provider and saved this card."""

    def come() -> None:
        shop.opened()
        organization = make.organization("Harbour Bakery")
        customer = accounts.customer_of(organization)
        if card:
            method = client().v1.payment_methods.attach(card, {"customer": customer})
            client().v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})

    kept.situation(f"a customer with the card {card}", come)
    return Organization.objects.get()


def asked(organization: Organization, *amounts_minor: int) -> Invoice:
    return finalizing.finalize(make.draft(organization, *amounts_minor or (2_900,)))


def state(invoice: Invoice) -> tuple[str, int, int]:
    invoice.refresh_from_db()
    return invoice.status, invoice.paid_minor, invoice.attempt_count


def sound() -> bool:
    return list(invoice_verification.problems()) == [] and list(invoice_verification.of_ledger()) == []


def test_what_credits_do_not_cover_is_charged_and_ends_paid() -> None:
    organization = known()
    organizations_endpoint(organization)
    grant(organization.pk, "usd", Terms(900, "Welcome"), key="k", by=None)
    invoice = asked(organization)
    before = dict(invoice.evidence)

    assert cycle.run_billing_cycle() == RETRIED
    shop.catch_up()

    assert state(invoice) == ("paid", 2_000, 1)
    assert (invoice.wallet_minor, invoice.due_minor, invoice.number) == (900, 0, "INV-000001")
    assert (invoice.evidence, invoice.lines.count()) == (before, 1)
    payment = Payment.objects.get()
    assert (payment.invoice, payment.amount_minor) == (invoice, 2_000)
    assert cycle.run_billing_cycle() == NOTHING
    assert Invoice.objects.count() == 1
    told = WebhookMessage.objects.filter(audience_id=organization.pk).order_by("pk").values_list("event", flat=True)
    assert list(told) == ["invoice.finalized", "invoice.paid", "payment.succeeded"]
    assert sound()


@pytest.mark.parametrize(
    ("charge", "field"),
    [
        (own_invoices.Charge(" ", 1, "usd"), "description"),
        (own_invoices.Charge("x", 0, "usd"), "amountMinor"),
        (own_invoices.Charge("x", 10**12 + 1, "usd"), "amountMinor"),
        (own_invoices.Charge("x", 1, "USD"), "currency"),
    ],
)
def test_what_cannot_be_invoiced_is_refused_by_its_field(
    organization: Organization, charge: own_invoices.Charge, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        own_invoices.write(organization, charge, key="k", by=None)

    assert list(refused.value.details) == [field]
    assert not Invoice.objects.exists()


def test_what_credits_cover_whole_is_asked_of_nobody() -> None:
    organization = known()
    grant(organization.pk, "usd", Terms(9_900, "Welcome"), key="k", by=None)
    invoice = asked(organization)

    assert state(invoice) == ("paid", 0, 0)
    assert cycle.run_billing_cycle() == NOTHING
    assert invoice.provider_invoice_id == ""


@pytest.mark.parametrize("card", ["", "pm_card_chargeCustomerFail"])
def test_who_does_not_pay_is_asked_on_fixed_days_each_time_by_mail_and_then_given_up(card: str) -> None:
    invoice = asked(known(card))

    assert cycle.run_billing_cycle() == RETRIED
    assert cycle.run_billing_cycle() == NOTHING
    assert state(invoice) == ("open", 0, 1)
    for hours, days in enumerate((1, 4, 9, 16), 1):
        with at(invoice.issued_at + timedelta(days=days, hours=hours)):
            assert cycle.run_billing_cycle() == RETRIED
    shop.catch_up()

    assert state(invoice) == ("uncollectible", 0, 5)
    assert (invoice.written_off_minor, invoice.next_attempt_at, invoice.payable) == (2_900, None, True)
    mails = list(Mail.objects.filter(template="billing/invoice_unpaid").order_by("pk"))
    assert len(mails) == 5
    assert mails[0].subject == "Invoice INV-000001 over $29.00 is not paid"
    assert f"Pay it here, by whatever card or bank account: {invoice.payment_url}" in mails[0].text
    assert ["It is tried again on" in mail.text for mail in mails] == [True, True, True, True, False]
    assert sound()


def test_who_pays_on_the_page_meanwhile_is_asked_no_more() -> None:
    organization = known("")
    invoice = asked(organization)
    cycle.run_billing_cycle()
    invoice.refresh_from_db()
    method = client().v1.payment_methods.attach(
        "pm_card_visa", {"customer": organization.billing_account.provider_customer_id}
    )
    client().v1.invoices.pay(invoice.provider_invoice_id, {"payment_method": method.id})
    shop.catch_up()

    with at(invoice.issued_at + 2 * DAY):
        assert cycle.run_billing_cycle() == NOTHING
    assert state(invoice) == ("paid", 2_900, 1)
    assert sound()


def test_what_is_credited_or_void_is_asked_no_more() -> None:
    organization = known("")
    whole, void, part = (asked(organization) for _ in range(3))
    assert cycle.run_billing_cycle().retried == 3
    for invoice in (whole, void, part):
        invoice.refresh_from_db()

    crediting.credit(whole, 2_900, reason="A mistake", key="a", by=None)
    crediting.credit(part, 900, reason="A part", key="b", by=None)
    invoice_endings.void(void, reason="Twice", by=None)
    shop.catch_up()
    with at(part.issued_at + 2 * DAY):
        assert cycle.run_billing_cycle() == RETRIED

    assert (state(whole)[0], state(void)[0], state(part)) == ("paid", "void", ("open", 0, 2))
    assert client().v1.invoices.retrieve(part.provider_invoice_id).amount_remaining == 2_000
    assert sound()


def test_what_was_credited_before_it_was_asked_for_is_not_asked_for() -> None:
    invoice = asked(known())
    crediting.credit(invoice, 900, reason="A part", key="a", by=None)

    assert cycle.run_billing_cycle() == RETRIED
    shop.catch_up()

    assert state(invoice) == ("paid", 2_000, 1)
    assert (invoice.discrepancy, invoice.due_minor) == ("", 0)
    assert sound()


def test_an_amount_that_the_provider_made_another_is_told() -> None:
    invoice = asked(known())
    cycle.run_billing_cycle()
    invoice.refresh_from_db()
    fact = provider().finalize_invoice(invoice.provider_invoice_id, key="x")

    invoices.apply(replace(fact, total_minor=2_901), organization=invoice.organization, observed_at=clock.wall())

    assert Invoice.objects.get().discrepancy == "asked for as 2901, not 2900"


INSIDE: list[tuple[ModuleType | type, str]] = [
    (accounts, "customer_of"),
    (own_invoices, "_made"),
    (own_invoices, "_carry"),
    (collection, "collect"),
    (invoices, "apply"),
    (collection, "_record"),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("module", "name"), INSIDE, ids=lambda each: str(getattr(each, "__name__", each)))
def test_a_run_that_is_killed_charges_once(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, after: bool
) -> None:
    invoice = asked(known())
    with monkeypatch.context() as patch:
        killed(patch, module, name, after=after)
        with pytest.raises(Killed):
            cycle.run_billing_cycle()
    IdempotencyKey.objects.all().delete()

    cycle.run_billing_cycle()
    shop.catch_up()

    assert state(invoice)[:2] == ("paid", 2_900)
    assert [charge.data["amount"] for charge in Record.objects.filter(kind="charge")] == [2_900]
    assert Invoice.objects.count() == 1
    assert sound()


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.SERVER_ERROR])
def test_a_provider_that_does_not_answer_is_asked_again_and_charges_once(fault: Fault) -> None:
    invoice = asked(known())
    with injected(fault, method="POST", path="/v1/invoices", times=9):
        result = cycle.run_billing_cycle()

    assert [failure.invoice_id for failure in result.failed] == [invoice.pk]
    assert result.as_json()["failed"][0]["invoice_id"] == str(invoice.pk)
    assert cycle.run_billing_cycle() == RETRIED
    assert len(Record.objects.filter(kind="charge")) == 1


def test_what_the_provider_tells_before_its_answer_is_stored_is_the_same_invoice() -> None:
    invoice = asked(known())
    customer = accounts.customer_of(invoice.organization)
    own_invoices._made(invoice, customer)
    shop.catch_up()

    assert Invoice.objects.get().provider_invoice_id
    assert state(invoice) == ("open", 0, 0)
    assert cycle.run_billing_cycle() == RETRIED
    assert state(invoice)[0] == "paid"


def test_what_was_listed_and_is_paid_meanwhile_is_not_asked_for() -> None:
    invoice = asked(known())
    crediting.credit(invoice, 2_900, reason="A mistake", key="a", by=None)

    assert own_invoices.collect(invoice) is False
    assert not Record.objects.filter(kind="invoice").exists()


def test_what_is_credited_while_it_is_carried_is_not_charged_over_more(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = asked(known())
    made = own_invoices._made

    def meanwhile(carried: Invoice, customer_id: str) -> InvoiceFact:
        fact = made(carried, customer_id)
        crediting.credit(Invoice.objects.get(), 900, reason="A part", key="a", by=None)
        return fact

    with monkeypatch.context() as patch:
        patch.setattr(own_invoices, "_made", meanwhile)
        assert cycle.run_billing_cycle() == NOTHING
    shop.catch_up()
    assert state(invoice) == ("open", 0, 0)
    assert invoice.provider_invoice_id == ""

    assert cycle.run_billing_cycle() == RETRIED
    shop.catch_up()

    assert state(invoice) == ("paid", 2_000, 1)
    assert [charge.data["amount"] for charge in Record.objects.filter(kind="charge")] == [2_000]
    assert invoice.discrepancy == ""
    assert sound()


def test_a_draft_that_was_left_over_takes_nothing_over() -> None:
    invoice = asked(known(""))
    cycle.run_billing_cycle()
    invoice.refresh_from_db()
    fact = provider().finalize_invoice(invoice.provider_invoice_id, key="x")
    other = replace(fact, id="in_left_over", status="void")

    invoices.apply(other, organization=invoice.organization, observed_at=clock.wall())

    before = invoice.provider_invoice_id
    assert state(invoice)[0] == "open"
    assert invoice.provider_invoice_id == before


def test_a_draft_that_was_deleted_there_is_made_again() -> None:
    invoice = asked(known())
    own_invoices._made(invoice, accounts.customer_of(invoice.organization))
    shop.catch_up()
    invoice.refresh_from_db()
    first = invoice.provider_invoice_id
    client().v1.invoices.delete(first)
    shop.catch_up()
    assert state(invoice) == ("open", 0, 1)
    assert invoice.provider_invoice_id == ""
    event = AuditEvent.objects.get(action="invoice.update", target_id=str(invoice.pk))
    assert event.changes == {"provider_invoice_id": [first, ""]}

    assert cycle.run_billing_cycle() == RETRIED

    assert state(invoice) == ("paid", 2_900, 2)
    assert invoice.provider_invoice_id not in ("", first)
    # The line of the first would be on whatever the provider asks for next.
    items = provider().invoice_items_of(accounts.customer_of(invoice.organization))
    assert [item.invoice_id for item in items] == [invoice.provider_invoice_id]


def test_what_credits_covered_in_part_is_given_up_where_the_provider_voids_it() -> None:
    organization = known("")
    grant(organization.pk, "usd", Terms(900, "Welcome"), key="k", by=None)
    invoice = asked(organization)
    cycle.run_billing_cycle()
    invoice.refresh_from_db()

    client().v1.invoices.void_invoice(invoice.provider_invoice_id)
    shop.catch_up()

    assert state(invoice) == ("uncollectible", 0, 1)
    assert (invoice.wallet_minor, invoice.written_off_minor, invoice.next_attempt_at) == (900, 2_000, None)
    assert sound()


def test_an_older_word_changes_nothing() -> None:
    invoice = asked(known())
    cycle.run_billing_cycle()
    invoice.refresh_from_db()
    fact = provider().finalize_invoice(invoice.provider_invoice_id, key="x")

    invoices.apply(fact, organization=invoice.organization, observed_at=invoice.observed_at - DAY)

    assert state(invoice)[0] == "paid"


def test_what_the_provider_no_longer_asks_for_once_its_subscription_is_over_is_given_up() -> None:
    organization = shop.customer()
    Subscription.objects.update(status="canceled")
    paid = Invoice.objects.get()
    owed = invoices.apply(_left_open(organization), organization=organization, observed_at=clock.wall())

    cycle.run_billing_cycle()

    assert (state(paid)[0], state(owed)[0]) == ("paid", "uncollectible")
    event = AuditEvent.objects.get(action="invoice.write_off")
    assert event.changes["reason"] == own_invoices.WHY
    assert LedgerEntry.objects.filter(account__kind="bad_debt").get().amount_minor == owed.total_minor


def test_what_a_bank_is_asked_to_debit_is_not_given_up_for_two_weeks() -> None:
    organization = shop.customer()
    Subscription.objects.update(status="canceled")
    owed = invoices.apply(_left_open(organization), organization=organization, observed_at=clock.wall())
    assert own_invoices.abandoned() == [owed]
    Payment.objects.update(invoice=owed, status="pending")

    assert own_invoices.abandoned() == []

    Payment.objects.update(created_at=clock.now() - 14 * DAY)
    assert own_invoices.abandoned() == [owed]


def _left_open(organization: Organization):  # type: ignore[no-untyped-def]
    subscription = Subscription.objects.get()
    customer = organization.billing_account.provider_customer_id
    client().v1.invoice_items.create({"customer": customer, "amount": 700, "currency": "usd"})
    draft = provider().create_invoice(
        customer_id=customer, subscription_id=subscription.provider_subscription_id, key="left"
    )
    return provider().finalize_invoice(draft.id, key="f")


def test_an_invoice_that_nobody_asks_for_is_named() -> None:
    invoice = asked(known())
    Invoice.objects.update(next_attempt_at=None)

    assert list(invoice_verification.problems()) == [f"Invoice {invoice.pk} (INV-000001): nobody asks for its money"]

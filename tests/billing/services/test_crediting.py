"""Credit notes of our own: never more than there is, with the last the rest of each line and of the tax."""

from datetime import date
from pathlib import Path

import pytest
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from billing.models import CreditNote, CreditNoteLine, Invoice, LegalEntity, TaxRate, Wallet
from billing.providers import provider
from billing.providers.protocol import ProviderError, ProviderRefused
from billing.providers.sandbox.faults import Fault, injected
from billing.providers.sandbox.models import Record
from billing.services import crediting, finalizing, invoice_verification, wallet
from billing.services.ledger import Account, balance
from billing.services.wallet import KeyReused
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent
from platform_core.schedule import find
from tests import make
from tests.billing import shop
from tests.billing.providers.sandbox.shop import client
from tests.billing.services.test_dunning import refused
from tests.processes import race, shared_database


@pytest.fixture
def invoice(organization: Organization) -> Invoice:
    """Three lines of 3.33 and one of 0.01, with 23 %: 10.00 and 2.30."""
    TaxRate.objects.create(country="IE", rate_ppm=230_000, starts_on=date(2020, 1, 1))
    return finalizing.finalize(make.draft(organization, 333, 333, 333, 1))


def credit(invoice: Invoice, amount: int, key: str = "", reason: str = "broken") -> CreditNote:
    return crediting.credit(invoice, amount, reason=reason, key=key, by=None)


def test_an_open_invoice_is_lessened(invoice: Invoice) -> None:
    note = credit(invoice, 615)

    assert (note.number, note.total_minor, note.tax_minor, note.wallet_minor) == ("CN-000001", 615, 115, 0)
    assert [(line.amount_minor, line.tax_minor) for line in note.lines.all()] == [(205, 39), (205, 38), (205, 38)]
    invoice.refresh_from_db()
    assert (invoice.credited_minor, invoice.due_minor, invoice.status) == (615, 615, "open")
    assert balance(Account.RECEIVABLE, "usd", invoice.organization_id) == 615
    assert balance(Account.TAX_PAYABLE, "usd") == -115
    assert AuditEvent.objects.get(action="credit_note.issue").changes["invoice"] == "INV-000001"
    assert list(invoice_verification.problems()) == []


def test_the_last_takes_the_rest_and_settles_it(invoice: Invoice) -> None:
    for amount in (409, 410, 411):
        credit(invoice, amount)

    invoice.refresh_from_db()
    assert (invoice.due_minor, invoice.status) == (0, "paid")
    assert CreditNote.objects.aggregate(tax=Sum("tax_minor"))["tax"] == 230
    taken = CreditNoteLine.objects.values_list("invoice_line__position").annotate(total=Sum("amount_minor"))
    assert sorted(taken) == [(0, 410), (1, 410), (2, 409), (3, 1)]
    with pytest.raises(InvalidInput):
        credit(invoice, 1)


def test_of_a_paid_invoice_it_goes_into_the_wallet(organization: Organization) -> None:
    wallet.grant(organization.pk, "usd", wallet.Terms(2_900, "x"), key="k", by=None)
    paid = finalizing.finalize(make.draft(organization))

    note = credit(paid, 1_000)

    assert note.wallet_minor == 1_000
    assert Wallet.objects.get().balance_minor == 1_000
    assert balance(Account.RECEIVABLE, "usd", organization.pk) == 0
    paid.refresh_from_db()
    assert (paid.credited_minor, paid.returned_minor, paid.unsettled_minor) == (1_000, 1_000, 0)


@pytest.mark.parametrize("amount", [0, -1, 1_231, 2**63])
def test_more_than_is_left_is_refused(invoice: Invoice, amount: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        credit(invoice, amount)

    assert refused.value.details == {"amountMinor": ["Between 1 and 1230."]}
    assert not CreditNote.objects.exists()
    assert LegalEntity.objects.get().credit_note_count == 0


def test_a_reason_is_needed_and_a_state_that_allows_it(invoice: Invoice, organization: Organization) -> None:
    with pytest.raises(InvalidInput, match="why"):
        credit(invoice, 1, reason="  ")
    with pytest.raises(Conflict, match="draft"):
        credit(make.draft(organization), 1)


def test_the_same_key_is_the_same_credit_note(invoice: Invoice) -> None:
    assert credit(invoice, 100, "k") == credit(invoice, 100, "k")
    with pytest.raises(KeyReused):
        credit(invoice, 101, "k")

    assert CreditNote.objects.count() == 1


def test_an_open_invoice_of_the_providers_is_lowered_there_once() -> None:
    subscription = refused()
    invoice = subscription.invoices.get(status="open")
    fault = injected(Fault.TIMEOUT_AFTER, method="POST", path="/v1/credit_notes", times=9)
    with fault, pytest.raises(ProviderError):
        credit(invoice, 900, "k")
    assert CreditNote.objects.get().status == "requested"
    assert balance(Account.RECEIVABLE, "usd", invoice.organization_id) == 12_900

    note = credit(invoice, 900, "k")

    assert (note.status, note.number, note.total_minor, note.wallet_minor) == ("issued", "CN-000001", 900, 0)
    there = provider().invoices_of(subscription.provider_subscription_id)
    assert [fact.credited_before_minor for fact in there if fact.id == invoice.provider_invoice_id] == [900]
    assert balance(Account.RECEIVABLE, "usd", invoice.organization_id) == 12_000
    shop.catch_up()
    assert CreditNote.objects.get().provider_credit_note_id == note.provider_credit_note_id != ""


def lost(fault: Fault) -> tuple[Invoice, CreditNote]:
    """A credit note of 9.00 whose answer was lost two minutes ago: it was made at the provider, or it was not."""
    invoice = refused().invoices.get(status="open")
    with injected(fault, method="POST", path="/v1/credit_notes", times=9), pytest.raises(ProviderError):
        credit(invoice, 900, "k")
    assert crediting.settle_requested() == {"settled": 0, "failed": 0}
    CreditNote.objects.update(created_at=clock.now() - crediting.PATIENCE)
    return invoice, CreditNote.objects.get()


def became(invoice: Invoice, status: str, paid_minor: int = 0) -> None:
    """As the provider told of it before it told of any credit note."""
    Invoice.objects.filter(pk=invoice.pk).update(status=status, paid_minor=paid_minor)


def made_there(invoice: Invoice) -> int:
    return len(client().v1.credit_notes.list({"invoice": invoice.provider_invoice_id}).data)


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER, Fault.TIMEOUT_BEFORE])
def test_one_whose_answer_was_lost_is_asked_for_again_by_the_clock(fault: Fault) -> None:
    invoice, note = lost(fault)

    assert find("requested-credit-notes").run() == {"settled": 1, "failed": 0}
    assert crediting.settle_requested() == {"settled": 0, "failed": 0}

    note.refresh_from_db()
    assert (note.status, note.number, note.wallet_minor, made_there(invoice)) == ("issued", "CN-000001", 0, 1)
    assert note.provider_credit_note_id
    assert balance(Account.RECEIVABLE, "usd", invoice.organization_id) == 12_000


def test_while_the_provider_is_away_it_waits() -> None:
    _, note = lost(Fault.TIMEOUT_BEFORE)

    with injected(Fault.TIMEOUT_BEFORE, path="/v1/credit_notes", times=9):
        assert crediting.settle_requested() == {"settled": 0, "failed": 1}

    note.refresh_from_db()
    assert note.status == "requested"


@pytest.mark.parametrize("by_clock", [True, False])
def test_what_lowered_an_invoice_before_it_was_paid_does_not_fill_the_wallet_as_well(by_clock: bool) -> None:
    invoice, note = lost(Fault.TIMEOUT_AFTER)
    became(invoice, "paid", 12_000)

    assert (
        crediting.settle_requested() == {"settled": 1, "failed": 0} if by_clock else credit(invoice, 900, "k") == note
    )

    note.refresh_from_db()
    assert (note.status, note.wallet_minor, bool(note.provider_credit_note_id)) == ("issued", 0, True)
    assert not Wallet.objects.exists()
    invoice.refresh_from_db()
    assert (invoice.credited_minor, invoice.unsettled_minor, made_there(invoice)) == (900, 0, 1)


def test_what_the_provider_never_made_fills_the_wallet_once_it_is_paid() -> None:
    invoice, note = lost(Fault.TIMEOUT_BEFORE)
    became(invoice, "paid", 12_900)

    assert crediting.settle_requested() == {"settled": 1, "failed": 0}
    assert credit(invoice, 900, "k") == note

    note.refresh_from_db()
    assert (note.status, note.wallet_minor, note.provider_credit_note_id) == ("issued", 900, "")
    assert (Wallet.objects.get().balance_minor, made_there(invoice)) == (900, 0)


def test_of_an_invoice_that_the_provider_knows_nothing_of_nobody_is_asked() -> None:
    invoice, note = lost(Fault.TIMEOUT_BEFORE)
    became(invoice, "paid", 12_900)
    Invoice.objects.filter(pk=invoice.pk).update(provider_invoice_id="")

    with injected(Fault.SERVER_ERROR, path="/v1/", times=9):
        assert crediting.settle_requested() == {"settled": 1, "failed": 0}

    note.refresh_from_db()
    assert (note.status, note.wallet_minor) == ("issued", 900)


def test_what_was_void_there_before_it_was_heard_of_is_void_here() -> None:
    invoice, note = lost(Fault.TIMEOUT_AFTER)
    there = Record.objects.get(kind="credit_note")
    there.data = {**there.data, "status": "void"}
    there.save()
    became(invoice, "paid", 12_900)

    crediting.settle_requested()

    note.refresh_from_db()
    assert (note.status, note.wallet_minor) == ("void", 0)
    assert not Wallet.objects.exists()


def test_of_an_invoice_that_was_given_up_nothing_is_credited() -> None:
    invoice, note = lost(Fault.TIMEOUT_BEFORE)
    became(invoice, "uncollectible")

    assert credit(invoice, 900, "k").failure == "An invoice that is uncollectible cannot be credited."

    note.refresh_from_db()
    assert (note.status, note.number) == ("failed", "")
    assert not Wallet.objects.exists()


def test_an_invoice_that_is_open_at_the_provider_is_lowered_there_first() -> None:
    invoice, note = lost(Fault.TIMEOUT_BEFORE)

    assert crediting._issue_here(note).status == "requested"

    assert balance(Account.RECEIVABLE, "usd", invoice.organization_id) == 12_900


def test_what_the_provider_refuses_is_free_again() -> None:
    """The provider knows nothing of this invoice."""
    invoice = make.invoice()
    with pytest.raises(ProviderRefused):
        credit(invoice, 900, "k")

    note = CreditNote.objects.get()
    assert (note.status, note.number, bool(note.failure)) == ("failed", "", True)
    assert crediting.creditable_minor(invoice) == 2_900
    assert LegalEntity.objects.get().credit_note_count == 0
    assert AuditEvent.objects.filter(action="credit_note.refuse").count() == 1
    assert credit(invoice, 900, "k") == note


def test_what_is_issued_by_the_event_is_neither_issued_again_nor_refused(invoice: Invoice) -> None:
    note = credit(invoice, 900)

    assert crediting._issue_here(note).number == "CN-000001"
    crediting._refused(note, "late")

    note.refresh_from_db()
    assert (note.status, note.failure, note.lines.count()) == ("issued", "", 4)
    assert LegalEntity.objects.get().credit_note_count == 1
    assert not AuditEvent.objects.filter(action="credit_note.refuse").exists()


def test_an_invoice_without_lines_is_credited_in_one() -> None:
    paid = make.invoice(status="paid", paid_minor=2_900, tax_minor=500)

    note = credit(paid, 1_450, reason="too late")

    line = note.lines.get()
    assert (line.description, line.amount_minor, line.tax_minor, line.invoice_line) == ("too late", 1_450, 250, None)
    assert note.wallet_minor == 1_450


@given(st.lists(st.integers(1, 700), min_size=1, max_size=12), st.integers(0, 300_000), st.booleans())
def test_several_never_take_more_than_there_was(amounts: list[int], rate: int, is_inclusive: bool) -> None:
    TaxRate.objects.all().delete()
    TaxRate.objects.create(country="IE", rate_ppm=rate, is_inclusive=is_inclusive, starts_on=date(2020, 1, 1))
    owned = finalizing.finalize(make.draft(make.organization(), 333, 1_000, -99, 7))
    for amount in amounts:
        owned.refresh_from_db()
        if owned.due_minor:
            credit(owned, min(amount, owned.due_minor))

    owned.refresh_from_db()
    sums = owned.credit_notes.aggregate(total=Sum("total_minor"), tax=Sum("tax_minor"))
    assert sums["total"] == owned.credited_minor <= owned.total_minor
    assert 0 <= sums["tax"] <= owned.tax_minor
    if owned.credited_minor == owned.total_minor:
        assert sums["tax"] == owned.tax_minor
    assert [problem for note in owned.credit_notes.all() for problem in invoice_verification.of_credit_note(note)] == []


@pytest.mark.django_db(transaction=True)
def test_two_at_once_take_no_more_than_there_is(organization: Organization, tmp_path: Path) -> None:
    owned = finalizing.finalize(make.draft(organization, 1_000))

    def work(number: int) -> str:
        try:
            return credit(owned, 400, f"k{number}").number
        except InvalidInput:
            return ""

    with shared_database(tmp_path):
        assert sorted(race(6, work)) == ["", "", "", "", "CN-000001", "CN-000002"]

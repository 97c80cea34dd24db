"""Staff move money in the console: they are asked first, and a refusal is told where they asked."""

import re
from typing import Any

import pytest

from billing.models import CreditNote, Invoice, Wallet
from billing.services import finalizing
from orgs.models import Organization
from platform_core.models import AuditEvent
from tests import make
from tests.clients import staff
from tests.pages import Browser

KEY = re.compile(r'name="key" value="([^"]+)"')


@pytest.fixture
def invoice(organization: Organization) -> Invoice:
    return finalizing.finalize(make.draft(organization))


def ask(browser: Browser, path: str, **answers: str) -> str:
    """The page that asks, or where it leads once it was answered."""
    given: dict[str, Any] = {**answers, "answered": "1"} if answers else {}
    return str(browser.post(f"/admin/{path}/", given, follow=True).content.decode())


def test_an_invoice_is_credited_in_part_and_once(invoice: Invoice) -> None:
    browser = Browser(staff("billing.view_invoice", "billing.issue_creditnote").user)
    path = f"billing/invoice/{invoice.pk}/do/credit"

    page = ask(browser, path)
    assert 'value="29.00"' in page
    assert "lessens what is due. At most $29.00." in page
    assert not CreditNote.objects.exists()
    found = KEY.search(page)
    assert found is not None

    for _ in range(2):
        told = ask(browser, path, amount="9.5", reason="broken", key=found[1])
        assert "Credit: INV-000001: CN-000001 over $9.50." in told

    assert CreditNote.objects.get().total_minor == 950
    assert AuditEvent.objects.filter(action="credit_note.issue").count() == 1


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"amount": "29.01", "reason": "x"}, "Between $0.01 and $29.00."),
        ({"amount": "0", "reason": "x"}, "Between $0.01 and $29.00."),
        ({"amount": "-5", "reason": "x"}, "Write an amount such as 1234.56."),
        ({"amount": "9 EUR", "reason": "x"}, "Write an amount such as 1234.56."),
        ({"amount": "9.999", "reason": "x"}, "Write an amount such as 1234.56."),
        ({"amount": "lots", "reason": "x"}, "Write an amount such as 1234.56."),
        ({"amount": "", "reason": "x"}, "This field is required."),
        ({"amount": "9", "reason": ""}, "This field is required."),
    ],
)
def test_bad_answers_are_told_and_do_nothing(invoice: Invoice, answers: dict[str, str], told: str) -> None:
    browser = Browser(staff("billing.view_invoice", "billing.issue_creditnote").user)

    assert told in ask(browser, f"billing/invoice/{invoice.pk}/do/credit", key="k", **answers)

    assert not CreditNote.objects.exists()


@pytest.mark.parametrize(
    ("verb", "permission", "status"),
    [("void", "billing.void_invoice", "void"), ("write_off", "billing.write_off_invoice", "uncollectible")],
)
def test_an_invoice_is_ended_with_a_reason(invoice: Invoice, verb: str, permission: str, status: str) -> None:
    path = f"billing/invoice/{invoice.pk}/do/{verb}"
    stranger = Browser(staff("billing.view_invoice").user)
    assert stranger.post(f"/admin/{path}/", {"answered": "1", "reason": "x", "key": "k"}).status_code == 403
    browser = Browser(staff("billing.view_invoice", permission).user)
    ask(browser, path)
    assert Invoice.objects.get().status == "open"

    ask(browser, path, reason="bankrupt", key="k")

    assert Invoice.objects.get().status == status
    assert AuditEvent.objects.get(action=f"invoice.{verb}").changes["reason"] == "bankrupt"


def test_credits_are_granted_on_the_organizations_page(organization: Organization) -> None:
    browser = Browser(staff("orgs.view_organization", "billing.add_walletgrant").user)
    path = f"orgs/organization/{organization.pk}/do/grant_credits"

    told = ask(browser, path, amount="50", currency="eur", reason="sorry", expires_on="", key="k")

    assert "Grant credits: Harbour Bakery: €50.00 granted." in told
    assert Wallet.objects.get().balance_minor == 5_000
    refused = ask(browser, path, amount="5", currency="eur", reason="x", expires_on="2020-01-01", key="k2")
    assert "This is over already." in refused


def test_an_invoice_is_written_on_the_organizations_page_once(organization: Organization) -> None:
    browser = Browser(staff("orgs.view_organization", "billing.add_invoice").user)
    path = f"orgs/organization/{organization.pk}/do/write_invoice"
    wanted = {"amount": "480", "currency": "eur", "description": "Moving your data, 4 hours", "key": "k"}

    assert "or they are mailed a page to pay it on" in ask(browser, path)
    for _ in range(2):
        assert "Write an invoice: Harbour Bakery: INV-000001 over €480.00." in ask(browser, path, **wanted)

    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.total_minor, invoice.origin) == ("open", 48_000, "ours")
    assert invoice.next_attempt_at is not None
    assert invoice.lines.get().description == "Moving your data, 4 hours"
    assert AuditEvent.objects.get(action="invoice.finalize").actor_type == "staff"
    assert "This key was used for another invoice." in ask(browser, path, **{**wanted, "amount": "481"})
    for bad, told in (("0", "Between 1 and"), ("", "required"), ("4,8x", "Write an amount such as")):
        assert told in ask(browser, path, **{**wanted, "amount": bad, "key": "other"})
    assert "required" in ask(browser, path, **{**wanted, "description": " ", "key": "other"})
    stranger = Browser(staff("orgs.view_organization", "billing.view_invoice").user)
    assert stranger.post(f"/admin/{path}/", {**wanted, "answered": "1"}).status_code == 403
    assert Invoice.objects.count() == 1


def test_the_books_are_shown_with_the_fact_behind_each_entry(invoice: Invoice) -> None:
    browser = Browser(staff("billing.view_ledgerentry", "billing.view_ledgeraccount").user)

    entries = browser.get("/admin/billing/ledgerentry/").content.decode()
    for expected in ("Harbour Bakery", "Invoice finalised", f"/admin/billing/invoice/{invoice.pk}/change/", "$29.00"):
        assert expected in entries, expected
    theirs = f"?transaction__organization__id__exact={invoice.organization_id}"
    assert "$29.00" in browser.get(f"/admin/billing/ledgerentry/{theirs}").content.decode()
    accounts = browser.get("/admin/billing/ledgeraccount/").content.decode()
    assert "holds" in accounts
    assert "unaccounted for" not in accounts

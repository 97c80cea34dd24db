"""Billing details and credits, as people see them."""

from billing.models import BillingProfile
from billing.services import crediting, finalizing, wallet
from tests import make
from tests.clients import PersonClient
from tests.pages import Browser


def test_an_owner_changes_the_details(owner: PersonClient) -> None:
    browser = Browser(owner.user)

    saved = browser.post("/billing-details", {"legal_name": "Harbour Ltd", "country": "DE", "tax_id": "de 123 456 789"})

    assert saved.status_code == 302
    profile = BillingProfile.objects.get()
    assert (profile.organization, profile.legal_name, profile.tax_id) == (
        owner.organization,
        "Harbour Ltd",
        "DE123456789",
    )
    assert "DE123456789" in browser.get("/billing-details").content.decode()


def test_what_cannot_be_right_is_said_at_its_field(owner: PersonClient) -> None:
    answer = Browser(owner.user).post("/billing-details", {"country": "DE", "tax_id": "DE1"})

    assert answer.status_code == 400
    assert "This is not how tax ids of Germany are written." in answer.content.decode()
    assert not BillingProfile.objects.exists()


def test_a_member_sees_them_and_changes_nothing(member: PersonClient) -> None:
    browser = Browser(member.user)

    page = browser.get("/billing-details").content.decode()

    assert "<form" not in page.partition("Billing details</h1>")[2]
    assert browser.post("/billing-details", {"city": "Kiel"}).status_code == 403
    assert not BillingProfile.objects.exists()


def test_credits_and_what_they_were_used_for(member: PersonClient) -> None:
    wallet.grant(member.organization.pk, "usd", wallet.Terms(3_000, "Sorry for the outage"), key="k", by=None)
    invoice = finalizing.finalize(make.draft(member.organization))
    crediting.credit(invoice, 900, reason="broken", key="", by=None)
    browser = Browser(member.user)

    page = browser.get("/credits").content.decode()

    for expected in ("Sorry for the outage", "$30.00", "$10.00", "INV-000001", "$29.00", "Credit note CN-000001"):
        assert expected in page, expected
    shown = browser.get(f"/invoices/{invoice.pk}").content.decode()
    for expected in ("Paid by credits", "CN-000001", "broken", "$9.00"):
        assert expected in shown, expected
    note = invoice.credit_notes.get()
    file = browser.get(f"/invoices/{invoice.pk}/credit-notes/{note.pk}")
    assert file.content.startswith(b"%PDF-")


def test_no_credits(member: PersonClient, outsider: PersonClient) -> None:
    wallet.grant(outsider.organization.pk, "usd", wallet.Terms(3_000, "Theirs"), key="k", by=None)

    page = Browser(member.user).get("/credits").content.decode()

    assert "No credits" in page
    assert "Theirs" not in page

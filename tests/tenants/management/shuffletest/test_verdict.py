"""What is lost, doubled, or held by two at once is seen."""

import json
from pathlib import Path

import pytest
from django.db import transaction

from billing.models import CheckoutSession, Invoice, MrrMovement, Payment, Subscription
from billing.services import ledger
from billing.services.ledger import Account, Posting
from billing.services.ledger import Kind as Kinds
from orgs.models import Organization
from platform_core.models import ProviderEvent
from platform_core.models.rows import new_id
from tenants.management.shuffletest import money, verdict
from tenants.management.shuffletest.lives import Life
from tenants.management.shuffletest.story import State
from tenants.management.shuffletest.verdict import Finding, Kind
from tests import make
from tests.billing import shop

NOBODY = Path("/nonexistent")


@pytest.fixture
def life() -> Life:
    """A purchase that was heard of."""
    organization: Organization = shop.customer("pages-team")
    state = State("pages-team")
    state.bill("subscription_create", 6_500)
    of = organization.subscriptions.get().provider_subscription_id
    return Life("ann@buyer.test", state, of, organization=organization, bought_minor=6_500)


def found(life: Life) -> list[tuple[Kind, str]]:
    """Leaving out the news of the catalog, which a shop that is already open does not tell."""
    told = [*verdict.findings([life], NOBODY), *money.findings([life])]
    return [(each.kind, each.text) for each in told if not each.text.startswith(("event product", "event evt"))]


def test_all_is_well(life: Life) -> None:
    assert found(life) == []
    assert money.findings([life]) == []


def test_what_is_lost(life: Life) -> None:
    Payment.objects.all().delete()
    Invoice.objects.all().delete()
    ProviderEvent.objects.filter(kind="invoice.paid").update(status="FAILED")

    kinds = {kind for kind, _ in found(life)}

    assert kinds == {Kind.LOST}
    assert (Kind.LOST, "payment (6500, 'succeeded')") in found(life)
    assert any("is FAILED" in text for _, text in found(life))


def test_what_is_doubled_or_different(life: Life) -> None:
    subscription = Subscription.objects.get()
    make.subscription(subscription.organization, provider_subscription_id="sub_second")
    CheckoutSession.objects.update(provider_subscription_id="sub_second")
    Subscription.objects.filter(pk=subscription.pk).update(status="past_due")

    told = found(life)

    assert (Kind.DOUBLED, "subscription sub_second: 1 for 0") in told
    assert (Kind.LOST, f"checkout {life.subscription_id}") in told
    assert any(kind == Kind.DIFFERENT and "past_due" in text for kind, text in told)


def test_what_is_wrong_in_the_books(life: Life) -> None:
    with transaction.atomic():
        invoice = Invoice.objects.get()
        amounts = {Account.RECEIVABLE: 5, Account.REVENUE: -5}
        ledger.post(Posting("nobody's", Kinds.INVOICE, invoice, invoice.organization_id, "usd", amounts))
    moved = MrrMovement.objects.get()
    moved.pk, moved.number, moved.amount_minor, moved.kind = new_id(), 2, -100, MrrMovement.Kind.CONTRACTION
    MrrMovement.objects.bulk_create([moved])
    Invoice.objects.update(discrepancy="the lines do not add up", paid_minor=6_000)

    told = [text for kind, text in found(life) if kind == Kind.DIFFERENT]

    assert "account revenue holds -6505, expected -6500" in told
    assert any(text.startswith("not all is accounted for") for text in told)
    assert f"{life.subscription_id} moved by 6400 a month, expected 6500" in told
    assert any(text.endswith("the lines do not add up") for text in told)


def test_two_that_hold_one_owner_at_once(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    lines = [
        ("took", 1, "cus_1"),
        ("took", 2, "cus_2"),
        ("left", 1, "cus_1"),
        ("took", 2, "cus_1"),
        ("killed", 2, ""),
        ("took", 1, "cus_1"),
        ("took", 3, "cus_1"),
        ("took", 4, "cus_3"),
        ("took", 5, "cus_3"),
        ("left", 4, "cus_3"),
        ("fenced", 4, "cus_3"),
        ("left", 5, "cus_3"),
        ("took", 6, "cus_4"),
        ("took", 5, "cus_4"),
        ("killed", 6, ""),
    ]
    told = [{"at": at, "what": what, "pid": pid, "owner": owner} for at, (what, pid, owner) in enumerate(lines)]
    journal.write_text("\n".join(map(json.dumps, told)))

    assert list(verdict.overlaps(journal)) == [Finding(Kind.AT_ONCE, "cus_1 by 1 and 3")]
    assert verdict.kills(journal) == 2
    assert (list(verdict.overlaps(NOBODY)), verdict.kills(NOBODY)) == ([], 0)

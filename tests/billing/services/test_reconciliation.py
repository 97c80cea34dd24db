"""The provider's objects beside our rows: each way in which they can differ, and what is none."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

from billing.models import (
    BillingAccount,
    Invoice,
    Payment,
    Price,
    ReconciliationFinding,
    Subscription,
    SubscriptionAddOn,
    Wallet,
    WalletTransfer,
)
from billing.providers import provider
from billing.providers.protocol import BalanceSpec, CustomerFact, InvoiceFact
from billing.providers.sandbox.models import Record
from billing.providers.stripe.client import build_client
from billing.providers.stripe.provider import StripeProvider
from billing.services import findings, placing, reconciliation, wallet
from orgs.models import Organization
from platform_core import clock
from platform_core.models import AuditEvent, ProviderCursor
from tests import make
from tests.billing import beside, shop


@pytest.fixture
def subscription() -> Subscription:
    """Bought and heard of; both sides say the same."""
    shop.customer()
    return Subscription.objects.get()


def found() -> list[tuple[str, str, dict[str, Any]]]:
    rows = ReconciliationFinding.objects.filter(resolved_at=None).order_by("object_kind")
    return [(row.object_kind, row.kind, row.fields) for row in rows]


@pytest.mark.usefixtures("subscription")
def test_where_both_say_the_same_nothing_is_found() -> None:
    told = reconciliation.run()

    assert found() == []
    assert (told["findings"], told["closed"], told["looked_at"]) == (0, 0, 4)
    cursor = ProviderCursor.objects.get(name="reconciliation")
    assert (cursor.position, cursor.ended_at is not None) == ("", True)


def test_what_differs_is_told_with_both_values(subscription: Subscription) -> None:
    Subscription.objects.update(status="past_due", quantity=2)

    reconciliation.run()

    assert found() == [("subscription", "differs", {"status": ["past_due", "active"], "quantity": [2, 1]})]
    row = ReconciliationFinding.objects.get()
    assert (row.object_id, row.organization) == (subscription.provider_subscription_id, subscription.organization)
    assert AuditEvent.objects.get(action="reconciliation_finding.open").changes["quantity"] == [2, 1]


def test_what_is_beside_the_plan_is_compared_and_not_taken_for_it() -> None:
    beside.held()
    beside.done({beside.BACKUPS: 2, beside.SEATS: 1})
    shop.catch_up()
    # The provider may tell any of its items first.
    Record.objects.filter(kind="subscription_item").update(sequence=10**9 - F("sequence"))
    assert next(provider().subscriptions()).price_id != beside.present().price.provider_price_id
    reconciliation.run()
    assert found() == []
    lost = SubscriptionAddOn.objects.get(price__plan__code=beside.BACKUPS)
    SubscriptionAddOn.objects.filter(pk=lost.pk).update(quantity=1)
    SubscriptionAddOn.objects.exclude(pk=lost.pk).delete()

    reconciliation.run()

    ((_, _, fields),) = found()
    backups, seats = (price.provider_price_id for price in sold_beside())
    assert fields == {"add_ons": [{backups: 1}, {backups: 2, seats: 1}]}
    findings.take(ReconciliationFinding.objects.get(resolved_at=None), by=make.user(is_staff=True))
    assert beside.has() == {beside.BACKUPS: 2, beside.SEATS: 1}
    reconciliation.run()
    assert not ReconciliationFinding.objects.filter(resolved_at=None).exists()


def sold_beside() -> list[Price]:
    return [Price.objects.get(plan__code=code, interval="month") for code in (beside.BACKUPS, beside.SEATS)]


@pytest.mark.usefixtures("subscription")
def test_found_again_it_is_the_same_finding_and_gone_it_is_closed() -> None:
    Subscription.objects.update(quantity=2)
    reconciliation.run()
    first = ReconciliationFinding.objects.get()
    reconciliation.run()
    again = ReconciliationFinding.objects.get()
    assert (again.first_seen_at, again.last_seen_at > first.last_seen_at) == (first.first_seen_at, True)

    Subscription.objects.update(quantity=1)
    assert reconciliation.run()["closed"] == 1

    row = ReconciliationFinding.objects.get()
    assert (row.resolution, row.resolved_by, row.resolved_at is not None) == ("gone", None, True)


@pytest.mark.usefixtures("subscription")
def test_an_invoice_that_differs_or_is_missing_here() -> None:
    Invoice.objects.update(paid_minor=1)
    reconciliation.run()
    assert found() == [("invoice", "differs", {"paid_minor": [1, 12_900]})]

    Payment.objects.all().delete()
    Invoice.objects.all().delete()
    reconciliation.run()
    (of, kind, fields) = found()[0]
    assert (of, kind, fields["total_minor"], len(found())) == ("invoice", "missing_here", [None, 12_900], 1)


@pytest.mark.usefixtures("subscription")
def test_one_of_our_own_is_asked_for_over_less_than_its_total() -> None:
    Invoice.objects.update(origin=Invoice.Origin.OURS, total_minor=13_900, wallet_minor=1_000)

    reconciliation.run()

    assert found() == []


@pytest.mark.usefixtures("subscription")
def test_a_payment_that_is_missing_here() -> None:
    Payment.objects.all().delete()

    reconciliation.run()

    assert found() == [("payment", "missing_here", {"amount_minor": [None, 12_900], "status": ["", "succeeded"]})]


@pytest.mark.usefixtures("subscription")
def test_a_payment_that_differs_or_of_which_something_went_back() -> None:
    Payment.objects.update(status="failed", amount_minor=1)
    build_client().v1.refunds.create({"payment_intent": Payment.objects.get().provider_payment_id, "amount": 900})

    reconciliation.run()

    told = {"status": ["failed", "succeeded"], "amount_minor": [1, 12_900], "refunded_minor": [0, 900]}
    assert found() == [("payment", "differs", told)]
    shop.deliver()
    reconciliation.run()
    # The news of the refund has come: the finding is left to the next night.
    assert found() == []


@pytest.mark.usefixtures("subscription")
def test_what_was_brought_in_from_elsewhere_is_not_compared() -> None:
    for model in (BillingAccount, Subscription, Invoice, Payment):
        model.objects.update(provider="imported")
    BillingAccount.objects.update(provider_customer_id="theirs")
    Subscription.objects.update(provider_subscription_id="theirs")
    Invoice.objects.update(provider_invoice_id="theirs")
    Payment.objects.update(provider_payment_id="theirs")

    reconciliation.run()

    assert found() == []


@pytest.mark.usefixtures("subscription")
def test_customers_go_on_with_the_page_where_a_run_broke_off(monkeypatch: pytest.MonkeyPatch) -> None:
    BillingAccount.objects.create(organization=make.organization(), provider_customer_id=_deleted_customer())
    first, second = BillingAccount.objects.order_by("pk")
    monkeypatch.setattr(reconciliation, "BATCH", 1)
    ask, asked = StripeProvider.customer, list[str]()

    def once_more(self: StripeProvider, customer_id: str) -> CustomerFact:
        asked.append(customer_id)
        if len(asked) == 2:
            raise RuntimeError("cut short")
        return ask(self, customer_id)

    monkeypatch.setattr(StripeProvider, "customer", once_more)
    with pytest.raises(RuntimeError):
        reconciliation.run()
    cursor = ProviderCursor.objects.get(name="reconciliation")
    assert (cursor.position, cursor.read_count) == (f"customer:{first.pk}", 1)

    told = reconciliation.run()

    assert asked == [first.provider_customer_id, second.provider_customer_id, second.provider_customer_id]
    assert (told["looked_at"], [(of, kind) for of, kind, _ in found()]) == (5, [("customer", "missing_there")])


def test_a_subscription_that_is_missing_here(subscription: Subscription) -> None:
    """Made by hand on the provider's own pages; no event of it arrived."""
    api = build_client().v1.subscriptions
    theirs = api.retrieve(subscription.provider_subscription_id).to_dict()
    made = api.create(
        {
            "customer": theirs["customer"],
            "items": [{"price": subscription.price.provider_price_id}],
            "default_payment_method": theirs["default_payment_method"],
        }
    )

    reconciliation.run()

    assert [(of, kind) for of, kind, _ in found()] == [("subscription", "missing_here")]
    row = ReconciliationFinding.objects.get()
    assert (row.object_id, row.organization) == (made.id, subscription.organization)


def test_what_the_provider_does_not_have(subscription: Subscription) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(provider_subscription_id="sub_gone")
    Invoice.objects.update(provider_invoice_id="in_gone")
    Payment.objects.update(provider_payment_id="pi_gone")
    BillingAccount.objects.update(provider_customer_id=_deleted_customer())

    reconciliation.run()

    missing = ReconciliationFinding.objects.filter(kind="missing_there").values_list("object_kind", "object_id")
    assert set(missing) == {
        ("subscription", "sub_gone"),
        ("invoice", "in_gone"),
        ("payment", "pi_gone"),
        ("customer", BillingAccount.objects.get().provider_customer_id),
    }


def _deleted_customer() -> str:
    api = build_client().v1.customers
    made = api.create({"email": "gone@buyer.test"})
    api.delete(made.id)
    return made.id


@pytest.mark.usefixtures("subscription")
def test_a_customer_who_names_another_organization() -> None:
    customer_id = BillingAccount.objects.get().provider_customer_id
    build_client().v1.customers.update(customer_id, {"metadata": {"organization": "another"}})

    reconciliation.run()

    assert found()[0][:2] == ("customer", "differs")


def given_there(amount_minor: int) -> None:
    """Somebody changed the customer's balance at the provider."""
    account = BillingAccount.objects.get()
    spec = BalanceSpec(account.provider_customer_id, amount_minor, "usd", "By hand", {})
    provider().move_balance(spec, key=f"by-hand:{amount_minor}")


def placed(organization: Organization) -> Wallet:
    """Ten dollars of credits stand at the provider since yesterday."""
    wallet.grant(organization.pk, "usd", wallet.Terms(1_000, "Sorry"), key="g", by=None)
    placing.place_all()
    yesterday = clock.now() - timedelta(days=1)
    WalletTransfer.objects.update(created_at=yesterday)
    return Wallet.objects.get()


def test_credits_that_were_placed_are_the_customers_balance(subscription: Subscription) -> None:
    placed(subscription.organization)

    reconciliation.run()
    assert found() == []
    given_there(500)
    reconciliation.run()

    assert found() == [("customer", "differs", {"credits_minor": [1_000, 1_500], "currency": ["usd", "usd"]})]
    given_there(-500)
    reconciliation.run()
    assert found() == []


@pytest.mark.usefixtures("subscription")
def test_a_balance_of_a_customer_without_a_wallet_is_told() -> None:
    given_there(500)

    reconciliation.run()

    assert [fields["credits_minor"] for _, _, fields in found()] == [[0, 500]]


def test_credits_on_their_way_are_no_finding(subscription: Subscription) -> None:
    placed(subscription.organization)
    given_there(500)
    WalletTransfer.objects.update(status=WalletTransfer.Status.REQUESTED)

    reconciliation.run()

    assert found() == []


def test_while_an_invoice_may_have_used_them_it_is_no_finding(subscription: Subscription) -> None:
    given_there(500)
    build_client().v1.subscriptions.update(subscription.provider_subscription_id, {"metadata": {"any": "thing"}})
    shop.deliver()

    reconciliation.run()

    assert found() == []


def test_what_an_event_waits_for_is_no_finding(subscription: Subscription) -> None:
    build_client().v1.subscriptions.update(subscription.provider_subscription_id, {"cancel_at_period_end": True})
    shop.deliver()

    reconciliation.run()

    assert found() == []


@pytest.mark.usefixtures("subscription")
def test_what_was_read_after_the_run_began_is_no_finding() -> None:
    Subscription.objects.update(quantity=2)
    Subscription.objects.update(observed_at=clock.now() + reconciliation.EDGE)

    reconciliation.run()

    assert found() == []


@pytest.mark.usefixtures("subscription")
def test_a_run_that_broke_off_goes_on_with_the_kind_it_was_at(monkeypatch: pytest.MonkeyPatch) -> None:
    Invoice.objects.update(paid_minor=1)

    def cut_short(self: StripeProvider, since: datetime) -> Iterator[InvoiceFact]:
        raise RuntimeError(f"cut short, {since}")

    with monkeypatch.context() as broken:
        broken.setattr(StripeProvider, "invoices", cut_short)
        with pytest.raises(RuntimeError):
            reconciliation.run()
    cursor = ProviderCursor.objects.get(name="reconciliation")
    assert cursor.position == "invoice"
    Subscription.objects.update(quantity=2)

    reconciliation.run()

    # Its subscriptions were compared before; they are again in the next night.
    assert [of for of, _, _ in found()] == ["invoice"]
    reconciliation.run()
    assert [of for of, _, _ in found()] == ["invoice", "subscription"]


@pytest.mark.usefixtures("subscription")
def test_what_a_list_does_not_show_is_asked_for_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made since the list was read."""

    def too_early(_self: StripeProvider, _since: datetime | None = None) -> Iterator[InvoiceFact]:
        return iter(())

    for listing in ("subscriptions", "invoices", "payments"):
        monkeypatch.setattr(StripeProvider, listing, too_early)

    told = reconciliation.run()

    assert found() == []
    assert (told["looked_at"], told["findings"]) == (1, 0)

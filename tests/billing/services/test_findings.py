"""Staff settle a finding: the provider's state, ours, or left as it is for a reason."""

from datetime import timedelta

import pytest

from billing.models import (
    BillingAccount,
    BillingPeriod,
    Consumer,
    Invoice,
    LedgerTransaction,
    MrrMovement,
    Payment,
    ReconciliationFinding,
    Refund,
    Subscription,
)
from billing.providers.protocol import Snapshot
from billing.providers.stripe.client import build_client
from billing.providers.stripe.provider import StripeProvider
from billing.services import changes, findings, mrr, reconciliation
from identity.models import User
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent
from tenants.models import Order
from tests import clocks, make
from tests.billing import selling, shop


@pytest.fixture
def by() -> User:
    return make.user(is_staff=True)


@pytest.fixture
def subscription() -> Subscription:
    shop.customer()
    return Subscription.objects.get()


def one() -> ReconciliationFinding:
    reconciliation.run()
    return ReconciliationFinding.objects.get(resolved_at=None)


def settled(finding: ReconciliationFinding, by: User) -> str:
    finding.refresh_from_db()
    assert finding.resolved_by == by
    told = AuditEvent.objects.get(action="reconciliation_finding.resolve")
    assert (told.actor_id, told.target_id) == (str(by.pk), str(finding.pk))
    return finding.resolution


def test_the_providers_state_is_taken_over(subscription: Subscription, by: User) -> None:
    Subscription.objects.update(quantity=2, status="past_due")
    finding = one()

    findings.take(finding, by=by)

    assert settled(finding, by) == "taken"
    subscription.refresh_from_db()
    assert (subscription.quantity, subscription.status) == (1, "active")
    with pytest.raises(Conflict):
        findings.take(finding, by=by)
    reconciliation.run()
    assert ReconciliationFinding.objects.count() == 1


@pytest.mark.usefixtures("subscription")
def test_an_invoice_that_is_missing_here_is_fetched(by: User) -> None:
    Payment.objects.all().delete()
    Invoice.objects.all().delete()
    finding = one()

    findings.take(finding, by=by)

    assert settled(finding, by) == "taken"
    assert Invoice.objects.get().provider_invoice_id == finding.object_id
    assert Payment.objects.get().invoice == Invoice.objects.get()


@pytest.mark.usefixtures("subscription")
def test_what_went_back_of_a_payment_is_taken_over(by: User) -> None:
    build_client().v1.refunds.create({"payment_intent": Payment.objects.get().provider_payment_id, "amount": 900})
    finding = one()

    findings.take(finding, by=by)

    assert settled(finding, by) == "taken"
    assert Refund.objects.values_list("amount_minor", "status").get() == (900, "succeeded")


@pytest.mark.usefixtures("subscription")
@pytest.mark.parametrize("status", ["failed", "succeeded"])
def test_a_payment_that_is_not_there_is_given_up_unless_it_brought_money(by: User, status: str) -> None:
    payment = Payment.objects.get()
    Payment.objects.update(provider_payment_id="pi_gone", status=status)
    finding = make.reconciliation_finding(object_kind="payment", object_id="pi_gone", kind="missing_there")

    if status == "succeeded":
        with pytest.raises(Conflict, match="in the books"):
            findings.take(finding, by=by)
        assert left_open(finding)
    else:
        findings.take(finding, by=by)
        assert settled(finding, by) == "taken"

    payment.refresh_from_db()
    assert payment.status == ("succeeded" if status == "succeeded" else "canceled")


def gone(subscription: Subscription) -> ReconciliationFinding:
    """The provider does not know it any more."""
    Subscription.objects.filter(pk=subscription.pk).update(provider_subscription_id="sub_gone")
    return make.reconciliation_finding(object_id="sub_gone", kind="missing_there")


def test_what_is_not_there_any_more_ends_here_with_all_that_follows(subscription: Subscription, by: User) -> None:
    planned = make.subscription_change(subscription, kind="cancel", status="scheduled")
    confirming = make.subscription_change(subscription, kind="cancel", status="confirming", lapses_at=clock.now())
    dunning = make.dunning(Invoice.objects.get())
    finding = gone(subscription)
    assert Order.objects.get().status != Order.Status.CANCELED

    # What was bought a moment ago begins with the next second.
    with clocks.at(clock.now() + timedelta(hours=1)):
        findings.take(finding, by=by)

    assert settled(finding, by) == "taken"
    row = Subscription.objects.select_related("organization").get()
    assert (row.status, row.ended_at, row.canceled_at) == ("canceled", row.ended_at, row.ended_at)
    assert row.snapshot_digest == ""
    assert row.organization.product_codes == []
    churn = MrrMovement.objects.order_by("pk").last()
    assert churn is not None
    assert (churn.kind, churn.amount_minor, list(mrr.disagreements())) == ("churn", -12_900, [])
    period = BillingPeriod.objects.get()
    assert (period.ends_at, period.usage_until) == (row.ended_at, None)
    assert Order.objects.get().status == Order.Status.CANCELED
    planned.refresh_from_db()
    confirming.refresh_from_db()
    dunning.refresh_from_db()
    assert (planned.status, confirming.status, dunning.status) == ("withdrawn", "withdrawn", "lost")
    assert not changes.settle_one("test")
    event = AuditEvent.objects.get(action="subscription.update")
    assert (event.actor_id, event.changes) == (str(by.pk), {"status": ["active", "canceled"]})


@pytest.mark.parametrize("kind", ["subscription", "invoice"])
def test_what_is_there_again_does_not_end(subscription: Subscription, by: User, kind: str) -> None:
    """As after a night with a wrong key."""
    invoice = Invoice.objects.get()
    there = {"subscription": subscription.provider_subscription_id, "invoice": invoice.provider_invoice_id}
    finding = make.reconciliation_finding(object_kind=kind, object_id=there[kind], kind="missing_there")

    with pytest.raises(Conflict, match="has it again"):
        findings.take(finding, by=by)

    subscription.refresh_from_db()
    invoice.refresh_from_db()
    finding.refresh_from_db()
    assert (subscription.status, invoice.status, finding.resolved_at) == ("active", "paid", None)
    reconciliation.run()
    finding.refresh_from_db()
    assert finding.resolution == "gone"


def test_its_consumer_is_told(by: User) -> None:
    sold = selling.sold().subscription or Subscription.objects.get()

    findings.take(gone(sold), by=by)

    consumer = Consumer.objects.get()
    assert [event["type"] for event in selling.told(consumer)].count("subscription.canceled") == 1
    assert selling.told(consumer)[-1]["type"] == "subscription.canceled"


def test_one_that_ended_meanwhile_stays_as_it_ended(subscription: Subscription, by: User) -> None:
    finding = gone(subscription)
    Subscription.objects.update(status="canceled", ended_at=subscription.current_period_start)
    before = AuditEvent.objects.filter(action="subscription.update").count()

    findings.take(finding, by=by)

    assert settled(finding, by) == "taken"
    assert Subscription.objects.get().ended_at == subscription.current_period_start
    assert AuditEvent.objects.filter(action="subscription.update").count() == before


def test_a_wish_that_did_not_reach_the_provider_is_sent(subscription: Subscription, by: User) -> None:
    Subscription.objects.update(cancel_at_period_end=True)
    finding = one()
    assert finding.fields == {"cancel_at_period_end": [True, False]}

    findings.push(finding, by=by)

    assert settled(finding, by) == "pushed"
    theirs = build_client().v1.subscriptions.retrieve(subscription.provider_subscription_id)
    assert theirs.cancel_at_period_end is True


@pytest.mark.usefixtures("subscription")
def test_money_and_status_are_the_providers_to_say(by: User) -> None:
    Subscription.objects.update(quantity=2)
    finding = one()

    with pytest.raises(Conflict, match="provider's to say"):
        findings.push(finding, by=by)

    finding.refresh_from_db()
    assert finding.resolved_at is None


def test_a_deleted_customer_is_made_again(subscription: Subscription, by: User) -> None:
    account = BillingAccount.objects.get()
    finding = make.reconciliation_finding(
        object_kind="customer",
        object_id=account.provider_customer_id,
        kind="missing_there",
        organization=subscription.organization,
    )

    findings.push(finding, by=by)

    assert settled(finding, by) == "pushed"
    made = BillingAccount.objects.get().provider_customer_id
    assert made != account.provider_customer_id
    theirs = build_client().v1.customers.retrieve(made).to_dict()
    assert theirs["metadata"] == {"organization": str(subscription.organization_id)}


@pytest.mark.usefixtures("subscription")
def test_left_as_it_is_takes_a_reason_and_is_not_found_again(by: User) -> None:
    Subscription.objects.update(quantity=2)
    finding = one()
    with pytest.raises(InvalidInput):
        findings.dismiss(finding, by=by)
    ReconciliationFinding.objects.update(reason="Agreed with them by phone.")

    findings.dismiss(finding, by=by)

    assert settled(finding, by) == "dismissed"
    reconciliation.run()
    assert not ReconciliationFinding.objects.filter(resolved_at=None).exists()
    Subscription.objects.update(quantity=3)
    reconciliation.run()
    assert ReconciliationFinding.objects.filter(resolved_at=None).count() == 1


def left_open(finding: ReconciliationFinding) -> bool:
    """It is as it was found, and nobody was told otherwise."""
    finding.refresh_from_db()
    told = AuditEvent.objects.filter(action="reconciliation_finding.resolve").exists()
    return (finding.resolved_at, finding.resolution, finding.resolved_by, told) == (None, "", None, False)


def test_what_a_colleague_settles_meanwhile_is_not_taken_over(
    subscription: Subscription, by: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    Subscription.objects.update(quantity=2)
    finding = one()
    read = StripeProvider.snapshot

    def meanwhile(self: StripeProvider, kind: str, object_id: str) -> Snapshot | None:
        ReconciliationFinding.objects.update(reason="Agreed with them by phone.")
        findings.dismiss(ReconciliationFinding.objects.get(), by=by)
        return read(self, kind, object_id)

    monkeypatch.setattr(StripeProvider, "snapshot", meanwhile)
    with pytest.raises(Conflict, match="settled meanwhile"):
        findings.take(finding, by=make.user(is_staff=True))

    assert settled(finding, by) == "dismissed"
    subscription.refresh_from_db()
    assert subscription.quantity == 2


def test_an_invoice_that_was_paid_is_not_made_void(subscription: Subscription, by: User) -> None:
    paid = make.invoice(subscription, provider_invoice_id="in_gone", status="paid", paid_minor=2_900)
    finding = make.reconciliation_finding(object_kind="invoice", object_id="in_gone", kind="missing_there")

    with pytest.raises(Conflict, match="Money was paid"):
        findings.take(finding, by=by)

    paid.refresh_from_db()
    finding.refresh_from_db()
    assert (paid.status, finding.resolved_at) == ("paid", None)


@pytest.mark.parametrize("settled_by", ["wallet_minor", "credited_minor"])
def test_an_invoice_that_is_settled_in_part_is_not_made_void(
    subscription: Subscription, by: User, settled_by: str
) -> None:
    gone = make.invoice(subscription, provider_invoice_id="in_gone", **{settled_by: 900})
    finding = make.reconciliation_finding(object_kind="invoice", object_id="in_gone", kind="missing_there")

    with pytest.raises(Conflict, match="Part of it is settled"):
        findings.take(finding, by=by)

    gone.refresh_from_db()
    assert gone.status == "open"
    assert left_open(finding)


def test_an_invoice_that_is_not_there_any_more_is_void_here(subscription: Subscription, by: User) -> None:
    paid = Invoice.objects.get()
    gone = make.invoice(subscription, provider_invoice_id="in_gone")
    finding = make.reconciliation_finding(object_kind="invoice", object_id="in_gone", kind="missing_there")

    findings.take(finding, by=by)

    assert settled(finding, by) == "taken"
    assert set(Invoice.objects.values_list("pk", "status")) == {(gone.pk, "void"), (paid.pk, "paid")}
    told = AuditEvent.objects.get(action="invoice.status", target_id=str(gone.pk))
    assert told.changes == {"status": ["open", "void"]}
    kinds = LedgerTransaction.objects.filter(source_id=gone.pk).values_list("kind", flat=True)
    assert list(kinds) == ["void"]


def test_a_draft_that_is_not_there_any_more_never_gets_a_number(subscription: Subscription, by: User) -> None:
    gone = make.invoice(subscription, status="draft", provider_invoice_id="in_gone")
    finding = make.reconciliation_finding(object_kind="invoice", object_id="in_gone", kind="missing_there")

    findings.take(finding, by=by)

    gone.refresh_from_db()
    assert (gone.status, gone.number, gone.sequence) == ("void", "", None)
    assert not LedgerTransaction.objects.filter(source_id=gone.pk).exists()


@pytest.mark.usefixtures("subscription")
def test_a_deleted_customer_cannot_be_taken_over(by: User) -> None:
    before = BillingAccount.objects.values().get()
    finding = make.reconciliation_finding(
        object_kind="customer", object_id=before["provider_customer_id"], kind="missing_there"
    )

    with pytest.raises(Conflict, match="made again there, or left"):
        findings.take(finding, by=by)

    assert left_open(finding)
    assert BillingAccount.objects.values().get() == before


def test_what_belongs_to_nobody_we_know_cannot_be_taken_over(by: User) -> None:
    finding = make.reconciliation_finding(object_id="sub_nobodys", kind="missing_here")

    with pytest.raises(Conflict, match="belongs to nobody we know"):
        findings.take(finding, by=by)

    assert left_open(finding)
    assert not Subscription.objects.exists()


def test_a_wish_that_was_withdrawn_here_is_withdrawn_there(subscription: Subscription, by: User) -> None:
    api = build_client().v1.subscriptions
    api.update(subscription.provider_subscription_id, {"cancel_at_period_end": True})
    finding = one()
    assert finding.fields == {"cancel_at_period_end": [False, True]}

    findings.push(finding, by=by)

    assert settled(finding, by) == "pushed"
    theirs = api.retrieve(subscription.provider_subscription_id)
    assert (theirs.cancel_at_period_end, theirs.status) == (False, "active")

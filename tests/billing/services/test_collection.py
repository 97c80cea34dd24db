"""A card that is declined for an invoice of our own: asked again on fixed days, then given up."""

from datetime import timedelta

import pytest

from billing.models import Invoice, Subscription
from billing.providers import provider
from billing.providers.sandbox.faults import Fault, injected
from billing.providers.sandbox.models import IdempotencyKey, Record
from billing.services import collection, cycle, invoices
from billing.services.cycle import CycleResult
from platform_core import clock
from platform_core.models import AuditEvent
from tests import kept
from tests.billing import month
from tests.billing.providers.sandbox.shop import client
from tests.billing.services.kills import Killed, killed
from tests.clocks import at

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NOTHING = CycleResult(closed=0, charged=0, waiting=0)
RETRIED = CycleResult(closed=0, charged=0, waiting=0, retried=1)
WHY = "Your card was declined."


def set_card(subscription: Subscription, card: str) -> None:
    """The customer's card from now on."""
    customer = subscription.organization.billing_account.provider_customer_id
    method = client().v1.payment_methods.attach(card, {"customer": customer})
    client().v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
    for invoice in client().v1.invoices.list({"customer": customer, "status": "open"}).data:
        client().v1.invoices.update(invoice.id, {"default_payment_method": method.id})


def declined() -> Invoice:
    """A last month whose overage the bank refused to pay."""
    kept.situation("a declined overage", _decline)
    return month.newest_invoice(Subscription.objects.get())


def _decline() -> None:
    subscription = month.subscribed()
    customer = subscription.organization.billing_account.provider_customer_id
    card = client().v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer})
    end = {"cancel_at_period_end": True, "default_payment_method": card.id}
    client().v1.subscriptions.update(subscription.provider_subscription_id, end)  # type: ignore[arg-type]
    month.use(subscription, 16_250_000)
    month.pass_to(month.RENEWAL + MINUTE)
    month.hear("customer.subscription.deleted")
    assert cycle.run_billing_cycle() == CycleResult(closed=1, charged=1, waiting=0)


def tries() -> int:
    """How often the bank was asked for the overage."""
    return sum(charge.data["amount"] == 313 for charge in Record.objects.filter(kind="charge"))


def state(invoice: Invoice) -> tuple[str, int]:
    invoice.refresh_from_db()
    return invoice.status, invoice.attempt_count


def audited() -> list[tuple[str, object]]:
    tried = AuditEvent.objects.filter(action__in=("invoice.decline", "invoice.retry"))
    events = tried.order_by("created_at", "pk")
    return [(event.action, event.changes.get("status")) for event in events]


def test_the_first_refusal_says_why_and_plans_the_next_try() -> None:
    invoice = declined()

    assert (state(invoice), invoice.payment_error) == (("open", 1), WHY)
    assert invoice.next_attempt_at is not None
    assert timedelta() < invoice.next_attempt_at - clock.now() <= DAY
    assert invoice.payment_url.startswith("http")
    assert cycle.run_billing_cycle() == NOTHING
    assert tries() == 1


def test_it_is_tried_after_one_three_five_and_seven_days_then_given_up() -> None:
    invoice = declined()
    for number, days in enumerate(collection.RETRY_DAYS, start=1):
        assert state(invoice) == ("open", number)
        month.pass_to(clock.now() + days * DAY - MINUTE)
        assert cycle.run_billing_cycle() == NOTHING
        month.pass_to(clock.now() + 2 * MINUTE)
        assert cycle.run_billing_cycle() == RETRIED
        assert cycle.run_billing_cycle() == NOTHING

    assert (state(invoice), invoice.next_attempt_at, invoice.payment_error) == (("uncollectible", 5), None, WHY)
    assert client().v1.invoices.retrieve(invoice.provider_invoice_id).status == "uncollectible"
    assert tries() == 5
    assert audited() == [
        ("invoice.decline", None),
        *[("invoice.retry", "open")] * 3,
        ("invoice.retry", "uncollectible"),
    ]
    month.hear("invoice.marked_uncollectible")
    assert (state(invoice), invoice.payment_error) == (("uncollectible", 5), WHY)


def test_a_card_that_works_again_pays() -> None:
    invoice = declined()
    assert invoice.subscription is not None
    set_card(invoice.subscription, "pm_card_visa")

    month.pass_to(clock.now() + DAY)

    assert cycle.run_billing_cycle() == RETRIED
    assert (state(invoice), invoice.paid_minor, invoice.payment_error) == (("paid", 2), 313, "")
    assert invoice.next_attempt_at is None
    assert audited() == [("invoice.decline", None), ("invoice.retry", "paid")]


def test_what_was_paid_meanwhile_is_not_charged_again() -> None:
    invoice = declined()
    client().v1.invoices.pay(invoice.provider_invoice_id, {"paid_out_of_band": True})
    month.pass_to(clock.now() + DAY)

    assert cycle.run_billing_cycle() == RETRIED

    assert (state(invoice), tries()) == (("paid", 2), 1)


def test_an_invoice_that_is_paid_at_the_last_moment_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = declined()
    Invoice.objects.update(attempt_count=len(collection.RETRY_DAYS))
    collect = collection.collect

    def paid_then(invoice_id: str, *, attempt: int = 1) -> object:
        fact = collect(invoice_id, attempt=attempt)
        client().v1.invoices.pay(invoice_id, {"paid_out_of_band": True})
        return fact

    monkeypatch.setattr(collection, "collect", paid_then)
    month.pass_to(clock.now() + DAY)

    assert cycle.run_billing_cycle() == RETRIED

    assert (state(invoice), invoice.payment_error) == (("paid", 5), "")


def test_the_provider_keeps_after_its_own_renewals() -> None:
    subscription = month.subscribed()
    month.use(subscription, 16_250_000)
    customer = subscription.organization.billing_account.provider_customer_id
    card = client().v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer})
    client().v1.subscriptions.update(subscription.provider_subscription_id, {"default_payment_method": card.id})
    month.renew(subscription)

    invoice = month.newest_invoice(subscription)
    assert (state(invoice), invoice.next_attempt_at) == (("open", 0), None)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("name", "last"), [("pay_invoice", False), ("give_up_invoice", True), ("apply", True)])
def test_a_retry_that_is_killed_is_finished_by_the_next_run(
    monkeypatch: pytest.MonkeyPatch, name: str, after: bool, last: bool
) -> None:
    invoice = declined()
    made = len(collection.RETRY_DAYS) if last else 1
    Invoice.objects.update(attempt_count=made)
    month.pass_to(clock.now() + DAY)
    with monkeypatch.context() as patch:
        killed(patch, invoices if name == "apply" else type(provider()), name, after=after)
        with pytest.raises(Killed):
            cycle.run_billing_cycle()
    assert state(invoice) == ("open", made)

    assert cycle.run_billing_cycle() == RETRIED

    assert state(invoice) == ("uncollectible" if last else "open", made + 1)
    assert tries() == 2
    assert AuditEvent.objects.filter(action="invoice.retry").count() == 1
    assert cycle.run_billing_cycle() == NOTHING


def test_a_paid_retry_that_was_killed_is_one_charge_even_when_the_key_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    invoice = declined()
    assert invoice.subscription is not None
    set_card(invoice.subscription, "pm_card_visa")
    month.pass_to(clock.now() + DAY)
    with monkeypatch.context() as patch:
        killed(patch, type(provider()), "pay_invoice", after=True)
        with pytest.raises(Killed):
            cycle.run_billing_cycle()
    IdempotencyKey.objects.all().delete()

    assert cycle.run_billing_cycle() == RETRIED

    assert (state(invoice), tries()) == (("paid", 2), 2)


def test_whoever_comes_second_records_nothing() -> None:
    invoice = declined()
    month.pass_to(clock.now() + DAY)

    assert [collection.retry(invoice), collection.retry(invoice)] == [True, False]

    assert (state(invoice), tries()) == (("open", 2), 2)
    assert AuditEvent.objects.filter(action="invoice.retry").count() == 1


def test_a_run_that_was_overtaken_tells_only_what_it_did_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = declined()
    month.pass_to(clock.now() + DAY)
    collect = collection.collect

    def overtaken(invoice_id: str, *, attempt: int = 1) -> object:
        fact = collect(invoice_id, attempt=attempt)
        monkeypatch.setattr(collection, "collect", collect)
        assert collection.retry(Invoice.objects.get(pk=invoice.pk))
        return fact

    monkeypatch.setattr(collection, "collect", overtaken)

    assert cycle.run_billing_cycle() == NOTHING

    assert state(invoice) == ("open", 2)
    assert AuditEvent.objects.filter(action="invoice.retry").count() == 1


def test_a_provider_that_does_not_answer_is_asked_again() -> None:
    invoice = declined()
    month.pass_to(clock.now() + DAY)

    with injected(Fault.TIMEOUT_BEFORE, method="POST", path="/v1/invoices/in_", times=3):
        first = cycle.run_billing_cycle()

    assert ([failure.subscription_id for failure in first.failed], first.retried) == ([invoice.subscription_id], 0)
    assert state(invoice) == ("open", 1)
    assert cycle.run_billing_cycle() == RETRIED


def test_retries_follow_business_time() -> None:
    invoice = declined()

    with at(clock.now() + DAY):
        assert cycle.run_billing_cycle() == RETRIED
    assert state(invoice) == ("open", 2)

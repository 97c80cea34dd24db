"""Buying: what each step leaves behind, whatever goes wrong between them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from billing.models import BillingAccount, CheckoutSession, Invoice, Plan, Price, Subscription
from billing.providers import provider
from billing.providers.protocol import ProviderError
from billing.providers.sandbox import clock, faults
from billing.providers.sandbox.checkout import Payer, pay
from billing.providers.sandbox.errors import CardError
from billing.providers.sandbox.faults import Fault
from billing.providers.sandbox.models import Record
from billing.services import carts
from billing.services.carts import Cart
from billing.services.checkout import complete_checkout, start_checkout
from billing.signals import checkout_completed
from orgs.models import Organization
from platform_core import scoping
from platform_core.models import AuditEvent, ProviderEvent
from tests import make
from tests.billing import month, shop


@pytest.fixture(autouse=True)
def _shop(request: pytest.FixtureRequest) -> None:
    if {"customer", "buyer"}.isdisjoint(request.fixturenames):
        shop.opened()


@pytest.fixture
def buyer() -> Organization:
    """It paid for Hosting Pro, and we have not heard of it."""
    return shop.buyer()


@pytest.fixture
def customer() -> Organization:
    """It bought Hosting Pro, and we know."""
    return shop.customer()


def hosting_pro() -> Cart:
    return carts.of_plan(Plan.objects.get(code="hosting-pro"))


def sessions() -> int:
    return Record.objects.filter(kind="checkout.session").count()


# --- Beginning ------------------------------------------------------------------------------------------------------
def test_a_checkout_begins_with_our_row_and_a_customer(organization: Organization) -> None:
    owner = make.person(organization)

    row = start_checkout(hosting_pro(), organization=organization, by=owner)

    stored = CheckoutSession.objects.get()
    assert stored == row
    assert (stored.organization, stored.created_by, stored.plan, stored.status) == (
        organization,
        owner,
        hosting_pro().price.plan,
        "open",
    )
    session = Record.objects.get(kind="checkout.session").data
    assert stored.provider_session_id == session["id"]
    assert stored.url == f"http://127.0.0.1:8000/sandbox/checkout/{session['id']}"
    assert session["metadata"] == {"checkout": str(row.pk)}
    assert session["success_url"] == "http://127.0.0.1:8000/checkout/return?session={CHECKOUT_SESSION_ID}"
    assert session["cancel_url"] == "http://127.0.0.1:8000/checkout/canceled"
    assert BillingAccount.objects.get().provider_customer_id == session["customer"] == stored.provider_customer_id
    event = AuditEvent.objects.get(action="checkout.start")
    assert (event.organization_id, event.actor_id, event.changes) == (
        organization.pk,
        str(owner.pk),
        {"plan": "hosting-pro"},
    )


def test_asking_again_leads_to_the_same_page(organization: Organization) -> None:
    owner = make.person(organization)
    first = start_checkout(hosting_pro(), organization=organization, by=owner)

    assert start_checkout(hosting_pro(), organization=organization, by=owner) == first
    assert sessions() == 1
    assert AuditEvent.objects.filter(action="checkout.start").count() == 1


def test_asking_for_something_else_or_much_later_opens_another(organization: Organization) -> None:
    owner = make.person(organization)
    start_checkout(hosting_pro(), organization=organization, by=owner)

    start_checkout(carts.of_plan(Plan.objects.get(code="pages-team")), organization=organization, by=owner)
    start_checkout(hosting_pro(), organization=organization, by=owner, success_url="https://a.test/")
    start_checkout(hosting_pro(), organization=organization, by=make.person(organization))
    clock.advance(by=timedelta(hours=13))
    start_checkout(hosting_pro(), organization=organization, by=owner)

    assert sessions() == CheckoutSession.objects.count() == 5
    assert BillingAccount.objects.count() == 1


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER])
@pytest.mark.parametrize("path", ["/v1/customers", "/v1/checkout/sessions"])
def test_a_lost_answer_leaves_a_row_that_the_next_try_completes(
    fault: Fault, path: str, organization: Organization
) -> None:
    owner = make.person(organization)
    with faults.injected(fault, method="POST", path=path, times=3), pytest.raises(ProviderError):
        start_checkout(hosting_pro(), organization=organization, by=owner)
    assert CheckoutSession.objects.get().url == ""

    row = start_checkout(hosting_pro(), organization=organization, by=owner)

    assert CheckoutSession.objects.get() == row
    assert row.url != ""
    assert sessions() == 1
    assert Record.objects.filter(kind="customer").count() == 1


def test_a_page_that_was_opened_late_is_closed_as_any_other(organization: Organization) -> None:
    """It lives for a day from when it was opened, which may be long after its row was made."""
    owner = make.person(organization)
    nobody = faults.injected(Fault.TIMEOUT_BEFORE, method="POST", path="/v1/checkout/sessions", times=3)
    with nobody, pytest.raises(ProviderError):
        start_checkout(hosting_pro(), organization=organization, by=owner)
    clock.advance(by=timedelta(hours=11))
    late = start_checkout(hosting_pro(), organization=organization, by=owner)
    clock.advance(by=timedelta(hours=14))

    other = carts.of_plan(Plan.objects.get(code="hosting-starter"))
    latest = start_checkout(other, organization=organization, by=owner)

    late.refresh_from_db()
    assert (late.status, latest.status, sessions()) == ("expired", "open", 2)
    page = Record.objects.get(kind="checkout.session", object_id=late.provider_session_id)
    assert page.data["status"] == "expired"


def test_no_second_subscription_to_the_same_product(customer: Organization) -> None:
    starter, before = Plan.objects.get(code="hosting-starter"), sessions()

    offered = start_checkout(carts.of_plan(starter), organization=customer, by=make.person(customer))

    assert (offered.subscription, sessions()) == (Subscription.objects.get(), before)
    bought = start_checkout(
        carts.of_plan(Plan.objects.get(code="pages-team")), organization=customer, by=make.person(customer)
    )
    assert (bought.subscription, bought.plan.code) == (None, "pages-team")


def test_an_ended_subscription_is_in_nobodys_way(customer: Organization) -> None:
    Subscription.objects.update(status="canceled")

    assert start_checkout(hosting_pro(), organization=customer, by=make.person(customer)).url


def test_a_guest_has_no_scope_and_needs_none() -> None:
    with scoping.using(None):
        row = start_checkout(hosting_pro(), organization=None, by=None, email="ann@buyer.test")

    session = Record.objects.get(kind="checkout.session").data
    assert (session["customer"], session["customer_email"]) == (None, "ann@buyer.test")
    assert (row.organization, row.created_by, row.email) == (None, None, "ann@buyer.test")
    assert not BillingAccount.objects.exists()


def test_guests_cannot_be_told_apart_so_each_gets_a_page() -> None:
    first = start_checkout(hosting_pro(), organization=None, by=None)
    second = start_checkout(hosting_pro(), organization=None, by=None)

    assert first != second
    assert sessions() == 2


# --- Completing -----------------------------------------------------------------------------------------------------
def test_a_paid_checkout_becomes_a_subscription_of_the_organization(
    buyer: Organization, completed: list[dict[str, Any]]
) -> None:
    row = CheckoutSession.objects.get()
    shop.catch_up()

    row.refresh_from_db()
    subscription = Subscription.objects.get()
    assert (row.status, row.claim) == ("completed", "not_needed")
    assert (subscription.organization, subscription.provider_subscription_id) == (
        buyer,
        row.provider_subscription_id,
    )
    assert completed == [{"subscription": subscription, "by": row.created_by, "checkout": row}]
    event = AuditEvent.objects.get(action="checkout.complete")
    assert (event.organization_id, event.actor_id) == (buyer.pk, str(row.created_by_id))


def test_a_repeated_event_completes_nothing_twice(customer: Organization, completed: list[dict[str, Any]]) -> None:
    told = shop.events("checkout.session.completed")[0]

    assert shop.hear(told) == 200
    ProviderEvent.objects.update(status="RECEIVED")
    shop.work()

    assert completed == []
    assert AuditEvent.objects.filter(action="checkout.complete").count() == 1
    assert ProviderEvent.objects.filter(external_id=told["id"]).count() == 1


@pytest.mark.usefixtures("buyer")
def test_whoever_comes_second_with_the_same_news_finds_it_taken(completed: list[dict[str, Any]]) -> None:
    row = CheckoutSession.objects.get()
    reading = provider().snapshot("checkout.session.completed", row.provider_session_id)
    assert reading is not None

    with transaction.atomic():
        assert complete_checkout(CheckoutSession.objects.get(), reading)
        assert not complete_checkout(row, reading)

    assert len(completed) == 1


def test_a_declined_card_leaves_nothing_but_an_open_page(
    organization: Organization, completed: list[dict[str, Any]]
) -> None:
    row = shop.checkout(organization)

    with pytest.raises(CardError, match="Your card was declined"):
        pay(row.provider_session_id, Payer(number=shop.DECLINED))
    shop.catch_up()

    row.refresh_from_db()
    assert row.status == "open"
    assert not Subscription.objects.exists()
    assert not Invoice.objects.exists()
    assert completed == []


def test_after_a_declined_card_another_one_may_pay(organization: Organization) -> None:
    row = shop.checkout(organization)
    with pytest.raises(CardError):
        pay(row.provider_session_id, Payer(number=shop.DECLINED))

    pay(row.provider_session_id)
    month.hear("checkout.session.completed")

    assert Subscription.objects.get().status == "active"


def test_a_page_that_nobody_paid_on_expires(organization: Organization, completed: list[dict[str, Any]]) -> None:
    row = shop.checkout(organization)
    clock.advance(by=timedelta(hours=25))
    shop.catch_up()

    row.refresh_from_db()
    assert (row.status, completed) == ("expired", [])


@pytest.mark.usefixtures("buyer")
def test_money_that_has_not_arrived_completes_nothing() -> None:
    """Bank debits: the page is complete days before the payment is."""
    row = CheckoutSession.objects.get()
    record = Record.objects.get(object_id=row.provider_session_id)
    record.data["payment_status"] = "unpaid"
    record.save()
    shop.catch_up()
    row.refresh_from_db()
    assert row.status == "open"
    assert not Subscription.objects.exists()

    record.data["payment_status"] = "paid"
    record.save()
    shop.hear(
        shop.events("checkout.session.completed")[0]
        | {"id": "evt_later", "type": "checkout.session.async_payment_succeeded"}
    )
    shop.work()

    assert Subscription.objects.get().status == "active"


@pytest.mark.usefixtures("buyer")
def test_a_crash_before_the_page_was_noted_is_no_loss() -> None:
    row = CheckoutSession.objects.get()
    CheckoutSession.objects.update(provider_session_id="", url="")
    month.hear("checkout.session.completed")

    row.refresh_from_db()
    assert row.status == "completed"
    assert row.provider_session_id.startswith("cs_test_")


@pytest.mark.usefixtures("buyer")
def test_a_receiver_that_fails_takes_everything_back_and_is_tried_again() -> None:
    """What is above billing commits with it, or not at all."""
    told = shop.events("charge.succeeded", "checkout.session.completed", "invoice.paid")
    assert [shop.hear(event) for event in told] == [200, 200, 200]

    def fail(sender: Any, **_: Any) -> None:
        raise RuntimeError("No order today.")

    checkout_completed.connect(fail)
    try:
        shop.work()
    finally:
        checkout_completed.disconnect(fail)

    assert not Subscription.objects.exists()
    assert CheckoutSession.objects.get().status == "open"
    failed = ProviderEvent.objects.filter(status="RECEIVED")
    assert {event.error for event in failed} == {"RuntimeError: No order today."}
    failed.update(run_after=clock.now())
    shop.work()
    assert Subscription.objects.get().status == "active"
    assert set(ProviderEvent.objects.values_list("status", "error")) == {("PROCESSED", "")}


def test_prices_of_the_row_are_the_ones_asked_for(organization: Organization) -> None:
    row = shop.checkout(organization, "hosting-starter")

    assert row.price == Price.objects.get(lookup_key="hosting-starter-month-usd")

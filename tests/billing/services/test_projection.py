"""Events are reasons to look: in whichever order, and however often, they come, one state comes of them."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.models import BillingAccount, CheckoutSession, Invoice, Subscription
from billing.providers import provider
from billing.providers.protocol import Snapshot
from billing.providers.sandbox import books, clock
from billing.providers.sandbox.behaviour import wallet
from billing.providers.sandbox.behaviour.cards import BY_TOKEN
from billing.providers.sandbox.checkout import pay
from billing.providers.sandbox.models import Record
from billing.providers.sandbox.shapes import Json
from billing.providers.stripe.client import build_client
from billing.services import payment_methods, projection
from billing.signals import checkout_completed, subscription_changed
from orgs.models import Organization
from tests import kept, make
from tests.billing import shop, state

CORE = (
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "invoice.finalized",
    "invoice.paid",
)


@pytest.fixture
def organization() -> Organization:
    """It paid; nothing of it has been recorded."""
    return shop.buyer()


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """Which facts were announced, in order."""
    told: list[str] = []

    def completed(sender: Any, subscription: Subscription, **_: Any) -> None:
        told.append(f"completed {subscription.status}")

    def changed(sender: Any, subscription: Subscription, previous: str, **_: Any) -> None:
        told.append(f"{previous or 'nothing'} to {subscription.status}")

    checkout_completed.connect(completed)
    subscription_changed.connect(changed)
    yield told
    checkout_completed.disconnect(completed)
    subscription_changed.disconnect(changed)


@pytest.mark.usefixtures("organization")
def test_all_permutations_of_the_five_core_events_end_in_one_state(heard: list[str]) -> None:
    core = shop.events(*CORE)
    assert sorted(event["type"] for event in core) == sorted(CORE)
    known: dict[str, Counter[str]] = {}

    def follow(rest: list[Json]) -> Counter[str]:
        """Where each order of the rest leads to. Orders that came to the same state go on from there together."""
        here = repr((state.everything(), heard, [event["id"] for event in rest]))
        if not rest:
            return Counter([here])
        if here not in known:
            known[here] = sum((after(event, rest) for event in rest), Counter())
        return known[here]

    def after(event: Json, rest: list[Json]) -> Counter[str]:
        before = len(heard)
        with state.undone():
            assert shop.hear(event) == 200
            assert shop.work() == 1
            found = follow([other for other in rest if other is not event])
        del heard[before:]
        return found

    ends = follow(core)

    assert list(ends.values()) == [120]
    for event in core:
        shop.hear(event)
    assert shop.work() == 1
    rows, announced = state.everything(), heard
    assert list(ends) == [repr((rows, announced, []))]
    assert [len(rows[name]) for name in ("CheckoutSession", "Subscription", "Invoice", "InvoiceLine")] == [1, 1, 1, 1]
    assert announced == ["nothing to active", "completed active"]


# --- A whole journey ------------------------------------------------------------------------------------------------
OURS = ("checkout.session.", "customer.subscription.", "invoice.")


def read() -> Snapshot:
    subscription = Record.objects.get(kind="subscription")
    found = provider().snapshot("customer.subscription.updated", subscription.object_id)
    assert found is not None
    return found


def journey(organization: Organization) -> Iterator[Snapshot]:
    """Buys, renews, fails to pay, pays with another card, gives notice, ends; read at each stage."""
    shop.opened()
    shop.bought(organization, "pages-team")
    first = read()
    yield first
    assert first.subscription is not None
    clock.advance(to=first.subscription.period_end + timedelta(minutes=5))
    yield read()
    clock.advance(by=timedelta(hours=2))
    yield read()
    _change_card(first.subscription.customer_id, "chargeCustomerFail")
    clock.advance(by=timedelta(days=31))
    yield read()
    _change_card(first.subscription.customer_id, "visa")
    open_invoice = Record.objects.filter(kind="invoice", status="open").latest("sequence").object_id
    build_client().v1.invoices.pay(open_invoice)
    yield read()
    build_client().v1.subscriptions.update(first.subscription.id, {"cancel_at_period_end": True})
    yield read()
    clock.advance(by=timedelta(days=31))
    yield read()


_readings: list[Snapshot] = []


def travelled() -> list[Snapshot]:
    """The journey has been made; what was read on the way."""
    kept.situation("a whole journey", lambda: _readings.extend(journey(make.organization())))
    return _readings


def _change_card(customer_id: str, token: str) -> None:
    with books.writing() as account:
        wallet.replace_card(account, account.get("customer", customer_id), BY_TOKEN[token])


def test_readings_applied_late_and_again_end_in_the_last_one() -> None:
    """Each worker read at another moment; they come to write in any order, some of them twice."""
    readings = travelled()
    stages = [reading.subscription.status for reading in readings if reading.subscription]
    assert stages == ["active", "active", "active", "past_due", "active", "active", "canceled"]
    expected = projection_of([readings[-1]])
    assert projection_of(readings) == expected

    @given(st.randoms(use_true_random=False))
    @settings(max_examples=max(1, settings().max_examples // 4))
    def shuffled(chance: random.Random) -> None:
        mixed = [*readings, *chance.choices(readings, k=4)]
        chance.shuffle(mixed)
        assert projection_of(mixed) == expected

    shuffled()


def projection_of(readings: list[Snapshot]) -> Any:
    with state.undone():
        for reading in readings:
            with transaction.atomic():
                assert projection.apply(reading)
        found = state.everything()
    # The mirror keeps a card that was replaced, if it ever saw it.
    del found["mirror.PaymentMethod"]
    return found


def test_a_whole_journeys_events_shuffled_with_repeats_end_in_one_state() -> None:
    travelled()
    told = [event for event in shop.events() if event["type"].startswith(OURS)]
    assert len(told) > 20
    expected = state_after(told)

    @given(st.randoms(use_true_random=False))
    @settings(max_examples=max(1, settings().max_examples // 10))
    def shuffled(chance: random.Random) -> None:
        mixed = [*told, *chance.choices(told, k=10)]
        chance.shuffle(mixed)
        assert state_after(mixed) == expected

    shuffled()
    assert [row.count("'status': 'canceled'") for row in expected["Subscription"]] == [1]
    assert [row.count("'status': 'paid'") for row in expected["Invoice"]] == [1, 1, 1]


def state_after(told: list[Json]) -> Any:
    with state.undone():
        for event in told:
            assert shop.hear(event) == 200
            shop.work()
        return state.everything()


# --- Whose it is ----------------------------------------------------------------------------------------------------
@pytest.fixture
def reading(organization: Organization) -> Snapshot:
    """Its purchase."""
    return read()


def test_a_purchase_is_recorded_with_its_invoice(reading: Snapshot, organization: Organization) -> None:
    assert projection.apply(reading)

    subscription = Subscription.objects.get()
    assert (subscription.organization, subscription.plan.code, subscription.status) == (
        organization,
        "hosting-pro",
        "active",
    )
    assert reading.subscription is not None
    assert subscription.current_period_end == reading.subscription.period_end
    assert subscription.observed_at == reading.observed_at
    invoice = Invoice.objects.get()
    assert (invoice.subscription, invoice.status, invoice.total_minor) == (subscription, "paid", 12_900)


def test_objects_that_name_no_checkout_of_ours_and_no_customer_of_ours(reading: Snapshot) -> None:
    assert reading.checkout is not None
    assert reading.subscription is not None
    BillingAccount.objects.all().delete()
    for reference in ("", "not-a-uuid", str(uuid4())):
        foreign = replace(
            reading,
            checkout=replace(reading.checkout, reference=reference),
            subscription=replace(reading.subscription, metadata={}),
        )
        assert not projection.apply(foreign)
    assert not Subscription.objects.exists()
    assert CheckoutSession.objects.get().status == "open"


def test_a_copied_reference_does_not_complete_somebody_elses_checkout(reading: Snapshot) -> None:
    """Whoever finds out a reference could put it on a session of another origin."""
    assert reading.checkout is not None
    BillingAccount.objects.all().delete()

    assert not projection.apply(replace(reading, checkout=replace(reading.checkout, id="cs_another")))

    assert CheckoutSession.objects.get().status == "open"


def test_a_subscription_made_by_hand_belongs_to_whom_the_customer_belongs(
    reading: Snapshot, organization: Organization
) -> None:
    """Staff may make one on the provider's own pages: no checkout of ours knows it."""
    assert reading.subscription is not None
    by_hand = replace(reading, checkout=None, subscription=replace(reading.subscription, metadata={}))

    assert projection.apply(by_hand)

    assert Subscription.objects.get().organization == organization
    assert CheckoutSession.objects.get().status == "open"


def test_the_subscription_alone_names_the_purchase_too(reading: Snapshot) -> None:
    """Before the checkout is known to be complete, its subscription is not recorded."""
    assert not projection.apply(replace(reading, checkout=None))
    assert not Subscription.objects.exists()


def test_a_page_on_which_a_card_was_saved_begins_no_purchase(reading: Snapshot, organization: Organization) -> None:
    projection.apply(reading)
    row = payment_methods.begin_setup(organization, by=make.person(organization))
    saved = pay(row.provider_session_id)
    before = state.everything()
    told = provider().snapshot("checkout.session.completed", saved["id"])
    assert told is not None

    with transaction.atomic():
        assert projection.apply(told)

    row.refresh_from_db()
    assert told.checkout is not None
    assert (row.status, row.provider_payment_method_id) == ("saved", told.checkout.payment_method_id)
    assert row.provider_payment_method_id.startswith("pm_")
    after = state.everything()
    for name in ("CheckoutSession", "Subscription", "Invoice"):
        assert after[name] == before[name]


def test_a_checkout_that_names_nothing_and_has_no_subscription(reading: Snapshot) -> None:
    assert reading.checkout is not None
    BillingAccount.objects.all().delete()
    empty = replace(reading, subscription=None, checkout=replace(reading.checkout, reference=""))

    assert not projection.apply(empty)


def test_a_completed_purchase_that_lost_its_subscription_is_left_as_it_is(reading: Snapshot) -> None:
    projection.apply(reading)

    projection.apply(replace(reading, subscription=None))

    assert Subscription.objects.get().status == "active"
    assert Invoice.objects.get().subscription == Subscription.objects.get()


def test_an_organizations_own_row_is_never_mistaken_for_anothers(reading: Snapshot) -> None:
    other = make.organization()
    BillingAccount.objects.create(organization=other, provider_customer_id="cus_other")

    assert projection.apply(reading)

    assert not other.subscriptions.exists()


def test_what_the_provider_says_of_a_deleted_organization_does_not_bring_it_back(organization: Organization) -> None:
    gone = {"status": Organization.Status.DELETED, "deleted_at": clock.now()}
    Organization.objects.filter(pk=organization.pk).update(**gone)

    for event in shop.events():
        assert shop.hear(event) == 200
    shop.work()

    organization.refresh_from_db()
    assert organization.status == Organization.Status.DELETED
    assert Subscription.objects.get().organization == organization

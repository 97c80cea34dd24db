"""Orders: opened once, moved along their way only."""

from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from billing.models import Subscription
from billing.signals import checkout_completed
from platform_core import scoping
from platform_core.errors import Conflict
from platform_core.models import AuditEvent, Job
from tenants.defaults import TOOLS
from tenants.models import Order
from tenants.models.orders import TRANSITIONS, WAY
from tenants.services import orders
from tests import make
from tests.billing import state
from tests.processes import race, shared_database

Status = Order.Status


def test_a_purchase_of_a_server_opens_an_order_and_starts_its_job() -> None:
    organization = make.organization(slug="harbour-bakery")
    buyer = make.person(organization, email="kim@harbour.test")
    subscription = make.subscription(organization)

    with transaction.atomic():
        checkout_completed.send(None, subscription=subscription, by=buyer, checkout=None)

    order = Order.objects.get()
    assert (order.subscription, order.customer, order.organization) == (subscription, buyer, organization)
    assert (order.status, order.automation) == (Status.PAYMENT_CONFIRMED, Order.Automation.AUTO)
    assert order.domain == "harbour-bakery.tenants.localhost"
    assert order.tools == list(TOOLS)
    job = orders.job_of(order)
    assert job is not None
    assert (job.kind, job.subject_id, job.step, job.organization_id) == (
        "provision_order",
        order.pk,
        "reserve_server",
        organization.pk,
    )
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_label) == ("order.open", "kim@harbour.test")


def test_a_purchase_announced_again_opens_nothing_more() -> None:
    subscription, buyer = make.subscription(), make.user()

    first = orders.open_order(subscription, by=buyer)
    second = orders.open_order(subscription, by=buyer)

    assert first == second
    assert Job.objects.count() == 1
    assert AuditEvent.objects.filter(action="order.open").count() == 1


def test_a_purchase_that_brings_no_server_opens_nothing() -> None:
    assert orders.open_order(make.subscription(plan=make.plan()), by=make.user()) is None
    assert not Order.objects.exists()


def test_an_order_whose_purchase_is_rolled_back_leaves_no_job() -> None:
    with transaction.atomic():
        orders.open_order(make.subscription(), by=make.user())
        transaction.set_rollback(True)

    assert not Order.objects.exists()
    assert not Job.objects.exists()


def test_the_plans_features_may_name_its_tools() -> None:
    plan = make.hosting_plan(features=["15 million tokens", "Odoo", "ghost"])

    order = orders.open_order(make.subscription(plan=plan), by=make.user())

    assert order is not None
    assert order.tools == ["ghost", "odoo"]


def domain_of(organization_slug: str, taken: list[str] | None = None) -> str:
    for domain in taken or []:
        make.order(domain=domain)
    order = orders.open_order(make.subscription(make.organization(slug=organization_slug)), by=make.user())
    assert order is not None
    return order.domain


def test_a_name_that_is_taken_gets_a_number() -> None:
    taken = ["acme.tenants.localhost", "ACME-2.tenants.localhost"]
    assert domain_of("acme", taken) == "acme-3.tenants.localhost"


def test_an_organizations_second_server_is_numbered() -> None:
    organization, buyer = make.organization(slug="acme"), make.user()
    plan = make.hosting_plan()

    names = [
        order.domain for _ in range(3) if (order := orders.open_order(make.subscription(organization, plan), by=buyer))
    ]

    assert names == ["acme.tenants.localhost", "acme-2.tenants.localhost", "acme-3.tenants.localhost"]


def test_another_name_is_tried_only_when_the_name_is_what_is_taken() -> None:
    order = make.order()

    with pytest.raises(IntegrityError):
        orders._create(order.subscription, order.customer, 99)


@pytest.mark.parametrize(
    ("slug", "label"), [("a" * 60, "a" * 60), ("Acme_Ltd", "acme-ltd"), ("_", "tenant"), ("-acme-", "acme")]
)
def test_names_are_host_names(slug: str, label: str) -> None:
    assert domain_of(slug) == f"{label}.tenants.localhost"


@given(slug=st.text(st.sampled_from("aZ9-_é"), max_size=80), number=st.integers(1, 10**6))
def test_a_label_fits_whatever_the_slug(slug: str, number: int) -> None:
    label = orders._domain(slug, number).removesuffix(".tenants.localhost")

    assert 1 <= len(label) <= 63
    assert label == label.strip("-")
    assert set(label) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.django_db(transaction=True)
def test_a_purchase_announced_by_many_at_once_opens_one_order(tmp_path: Path) -> None:
    subscription, buyer = make.subscription(), make.user()
    with shared_database(tmp_path):

        def announce(_: int) -> str:
            with scoping.system():
                order = orders.open_order(subscription, by=buyer)
            return str(order and order.pk)

        opened = race(6, announce)

        assert len(set(opened)) == 1
        assert Order.objects.count() == Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_orders_that_want_one_name_at_once_each_get_their_own(tmp_path: Path) -> None:
    organization, buyer, plan = make.organization(slug="acme"), make.user(), make.hosting_plan()
    bought = [make.subscription(organization, plan) for _ in range(6)]
    with shared_database(tmp_path):

        def announce(number: int) -> str:
            with scoping.system():
                order = orders.open_order(Subscription.objects.get(pk=bought[number].pk), by=buyer)
            assert order is not None
            return order.domain

        names = race(6, announce)

        assert len(set(names)) == 6
        assert "acme.tenants.localhost" in names


# --- Moving -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("here", Status)
def test_an_order_moves_along_the_table_and_nowhere_else(here: Status) -> None:
    pk = make.order(status=here).pk

    for there in Status:
        with state.undone():
            order = Order.objects.get(pk=pk)
            if there in TRANSITIONS[here]:
                moved = orders.move(order, there)
                assert moved.status == there
                assert AuditEvent.objects.get().changes["from"] == here
            else:
                with pytest.raises(Conflict, match=f"{here} cannot become {there}"):
                    orders.move(order, there)
                assert not AuditEvent.objects.exists()
            order.refresh_from_db()
            assert (order.status == there) == (there in TRANSITIONS[here] or here == there)


def test_every_status_is_in_the_table_and_only_canceled_is_the_end() -> None:
    assert set(TRANSITIONS) == set(Status)
    assert [status for status, ways in TRANSITIONS.items() if not ways] == [Status.CANCELED]


@pytest.mark.parametrize("status", WAY)
def test_reaching_what_was_reached_changes_nothing(status: Status) -> None:
    order = make.order(status=Status.FULFILLED)

    assert orders.reach(order, status).status == Status.FULFILLED
    assert not AuditEvent.objects.exists()


def test_a_step_of_the_way_cannot_be_left_out() -> None:
    with pytest.raises(Conflict):
        orders.reach(make.order(), Status.PROVISIONING)


def test_an_order_is_fulfilled_at_one_moment_and_stays_so() -> None:
    order = orders.move(make.order(status=Status.PROVISIONING), Status.FULFILLED)
    first = order.fulfilled_at
    assert first is not None

    orders.move(order, Status.SUSPENDED)
    assert orders.move(order, Status.FULFILLED).fulfilled_at == first


class OrderMachine(RuleBasedStateMachine):
    """Whatever is asked of an order in whatever sequence, it stays on the table, and the audit trail is its history."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.order = make.order()
        self.expected = Status.PAYMENT_CONFIRMED
        self.history: list[str] = []

    @rule(status=st.sampled_from(Status))
    def move(self, status: Status) -> None:
        if status in TRANSITIONS[self.expected]:
            orders.move(self.order, status, failure="No room." if status == Status.FAILED else "")
            self.expected = status
            self.history.append(status)
        else:
            with pytest.raises(Conflict):
                orders.move(self.order, status)

    @rule(status=st.sampled_from(WAY))
    def reach(self, status: Status) -> None:
        past = self.expected in WAY and WAY.index(self.expected) >= WAY.index(status)
        if past:
            orders.reach(self.order, status)
        elif status in TRANSITIONS[self.expected]:
            orders.reach(self.order, status)
            self.expected = status
            self.history.append(status)
        else:
            with pytest.raises(Conflict):
                orders.reach(self.order, status)

    @invariant()
    def holds(self) -> None:
        order = Order.objects.get(pk=self.order.pk)
        assert order.status == self.expected
        assert bool(order.failure) == (order.status == Status.FAILED)
        assert (order.fulfilled_at is not None) == (Status.FULFILLED in self.history)
        told = AuditEvent.objects.filter(action="order.status", target_id=str(order.pk)).order_by("pk")
        assert [event.changes["status"] for event in told] == self.history

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)


def test_no_sequence_of_requests_leads_an_order_off_its_table() -> None:
    run_state_machine_as_test(OrderMachine, settings=settings(stateful_step_count=15))


# --- Starting again ---------------------------------------------------------------------------------------------------


def test_staff_start_a_paid_order_whose_job_is_missing() -> None:
    order, staff = make.order(), make.user(is_staff=True)

    job = orders.start_provisioning(order, by=staff)

    assert orders.job_of(order) == job
    assert orders.start_provisioning(order, by=staff) == job
    assert AuditEvent.objects.filter(action="order.provision", actor_id=str(staff.pk)).count() == 2


@pytest.mark.parametrize("status", [status for status in Status if status not in {"PAYMENT_CONFIRMED", "FAILED"}])
def test_any_other_order_cannot_be_started(status: Status) -> None:
    order = make.order(status=status)

    with pytest.raises(Conflict, match=status):
        orders.start_provisioning(order, by=make.user(is_staff=True))

    assert orders.job_of(order) is None
    assert not AuditEvent.objects.exists()

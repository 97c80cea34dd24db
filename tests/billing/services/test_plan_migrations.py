"""Everybody on a plan is moved: looked at first, one by one, once each, and stopped by the first fault."""

from datetime import timedelta

import pytest

from billing.models import Plan, PlanMigration, PlanMove, Price, Subscription, SubscriptionChange
from billing.providers.sandbox import clock as sandbox
from billing.providers.sandbox.faults import Fault, injected
from billing.services import changes, plan_migrations, versions
from billing.services.proposals import Asked
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent, Job, Mail
from platform_core.workflow import engine
from tests import kept, make
from tests.billing import month, shop
from tests.billing.cards import CANNOT_PAY, set_card
from tests.billing.changing import MIDDLE, PRO, STARTER, charged

Policy = PlanMigration.Policy


def world() -> list[Subscription]:
    """Two on Starter in the middle of a month, one who is about to leave, and newer terms for whoever buys now."""

    def come_about() -> None:
        for name in ("Anchor", "Bakery", "Chandler"):
            month.subscribed(make.organization(name), plan="hosting-starter")
        month.pass_to(MIDDLE)
        shop.catch_up()
        leaving = Subscription.objects.get(organization__name="Chandler")
        changes.cancel(leaving, Asked(None), now=False)
        starter = Plan.objects.get(code="hosting-starter")
        versions.revise(starter, by=None, entitlements=[{"code": "seats", "kind": "quota", "limit": 3}])

    kept.situation("three on one plan", come_about)
    found = Subscription.objects.select_related("organization", "plan", "price", "plan_version")
    return list(found.order_by("organization__name"))


def plan(code: str) -> Plan:
    return Plan.objects.select_related("product", "current").get(code=f"hosting-{code}")


def drafted(to: str = "pro", policy: Policy = Policy.PRORATED) -> PlanMigration:
    return plan_migrations.draft(plan("starter"), plan(to), policy, at_list_price=False, by=None, reason="New terms.")


def run() -> PlanMigration:
    """Whatever waits is done; what waits for a while is waited for."""
    for _ in range(20):
        Job.objects.filter(kind=plan_migrations.KIND).update(run_after=sandbox.now() - timedelta(days=1))
        job = Job.objects.get(kind=plan_migrations.KIND)
        if job.status in Job.ENDED or job.status == Job.Status.FAILED:
            break
        engine.run_job(job.pk)
    shop.catch_up()
    return PlanMigration.objects.get()


def moves() -> list[tuple[str, str]]:
    found = PlanMove.objects.order_by("organization__name").values_list("organization__name", "status")
    return [(str(name), str(status)) for name, status in found]


class TestLooking:
    """The difference is rows; nothing is changed by it."""

    def test_everybody_has_a_part(self) -> None:
        world()
        before = charged()

        migration = drafted()

        anchor, bakery, chandler = migration.moves.order_by("organization__name")
        assert (anchor.from_minor, anchor.to_minor, anchor.currency) == (STARTER, PRO, "usd")
        assert 0 < anchor.due_minor == bakery.due_minor < PRO - STARTER
        assert (chandler.status, "ends with its period" in chandler.note) == ("skipped", True)
        totals = {each.status: each for each in plan_migrations.totals(migration)}
        assert (totals["waiting"].count, totals["waiting"].from_minor, totals["waiting"].to_minor) == (
            2,
            2 * STARTER,
            2 * PRO,
        )
        assert totals["waiting"].due_minor == 2 * anchor.due_minor
        assert (migration.status, charged()) == ("draft", before)
        assert str(anchor) == "Anchor: waiting"

    def test_a_plan_of_another_product_and_nobody_to_move_are_refused(self) -> None:
        world()
        pages = Plan.objects.select_related("product", "current").get(code="pages-team")

        with pytest.raises(InvalidInput) as refused:
            plan_migrations.draft(plan("starter"), pages, Policy.FREE, at_list_price=False, by=None, reason="x")
        with pytest.raises(Conflict, match="Nobody is to be moved"):
            plan_migrations.draft(plan("pro"), plan("starter"), Policy.FREE, at_list_price=False, by=None, reason="x")

        assert refused.value.details == {"to": ["Of another product."]}
        assert not PlanMigration.objects.exists()

    def test_whoever_has_it_all_has_no_part(self) -> None:
        anchor, *_ = world()
        Subscription.objects.filter(pk=anchor.pk).update(plan_version=plan("starter").current)

        migration = drafted("starter", Policy.FREE)

        assert [move.organization.name for move in migration.moves.all()] == ["Bakery", "Chandler"]

    def test_whoever_pays_by_an_interval_that_is_not_sold_is_skipped(self) -> None:
        anchor, *_ = world()
        terms = {
            "currency": "usd",
            "interval": Price.Interval.YEAR,
            "amount_minor": 49_000,
            "lookup_key": "starter_year",
        }
        yearly = Price.objects.create(plan=anchor.plan, kind=Price.Kind.RECURRING, **terms)
        Subscription.objects.filter(pk=anchor.pk).update(price=yearly)

        found, bakery, _ = drafted().moves.order_by("organization__name")

        assert (found.status, found.note) == ("skipped", "Hosting Pro has no price by this interval.")
        assert bakery.status == "waiting"

    def test_another_price_is_skipped_where_it_is_not_sold(self) -> None:
        world()
        plan("pro").prices.update(is_active=False)

        notes = {move.note for move in drafted().moves.all()}

        assert len(notes) == 1
        assert "cannot be bought yet" in notes.pop()


class TestMoving:
    """One by one, each a change of the subscription."""

    def test_at_once_the_rest_is_charged_as_it_was_told(self) -> None:
        world()
        before, migration = charged(), drafted()

        plan_migrations.start(migration, by=None)
        with pytest.raises(Conflict, match="is running"):
            plan_migrations.start(migration, by=None)
        done = run()

        assert (done.status, done.ended_at is not None) == ("done", True)
        assert moves() == [("Anchor", "done"), ("Bakery", "done"), ("Chandler", "skipped")]
        dues = list(migration.moves.filter(status="done").values_list("due_minor", flat=True))
        assert charged() == [*before, *dues]
        moved = Subscription.objects.filter(plan__code="hosting-pro")
        assert {each.plan_version_id for each in moved} == {plan("pro").current.pk}
        assert SubscriptionChange.objects.filter(kind="upgrade", status="applied", reason="New terms.").count() == 2
        with pytest.raises(Conflict, match="is done"):
            plan_migrations.start(migration, by=None)

    def test_at_once_and_free_nothing_is_charged(self) -> None:
        world()
        before = charged()

        plan_migrations.start(drafted(policy=Policy.FREE), by=None)
        run()

        assert (Subscription.objects.filter(plan__code="hosting-pro").count(), charged()) == (2, before)

    def test_newer_terms_alone_are_in_force_without_the_provider(self) -> None:
        anchor, *_ = world()
        migration = drafted("starter", Policy.FREE)

        plan_migrations.start(migration, by=None)
        with injected(Fault.SERVER_ERROR, method="POST", times=99):
            run()

        assert moves()[:2] == [("Anchor", "done"), ("Bakery", "done")]
        anchor.refresh_from_db()
        anchor.organization.refresh_from_db()
        assert anchor.plan_version.number == plan("starter").current.number
        assert anchor.organization.seat_limit == 3
        assert anchor.periods.open().get().plan_version_id == anchor.plan_version_id
        assert Mail.objects.filter(template="billing/terms_changed").count() == 3
        assert AuditEvent.objects.filter(action="subscription.terms").count() == 3

    def test_with_the_next_period_they_come_when_it_begins(self) -> None:
        anchor, *_ = world()
        first = anchor.plan_version

        plan_migrations.start(drafted("starter", Policy.RENEWAL), by=None)
        run()
        anchor.refresh_from_db()
        assert anchor.plan_version == first
        change = anchor.changes.get()
        assert (change.kind, change.status, change.effective_at) == ("terms", "scheduled", anchor.current_period_end)
        sandbox.advance(anchor.current_period_end + timedelta(hours=2))
        shop.catch_up()

        anchor.refresh_from_db()
        change.refresh_from_db()
        assert (anchor.plan_version.number, change.status) == (plan("starter").current.number, "applied")

    def test_another_plan_with_the_next_period(self) -> None:
        anchor, *_ = world()

        plan_migrations.start(drafted(policy=Policy.RENEWAL), by=None)
        run()
        sandbox.advance(anchor.current_period_end + timedelta(hours=2))
        shop.catch_up()

        anchor.refresh_from_db()
        assert (anchor.plan.code, anchor.plan_version_id) == ("hosting-pro", plan("pro").current.pk)


class TestFaults:
    """It stops, and goes on where it stopped."""

    def test_the_first_that_is_refused_stops_it_and_whoever_goes_on_passes_it_over(self) -> None:
        anchor, *_ = world()
        before = charged()
        set_card(anchor, CANNOT_PAY)
        migration = drafted()

        plan_migrations.start(migration, by=None)
        stopped = run()

        assert (stopped.status, "declined" in stopped.failure) == ("stopped", True)
        assert (moves()[:2], charged()) == ([("Anchor", "failed"), ("Bakery", "waiting")], before)
        # As if nobody had lived to note it.
        PlanMove.objects.filter(status="failed").update(status="waiting")
        plan_migrations.start(migration, by=None)
        assert run().status == "stopped"
        assert (moves()[0], charged()) == (("Anchor", "failed"), before)
        plan_migrations.start(migration, by=None)
        assert run().status == "done"
        assert moves()[:2] == [("Anchor", "failed"), ("Bakery", "done")]
        assert len(charged()) == len(before) + 1

    @pytest.mark.parametrize("fault", list(Fault))
    def test_a_provider_that_does_not_answer_charges_nobody_twice(self, fault: Fault) -> None:
        world()
        before = charged()
        plan_migrations.start(drafted(), by=None)

        with injected(fault, method="POST"):
            done = run()

        assert done.status == "done"
        assert moves()[:2] == [("Anchor", "done"), ("Bakery", "done")]
        assert len(charged()) == len(before) + 2

    def test_what_changed_since_it_was_looked_at_stays(self) -> None:
        anchor, *_ = world()
        migration = drafted()
        Subscription.objects.filter(pk=anchor.pk).update(quantity=2)

        plan_migrations.start(migration, by=None)
        run()

        assert moves()[:2] == [("Anchor", "skipped"), ("Bakery", "done")]
        assert PlanMove.objects.get(organization__name="Anchor").note.startswith("The subscription was changed since")

    def test_another_change_that_is_under_way_is_waited_for(self) -> None:
        anchor, *_ = world()
        pending = make.subscription_change(anchor, status="pending")
        plan_migrations.start(drafted(), by=None)

        # However long it takes: to wait is not to fail.
        assert run().status == "running"
        assert moves()[0] == ("Anchor", "waiting")
        SubscriptionChange.objects.filter(pk=pending.pk).update(status="refused")
        assert run().status == "done"

        assert moves()[0] == ("Anchor", "done")

    def test_its_own_change_that_another_hand_holds_is_waited_for(self) -> None:
        anchor, *_ = world()
        migration = drafted()
        move = migration.moves.get(organization=anchor.organization)
        held = {"run_after": sandbox.now(), "lease_until": clock.wall() + timedelta(hours=1)}
        make.subscription_change(anchor, status="pending", request_digest=f"move:{move.pk}", **held)
        plan_migrations.start(migration, by=None)

        assert run().status == "running"

        assert moves()[:2] == [("Anchor", "waiting"), ("Bakery", "waiting")]

    def test_what_the_provider_does_not_know_stops_it(self) -> None:
        anchor, *_ = world()
        Subscription.objects.filter(pk=anchor.pk).update(provider_subscription_id="sub_of_nobody")
        plan_migrations.start(drafted(), by=None)

        assert run().status == "stopped"

        assert moves()[:2] == [("Anchor", "failed"), ("Bakery", "waiting")]

    @pytest.mark.parametrize(("to", "policy"), [("starter", Policy.FREE), ("pro", Policy.PRORATED)])
    def test_nothing_comes_beside_a_change_that_waits(self, to: str, policy: Policy) -> None:
        anchor, *_ = world()
        make.subscription_change(
            anchor, kind="downgrade", timing="renewal", status="scheduled", price=anchor.price, quantity=7
        )

        plan_migrations.start(drafted(to, policy), by=None)
        run()

        assert moves()[:2] == [("Anchor", "skipped"), ("Bakery", "done")]

    def test_staff_stop_it(self) -> None:
        world()
        migration, staff = drafted(), make.user(is_staff=True)
        with pytest.raises(Conflict, match="is draft"):
            plan_migrations.stop(migration, by=staff)
        plan_migrations.start(migration, by=None)

        plan_migrations.stop(migration, by=staff)

        assert run().status == "stopped"
        assert moves()[:2] == [("Anchor", "waiting"), ("Bakery", "waiting")]
        plan_migrations.start(migration, by=None)
        assert run().status == "done"

    def test_a_move_whose_change_was_made_and_not_noted_is_noted(self) -> None:
        world()
        plan_migrations.start(drafted(), by=None)
        run()
        before = charged()
        PlanMove.objects.filter(status="done").update(status="waiting", change=None)
        PlanMigration.objects.update(status="stopped")
        Job.objects.update(status="FAILED")

        plan_migrations.start(PlanMigration.objects.get(), by=None)

        assert run().status == "done"
        assert (moves()[:2], charged()) == ([("Anchor", "done"), ("Bakery", "done")], before)

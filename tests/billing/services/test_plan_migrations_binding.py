"""Whoever is to be moved may leave, but does not stay as they are; unless the migration says so."""

from datetime import timedelta

import pytest

from billing.models import PlanMigration, Price, Subscription, SubscriptionChange
from billing.providers.protocol import ProviderError
from billing.providers.sandbox import clock as sandbox
from billing.providers.sandbox.faults import Fault, injected
from billing.services import changes, plan_migrations, proposals
from billing.services.proposals import Asked
from platform_core import clock
from platform_core.errors import Conflict
from platform_core.models import Mail
from tests import kept
from tests.billing import month, shop
from tests.billing.changing import charged
from tests.billing.services.test_plan_migrations import plan, run, world

Policy = PlanMigration.Policy
Timing = SubscriptionChange.Timing


def anchor() -> Subscription:
    """As it is now."""
    found = Subscription.objects.select_related("organization", "plan__product", "price", "plan_version")
    return found.get(organization__name="Anchor")


def waiting(to: str = "pro", *, is_declinable: bool = False) -> SubscriptionChange:
    """Anchor's part waits for the next period, which everybody is moved with."""

    def come_about() -> None:
        world()
        options = {"at_list_price": False, "is_declinable": is_declinable}
        migration = plan_migrations.draft(
            plan("starter"), plan(to), Policy.RENEWAL, by=None, reason="New terms.", **options
        )
        plan_migrations.start(migration, by=None)
        run()

    kept.situation(f"moved to {to} with the next period{' or not' if is_declinable else ''}", come_about)
    return SubscriptionChange.objects.get(subscription=anchor(), status="scheduled")


def yearly() -> Price:
    """Another price of the plan that Anchor is on."""
    terms = {"currency": "usd", "interval": Price.Interval.YEAR, "amount_minor": 49_000, "lookup_key": "starter_year"}
    return Price.objects.create(plan=anchor().plan, kind=Price.Kind.RECURRING, **terms)


def renewed() -> Subscription:
    """Anchor's subscription once the next period would have begun."""
    sandbox.advance(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()
    return anchor()


def test_it_is_not_taken_back_by_the_customer() -> None:
    planned = waiting()

    with pytest.raises(Conflict, match="From 1 April 2027 on this subscription moves to Hosting Pro") as refused:
        changes.resume(anchor(), Asked(None))
    # Another price of the same plan would be a way to stay on it.
    with pytest.raises(Conflict, match="cannot be taken back"):
        changes.change_plan(proposals.propose(anchor(), yearly(), 1), Asked(None))
    later = proposals.propose(anchor(), anchor().price, 2, timing=Timing.RENEWAL)
    with pytest.raises(Conflict, match="cannot be taken back"):
        changes.change_plan(later, Asked(None))

    assert "as everybody on Hosting Starter does" in refused.value.message
    planned.refresh_from_db()
    assert planned.status == "scheduled"
    assert anchor().changes.count() == 1
    assert renewed().plan.code == "hosting-pro"


def test_newer_terms_are_not_either() -> None:
    waiting("starter")

    with pytest.raises(Conflict, match="has its plan's newer terms"):
        changes.resume(anchor(), Asked(None))

    assert renewed().plan_version_id == plan("starter").current.pk


def test_where_it_may_be_declined_it_is() -> None:
    planned = waiting(is_declinable=True)

    changes.resume(anchor(), Asked(None))

    planned.refresh_from_db()
    assert planned.status == "withdrawn"
    assert renewed().plan.code == "hosting-starter"


def test_staff_take_it_back() -> None:
    planned = waiting()

    changes.resume(anchor(), Asked(None, is_staff=True))

    planned.refresh_from_db()
    assert planned.status == "withdrawn"
    assert renewed().plan.code == "hosting-starter"


@pytest.mark.parametrize("to", ["pro", "starter"])
def test_canceled_and_resumed_it_comes_all_the_same(to: str) -> None:
    planned = waiting(to)

    changes.cancel(anchor(), Asked(None), now=False)
    changes.resume(anchor(), Asked(None))

    planned.refresh_from_db()
    assert (planned.status, planned.effective_at) == ("scheduled", anchor().current_period_end)
    moved = renewed()
    assert (moved.plan.code, moved.plan_version_id) == (f"hosting-{to}", plan(to).current.pk)
    planned.refresh_from_db()
    assert planned.status == "applied"
    resumed = Mail.objects.get(template="billing/subscription_resumed")
    assert "as it is" not in resumed.text


def test_an_answer_that_was_lost_charges_once_and_plans_it_again() -> None:
    planned, before = waiting(), len(charged())
    with (
        injected(Fault.TIMEOUT_AFTER, method="POST", path="/v1/subscription_schedules", times=9),
        pytest.raises(ProviderError),
    ):
        changes.change_plan(proposals.propose(anchor(), anchor().price, 2), Asked(None))

    SubscriptionChange.objects.filter(status="pending").update(run_after=clock.now(), lease_until=clock.wall())
    assert changes.settle_one("test")

    planned.refresh_from_db()
    assert (planned.status, anchor().quantity, len(charged())) == ("scheduled", 2, before + 1)
    assert renewed().plan.code == "hosting-pro"


def test_a_resumption_whose_answer_was_lost_plans_it_again() -> None:
    planned = waiting()
    changes.cancel(anchor(), Asked(None), now=False)
    with (
        injected(Fault.TIMEOUT_AFTER, method="POST", path="/v1/subscription_schedules", times=3),
        pytest.raises(ProviderError),
    ):
        changes.resume(anchor(), Asked(None))

    SubscriptionChange.objects.filter(status="pending").update(run_after=clock.now(), lease_until=clock.wall())
    assert changes.settle_one("test")

    planned.refresh_from_db()
    assert planned.status == "scheduled"
    assert renewed().plan.code == "hosting-pro"


def test_a_resumption_that_nobody_heard_of_is_known_by_what_is_there() -> None:
    waiting()
    changes.cancel(anchor(), Asked(None), now=False)
    changes.resume(anchor(), Asked(None))
    resumed = anchor().changes.get(kind="resume")
    ago = clock.now() - timedelta(days=2)
    SubscriptionChange.objects.filter(pk=resumed.pk).update(
        status="pending", created_at=ago, run_after=ago, lease_until=clock.wall()
    )

    assert changes.settle_one("test")

    resumed.refresh_from_db()
    assert resumed.status == "applied"


def test_canceled_it_ends_and_is_not_moved() -> None:
    planned = waiting()
    changes.cancel(anchor(), Asked(None), now=False)

    assert (renewed().status, anchor().plan.code) == ("canceled", "hosting-starter")

    planned.refresh_from_db()
    assert planned.status == "withdrawn"


def test_more_of_it_comes_at_once_and_is_moved_with_it() -> None:
    planned = waiting()

    changes.change_plan(proposals.propose(anchor(), anchor().price, 3), Asked(None))

    planned.refresh_from_db()
    assert (planned.status, planned.quantity, anchor().quantity) == ("scheduled", 3, 3)
    moved = renewed()
    assert (moved.plan.code, moved.quantity) == ("hosting-pro", 3)


def test_another_plan_and_an_end_at_once_are_free_to_choose() -> None:
    planned = waiting()
    pro = plan("pro").prices.get(kind="recurring", interval="month", currency="usd")

    changes.change_plan(proposals.propose(anchor(), pro, 1), Asked(None))

    planned.refresh_from_db()
    assert (planned.status, anchor().plan.code) == ("withdrawn", "hosting-pro")
    bakery = Subscription.objects.get(organization__name="Bakery")
    changes.cancel(bakery, Asked(None), now=True)
    bakery.refresh_from_db()
    assert (bakery.status, bakery.changes.get(kind="upgrade").status) == ("canceled", "withdrawn")

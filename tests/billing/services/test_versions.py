"""A plan's terms change for whoever buys from then on."""

import pytest
from django.db import IntegrityError, transaction

from billing.models import Plan, PlanVersion, Subscription
from billing.services import periods, plans, prices, versions
from platform_core.models import AuditEvent
from tests import make


def test_a_changed_term_makes_a_version_that_holds_for_new_buyers() -> None:
    plan = make.hosting_plan(features=["ghost"])
    present = make.subscription(plan=plan)

    version = versions.revise(plan, by=None, token_allotment=2_000_000, trial_days=14)

    plan = Plan.objects.select_related("current").get()
    assert (plan.current, version.number) == (version, 2)
    assert (plan.features, plan.token_allotment, plan.trial_days) == (["ghost"], 2_000_000, 14)
    assert (plan.rate_limit, plan.monthly_limit, plan.entitlements) == (None, None, ())
    present.refresh_from_db()
    assert present.plan_version.number == 1
    assert periods.agreed(present, present.current_period_start).token_allotment == 1_000_000
    bought = make.subscription(plan=plan)
    assert periods.agreed(bought, bought.current_period_start).token_allotment == 2_000_000
    event = AuditEvent.objects.get(action="plan.revise")
    assert event.changes == {"version": [1, 2], "token_allotment": [1_000_000, 2_000_000], "trial_days": [0, 14]}


def test_nothing_new_makes_no_version() -> None:
    plan = make.hosting_plan()

    assert versions.revise(plan, by=None, token_allotment=1_000_000).number == 1

    assert PlanVersion.objects.count() == 1
    assert not AuditEvent.objects.exists()


def test_a_price_that_takes_anothers_place_does_not_reach_present_subscribers() -> None:
    subscription = make.subscription()
    recurring, overage = subscription.price, subscription.overage_price
    assert overage is not None

    dearer = prices.replace(recurring, by=None, amount_minor=9_900)
    prices.replace(overage, by=None, unit_price_nano=9_000_000)

    present = Subscription.objects.get()
    terms = periods.agreed(present, present.current_period_start)
    assert (terms.base_unit_minor, terms.unit_price_nano) == (2_900, 2_000_000)
    assert (dearer.lookup_key, dearer.provider_price_id, dearer.is_active) == (recurring.lookup_key, "", True)
    beyond = plans.overage_price_of(dearer)
    assert beyond is not None
    assert beyond.unit_price_nano == 9_000_000
    assert AuditEvent.objects.filter(action="price.replace").count() == 2


def test_a_plan_begins_with_its_first_version() -> None:
    wanted = Plan(product=make.product(), code="pages-solo", name="Pages Solo", tier="Solo", rank=1)

    plan = versions.begin(wanted, PlanVersion(features=["One page"]), by=None)

    assert Plan.objects.get().current == plan.versions.get()
    assert plan.features == ["One page"]
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanVersion.objects.create(plan=plan, number=1)

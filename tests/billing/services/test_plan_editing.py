"""Two that price a plan, and a bundle's cover. The rest is tested through `/api/admin/plans`."""

import pytest

from billing.models import Plan, Price
from billing.models.catalog import LONGEST_TRIAL_DAYS
from billing.services import plan_editing
from platform_core.errors import InvalidInput
from tests import make


def test_a_plan_without_a_rank_or_tier_becomes_the_highest_of_its_product() -> None:
    product = make.product("pages")
    make.plan(product=product, rank=4)

    plan = plan_editing.add("pages", {"code": "pages-max", "name": "Pages Max", "covers": ["pages"]}, by=None)

    assert (plan.rank, plan.tier, plan.current.covers) == (5, "Pages Max", ["pages"])
    assert not Price.objects.filter(plan=plan).exists()


def test_who_has_a_plan() -> None:
    plan = make.plan()
    organization = make.organization()
    make.subscription(organization, plan)
    make.subscription(organization, plan, status="past_due")
    make.subscription(organization, plan, status="canceled")

    assert plan_editing.affected_by(plan) == plan_editing.Affected(2, 1, 0)


@pytest.mark.parametrize("days", [-1, LONGEST_TRIAL_DAYS + 1])
def test_terms_that_no_plan_can_have_are_named_together(days: int) -> None:
    make.product("pages")
    terms = {"covers": ["moon", "atlas"], "features": "x", "trial_days": days}

    with pytest.raises(InvalidInput) as refused:
        plan_editing.add("pages", {"code": "pages-max", "name": "Pages Max", **terms}, by=None)

    assert set(refused.value.details) == {"covers", "features", "trial_days"}
    assert refused.value.details["covers"] == ["Unknown product: atlas, moon."]
    assert refused.value.details["trial_days"] == [f"At most {LONGEST_TRIAL_DAYS} days are wanted."]
    assert not Plan.objects.exists()

"""What is flat costs the same whatever the quantity, so it is sold and had once."""

import pytest

from billing.models import CheckoutSession, Plan, PlanMigration, PlanMove, Subscription, SubscriptionChange
from billing.providers import provider
from billing.providers.protocol import ChangeSpec
from billing.services import carts, changes, periods, plan_migrations, plans, proposals, versions
from billing.services.carts import Wishes
from billing.services.proposals import Asked
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import InvalidInput
from tests import kept, make
from tests.billing import priced, shop
from tests.billing.changing import charged, present
from tests.clients import PersonClient, staff
from tests.pages import Browser

ACCOUNT = "/api/user/subscription"
SAID = "Hosting Pro is sold one at a time."


def _seats() -> None:
    priced.opened("flat")
    seats = {"code": "seats", "kind": "quota", "limit": 5}
    versions.revise(Plan.objects.get(code="hosting-pro"), by=None, entitlements=[seats])


def customer(plan: str = "hosting-pro") -> Subscription:
    """Somebody who bought a plan in a shop where Hosting Pro is flat and has five seats."""

    def come_about() -> None:
        _seats()
        shop.bought(make.organization("Harbour Bakery"), plan)
        shop.catch_up()

    kept.situation(f"{plan} bought where Hosting Pro is flat", come_about)
    return present()


def of_three() -> Subscription:
    """Three of Hosting Starter, which is so much for each."""
    held = customer("hosting-starter")
    changes.change_plan(proposals.propose(held, held.price, 3), Asked(None))
    shop.catch_up()
    return present()


def client_of(held: Subscription) -> PersonClient:
    return PersonClient(make.person(held.organization), held.organization)


def had(held: Subscription) -> tuple[int, int | None, int | None]:
    """So many of it, seats, and tokens a month."""
    held = Subscription.objects.select_related("organization", "plan_version", "price").get(pk=held.pk)
    return held.quantity, held.organization.seat_limit, periods.included(held, clock.now())


def test_nobody_changes_to_more_of_it() -> None:
    held = customer()
    before = charged()
    body = {"quantity": 1_000}

    answers = [
        client_of(held).post(f"{ACCOUNT}/preview", body),
        client_of(held).post(f"{ACCOUNT}/upgrade", body),
        client_of(held).post(f"{ACCOUNT}/downgrade", body),
        staff("billing.change_subscription").put(f"/api/admin/subscriptions/{held.pk}", {**body, "reason": "Asked."}),
    ]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert [answer.json()["details"] for answer in answers] == [{"quantity": [SAID]}] * 4
    page = Browser(make.person(held.organization)).read(
        f"/billing/{held.pk}/change", plan="hosting-pro", quantity="1000"
    )
    assert (page.status, SAID in page.text) == (400, True)
    assert (had(held), charged()) == ((1, 5, 15_000_000), before)
    assert not SubscriptionChange.objects.exists()


def test_nor_buys_more_of_it(organization: Organization) -> None:
    flat = priced.opened("flat")

    with pytest.raises(InvalidInput) as refused:
        carts.fill(plans.price_of(flat.plan), organization, Wishes(quantity=2))

    assert refused.value.details == {"quantity": [SAID]}
    assert not CheckoutSession.objects.exists()


def test_what_the_provider_counts_is_had_once_all_the_same() -> None:
    held = customer()
    spec = ChangeSpec(held.provider_subscription_id, held.price.provider_price_id, 1_000, prorate="none")

    provider().change_subscription(spec, key="desk")
    shop.catch_up()

    assert had(held) == (1_000, 5, 15_000_000)
    # Whoever goes on without a word about how many has one, of either kind.
    starter, _ = proposals.target(present(), plan="starter", quantity=None, direction=SubscriptionChange.Kind.DOWNGRADE)
    assert proposals.quantity_at(present(), starter) == 1


def test_whoever_has_three_of_another_plan_goes_on_with_one() -> None:
    held = of_three()
    assert held.quantity == 3

    answer = client_of(held).post(f"{ACCOUNT}/upgrade", {"plan": "pro"})
    shop.catch_up()

    assert (answer.status_code, present().plan.code) == (200, "hosting-pro")
    assert had(held) == (1, 5, 15_000_000)


def test_an_offer_of_it_is_of_one() -> None:
    held = of_three()
    made = client_of(held).post("/api/v1/billing/checkout", {"product": "hosting", "plan": "pro"})
    row = CheckoutSession.objects.get(subscription=held)

    page = Browser(make.person(held.organization)).read(made.json()["url"])

    assert (page.status, SAID in page.text) == (200, False)
    assert row.price.scheme == "flat"


def test_staff_move_nobody_who_has_several_to_it() -> None:
    of_three()
    starter, pro = (Plan.objects.select_related("current").get(code=f"hosting-{code}") for code in ("starter", "pro"))

    plan_migrations.draft(starter, pro, PlanMigration.Policy.PRORATED, at_list_price=True, by=None, reason="New terms.")

    move = PlanMove.objects.get()
    assert (move.status, move.note) == (PlanMove.Status.SKIPPED, SAID)

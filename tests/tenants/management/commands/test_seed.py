"""The seed: the same company however often it runs, and never beside somebody's own people."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing.models import CouponRedemption, Invoice, MrrMovement, Subscription, SubscriptionAddOn
from billing.services import mrr
from identity.models import TotpDevice, User
from orgs.models import Membership, Organization, Report
from orgs.selectors import organization_in_use
from tenants.clients.process_provisioner import ProcessProvisioner
from tenants.management.seeding import people
from tenants.models import Order
from tests import make

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _no_hub(settings: Any, process_provisioner: ProcessProvisioner) -> None:
    """Servers are set up as far as they can be without a hub."""
    settings.BASE_URL = NOBODY


def seed(*arguments: str) -> str:
    output = StringIO()
    call_command("seed", *arguments, stdout=output)
    return output.getvalue()


def counts() -> list[int]:
    return [model.objects.count() for model in (User, Organization, Membership, Subscription, Order, Invoice)]


@pytest.mark.django_db(transaction=True)
def test_the_company_is_made_once_by_real_purchases() -> None:
    told = seed()

    assert counts() == [9, 20, 21, 19, 2, 5]
    assert {order.status for order in Order.objects.all()} <= set(Order.Status) - {Order.Status.FAILED}
    bought = Subscription.objects.exclude(provider="imported")
    assert set(bought.values_list("status", flat=True)) == {Subscription.Status.ACTIVE}
    assert sorted(Invoice.objects.values_list("total_minor", flat=True)) == [6_500, 12_900, 15_000, 15_000, 32_775]
    assert "The hub is not up" in told

    assert len(set(MrrMovement.objects.values_list("month_on", flat=True))) > 10
    assert set(MrrMovement.objects.values_list("kind", flat=True)) == set(MrrMovement.Kind.values)
    assert [*mrr.misplaced(), *mrr.disagreements()] == []
    assert SubscriptionAddOn.objects.get().quantity == 2
    assert CouponRedemption.objects.get().status == "redeemed"

    seed()

    assert counts() == [9, 20, 21, 19, 2, 5]


def test_a_database_with_other_people_is_left_alone() -> None:
    make.user("somebody@example.test")

    with pytest.raises(CommandError, match="people that the seed did not make"):
        seed()

    assert counts() == [1, 0, 0, 0, 0, 0]


def test_nothing_is_bought_from_the_real_stripe(settings: Any) -> None:
    settings.SANDBOX = False

    with pytest.raises(CommandError, match="needs the sandbox"):
        seed()

    assert not User.objects.exists()


def test_whoever_was_invited_works_where_they_were_invited_to() -> None:
    harbour = people.company(people.COMPANIES[0])

    for email, _, role in people.COMPANIES[0].members:
        user = User.objects.get(email=email)
        assert organization_in_use(user) == harbour.pk
        assert Membership.objects.get(user=user).role == role


def test_it_describes_what_it_made() -> None:
    harbour, fjord = (people.company(story) for story in people.COMPANIES[:2])
    plan = make.hosting_plan("hosting-pro")
    item = make.price(plan, interval="year", lookup_key="pages-team-month-usd")
    order = make.order(harbour, make.subscription(harbour, plan, price=item))
    server = make.server(order)
    people.operator(*people.STAFF[0])
    for _ in range(2):
        people.ask_for_report(harbour)

    described = json.loads(seed("--describe"))

    assert described.pop("totpSecret") == TotpDevice.objects.get().secret
    assert described.pop("ids") == {
        "organization": str(harbour.pk),
        "otherOrganization": str(fjord.pk),
        "member": str(Membership.objects.get(organization=harbour, role="member").pk),
        "report": str(Report.objects.get().pk),
        "order": str(order.pk),
        "server": str(server.pk),
        "plan": str(plan.pk),
        "pricingItem": str(item.pk),
        "subscription": str(order.subscription.pk),
        "customer": str(order.customer.pk),
    }
    assert described == {}

"""What billing does about facts from below."""

import pytest

from billing.models import CheckoutSession, ConsumerTenant, Subscription
from identity.services import erasure
from orgs.models import Organization
from orgs.roles import Role
from orgs.services.organizations import delete_organization
from platform_core.errors import Conflict
from tests import make


def test_the_address_of_an_erased_buyer_is_forgotten() -> None:
    plan = make.plan()
    price = plan.prices.get()
    for email in ("kim@example.test", "KIM@example.test", "lea@example.test"):
        CheckoutSession.objects.create(plan=plan, plan_version=plan.current, price=price, email=email)
    for email in ("kim@example.test", "lea@example.test"):
        make.consumer_tenant(billing_email=email)
    kim = make.person(make.organization(), Role.MEMBER, email="kim@example.test")

    erasure.erase(kim, by=kim)
    assert erasure.empty_one("test")

    assert sorted(CheckoutSession.objects.values_list("email", flat=True)) == ["", "", "lea@example.test"]
    assert sorted(ConsumerTenant.objects.values_list("billing_email", flat=True)) == ["", "lea@example.test"]


@pytest.mark.parametrize("status", Subscription.Status.values)
def test_whoever_still_pays_keeps_the_organization(organization: Organization, status: str) -> None:
    owner = make.person(organization)
    subscription = make.subscription(organization, status=status)
    make.subscription(make.organization())

    if status in Subscription.ENDED:
        delete_organization(organization, by=owner)
        assert Organization.objects.get(pk=organization.pk).status == "deleted"
    else:
        with pytest.raises(Conflict) as caught:
            delete_organization(organization, by=owner)
        assert caught.value.details == {"organization": [f"the subscription to {subscription.plan.name}"]}

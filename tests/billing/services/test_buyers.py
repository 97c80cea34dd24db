"""Whose a purchase is."""

import pytest
from allauth.account.models import EmailAddress

from billing.models import BillingAccount, CheckoutSession
from billing.services.buyers import Buyer, buyer_of, claimant
from identity.models import User
from orgs.models import Membership, Organization
from orgs.roles import Role
from tests import make


def purchase(**fields: object) -> CheckoutSession:
    plan = make.plan()
    return CheckoutSession.objects.create(
        plan=plan,
        plan_version=plan.current,
        price=plan.prices.get(),
        success_url="https://a.test",
        cancel_url="https://a.test",
        **fields,
    )


def test_who_was_signed_in_bought_for_their_organization(organization: Organization) -> None:
    person = make.person(organization)

    found = buyer_of(purchase(organization=organization, created_by=person, email="anything@else.test"))

    assert found == Buyer(person, organization)


def test_a_guest_becomes_the_owner_of_a_new_organization() -> None:
    found = buyer_of(purchase(email="ann@buyer.test"))

    assert found is not None
    assert found.person is not None
    assert (found.person.email, found.organization.name) == ("ann@buyer.test", "ann")
    assert found.organization.billing_email == "ann@buyer.test"
    assert Membership.ALL.get().role == Role.OWNER


@pytest.mark.parametrize("typed", ["ann@buyer.test", "Ann@Buyer.TEST"])
def test_a_known_address_is_nobody_yet(typed: str) -> None:
    make.user("ann@buyer.test")

    assert buyer_of(purchase(email=typed)) is None
    assert User.objects.count() == 1


def test_nor_is_somebodys_second_address() -> None:
    EmailAddress.objects.create(user=make.user(), email="ann@buyer.test", verified=True)

    assert buyer_of(purchase(email="ann@buyer.test")) is None
    assert User.objects.count() == 1


def test_a_claimant_gets_a_new_organization_where_none_is_free(organization: Organization) -> None:
    ann = make.person(organization, Role.MEMBER)
    bought = make.organization()
    make.membership(bought, ann, role=Role.OWNER)
    BillingAccount.objects.create(organization=bought, provider_customer_id="cus_1")
    left = make.organization()
    make.membership(left, ann, role=Role.OWNER, status=Membership.Status.SUSPENDED)

    found = claimant(ann)

    assert found.person == ann
    assert found.organization not in (organization, bought, left)
    assert Membership.ALL.get(user=ann, organization=found.organization).role == Role.OWNER


def test_a_claimants_oldest_free_organization_comes_first() -> None:
    ann = make.user()
    first, second = make.organization(), make.organization()
    make.membership(second, ann, role=Role.OWNER)
    make.membership(first, ann, role=Role.OWNER)

    assert claimant(ann).organization == second

"""Looking after customers."""

import pytest

from identity.models import User
from orgs.models import Organization
from platform_core.errors import Conflict
from tenants import selectors
from tenants.services import customers
from tests import make
from tests.make.identity import owner


def test_an_added_person_gets_an_organization_named_after_them_where_no_company_is_told() -> None:
    added = customers.add("nora@acme.test", "Nora Lind", "", by=owner())

    assert Organization.objects.get().name == "Nora Lind"
    assert added == selectors.owner_of(added.person)
    assert not User.objects.get(pk=added.person.pk).has_usable_password()


def test_the_first_organization_that_ordered_is_the_customers() -> None:
    person = make.user()
    idle, ordered = make.organization(), make.organization()
    for organization in (idle, ordered):
        make.membership(organization, person, role="owner")  # type: ignore[arg-type]
    subscription = make.subscription(ordered)
    make.subscription(ordered, make.plan(), status="canceled")
    make.order(ordered, subscription, customer=person)

    found = selectors.known_customer(person.pk)

    assert (found.organization, found.subscription) == (ordered, subscription)


def test_nothing_is_granted_to_who_owns_nothing() -> None:
    person = make.user(added_by=owner())
    found = selectors.known_customer(person.pk)

    with pytest.raises(Conflict):
        customers.make_founding_member(found, by=owner())

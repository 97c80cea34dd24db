"""Organizations and who belongs to them."""

import pytest
from django.db import IntegrityError, transaction

from orgs.models import Membership, Organization
from platform_core import scoping
from tests import make


def test_they_introduce_themselves() -> None:
    organization = make.organization("Harbour Bakery", billing_email="bills@harbour.test")
    membership = make.membership(organization, make.user("ada@example.test"))

    assert str(organization) == "Harbour Bakery"
    assert organization.email == "bills@harbour.test"
    assert str(membership) == "ada@example.test in Harbour Bakery"
    assert str(make.product("pages", name="Pages")) == "Pages"


def test_nothing_is_seen_outside_a_scope() -> None:
    make.organization()

    with scoping.using(None):
        for model in (Organization, Membership):
            with pytest.raises(scoping.ScopeMissing):
                model.objects.count()


def test_within_one_organization_the_others_do_not_exist() -> None:
    mine, theirs = make.membership(make.organization()), make.membership(make.organization())

    with scoping.organization(mine.organization_id):
        assert list(Organization.objects.all()) == [mine.organization]
        assert list(Membership.objects.all()) == [mine]
        assert not Organization.objects.filter(pk=theirs.organization_id).exists()


def test_people_see_the_members_of_their_own_organizations() -> None:
    mine = make.membership(make.organization())
    colleague = make.membership(mine.organization)
    make.membership(make.organization())

    assert set(Membership.objects.visible_to(mine.user)) == {mine, colleague}
    assert list(Organization.objects.visible_to(mine.user)) == [mine.organization]


def test_a_person_has_one_place_with_a_known_role() -> None:
    membership = make.membership(make.organization())

    with pytest.raises(IntegrityError), transaction.atomic():
        make.membership(membership.organization, membership.user)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.update(role="root")

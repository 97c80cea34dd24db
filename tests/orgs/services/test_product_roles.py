"""Roles of members in products."""

import pytest

from orgs.models import Organization
from orgs.roles import Role
from orgs.services import product_roles
from platform_core.errors import InvalidInput
from tests import make


def test_the_strongest_counts_whoever_gave_it(organization: Organization) -> None:
    place = make.membership(organization)
    make.role_grant(place, "pages", "viewer", source="sso", source_ref="staff")
    make.role_grant(place, "pages", "editor", source="directory", source_ref="writers")

    found = product_roles.of_member(place)

    assert [(each.product.code, each.role, each.sources) for each in found] == [
        ("pages", "editor", ["directory", "sso"])
    ]
    assert str(place.grants.first()) in {"viewer in Pages", "editor in Pages"}


def test_a_role_that_the_product_has_no_more_is_shown_as_it_was_given(organization: Organization) -> None:
    place = make.membership(organization)
    make.role_grant(place, "pages", "curator")

    assert [each.role for each in product_roles.of_member(place)] == ["curator"]


def test_every_mistake_is_named_at_once() -> None:
    make.product("pages", role_options=["admin", "editor"])

    with pytest.raises(InvalidInput) as caught:
        product_roles.check({"pages": "owner", "fax": "admin"})

    assert caught.value.details == {
        "product_roles": ["pages: one of admin, editor.", "fax: no product with roles."],
    }


def test_staff_set_them_too(organization: Organization) -> None:
    make.product("pages", role_options=["admin"])
    place = make.membership(organization, role=Role.OWNER)

    product_roles.set_for(place, {"pages": "admin"}, by=make.user(is_staff=True))

    assert place.grants.get().role == "admin"

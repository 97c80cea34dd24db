"""Members: what happens to those who changed, or were removed, meanwhile."""

from uuid import uuid4

import pytest

from orgs.models import Membership, Organization
from orgs.roles import Role
from orgs.services import members
from platform_core.errors import Conflict, NotAllowed, NotFound
from tests import make
from tests.clients import PersonClient
from tests.orgs.people import place_of


def test_who_is_gone_by_now_is_not_changed(owner: PersonClient, member: PersonClient) -> None:
    place = place_of(member)
    Membership.objects.filter(pk=place.pk).delete()

    with pytest.raises(NotFound):
        members.update(place, role="admin", by=owner.user)
    with pytest.raises(NotFound):
        members.leave(owner.organization, by=member.user)


def test_who_lost_their_role_by_now_decides_nothing(owner: PersonClient, member: PersonClient) -> None:
    Membership.objects.filter(user=owner.user).update(role=Role.MEMBER)
    make.membership(owner.organization, role=Role.OWNER)

    with pytest.raises(NotAllowed):
        members.update(place_of(member), role="owner", by=owner.user)
    with pytest.raises(Conflict, match="do not own"):
        members.transfer(owner.organization, place_of(member).pk, by=owner.user)


def test_nothing_is_decided_in_a_deleted_organization(owner: PersonClient, member: PersonClient) -> None:
    Organization.objects.update(status="deleted", deleted_at="2026-01-01T00:00Z")

    with pytest.raises(NotFound):
        members.remove(place_of(member), by=owner.user)
    with pytest.raises(NotFound):
        members.transfer(owner.organization, uuid4(), by=owner.user)


def test_one_part_alone_is_changed(owner: PersonClient, member: PersonClient) -> None:
    make.product("pages", role_options=["admin"])

    members.update(place_of(member), given={"pages": "admin"}, by=owner.user)
    members.update(place_of(member), status="active", by=owner.user)

    assert place_of(member).role == "member"
    assert place_of(member).grants.get().role == "admin"

"""Seats: how many people may belong to an organization."""

from datetime import timedelta

import pytest

from orgs.services import seats
from platform_core import clock
from platform_core.errors import PaymentRequired
from tests import make


def test_active_members_and_open_invitations_hold_seats() -> None:
    organization = make.organization()
    owner = make.person(organization)
    make.membership(organization, status="suspended")
    make.invitation(organization, by=owner)
    make.invitation(organization, by=owner, expires_at=clock.wall() - timedelta(hours=1))
    make.invitation(organization, by=owner, revoked_at=clock.wall())
    make.invitation(by=owner, organization=make.organization())

    assert (seats.taken(organization), seats.active(organization)) == (2, 1)


def test_one_seat_is_told_as_one() -> None:
    organization = make.organization("Solo", seat_limit=1)
    make.person(organization)

    with pytest.raises(PaymentRequired, match="Solo has 1 seat, of which 1 are taken"):
        seats.require(organization)


def test_without_a_limit_there_is_room() -> None:
    seats.require(make.organization(), 10_000)

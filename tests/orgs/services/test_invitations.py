"""Invitations, where two things happen at once."""

import pytest

from orgs.models import Invitation, Membership
from orgs.roles import Role
from orgs.services import invitations
from orgs.services.invitations import Wanted
from platform_core import clock
from platform_core.errors import Conflict, NotAllowed, NotFound
from tests import make
from tests.clients import PersonClient
from tests.orgs.people import place_of


def test_one_that_was_accepted_meanwhile_is_neither_sent_nor_taken_back(owner: PersonClient) -> None:
    invitation = make.invitation(owner.organization, by=owner.user)
    Invitation.objects.update(accepted_at=clock.wall())

    with pytest.raises(Conflict, match="accepted or taken back"):
        invitations.resend(invitation, by=owner.user)
    with pytest.raises(Conflict, match="accepted or taken back"):
        invitations.revoke(invitation, by=owner.user)


def test_who_lost_their_role_by_now_invites_nobody(owner: PersonClient) -> None:
    make.membership(owner.organization, role=Role.OWNER)
    Membership.objects.filter(user=owner.user).update(role=Role.MEMBER)

    with pytest.raises(NotAllowed):
        invitations.add(owner.organization, Wanted("nora@example.test"), by=owner.user)


def test_nobody_lets_a_stronger_one_in_again(owner: PersonClient) -> None:
    admin = make.person(owner.organization, Role.ADMIN)
    other = make.membership(owner.organization, role=Role.OWNER, status="suspended")

    with pytest.raises(NotAllowed):
        invitations.add(owner.organization, Wanted(other.user.email), by=admin)
    other.refresh_from_db()
    assert other.status == "suspended"


def test_an_invitation_introduces_itself(owner: PersonClient) -> None:
    invitation = make.invitation(owner.organization, by=owner.user, email="nora@example.test", role=Role.ADMIN)

    assert str(invitation) == "nora@example.test as Admin"
    assert invitation.state == "pending"
    invitation.revoked_at = clock.wall()
    assert invitation.state == "revoked"
    invitation.accepted_at = clock.wall()
    assert invitation.state == "accepted"


def test_staff_invite_too(owner: PersonClient) -> None:
    added = invitations.add(owner.organization, Wanted("nora@example.test"), by=make.user(is_staff=True))

    assert isinstance(added, Invitation)
    assert place_of(owner).role == "owner"


def test_a_link_that_is_taken_back_while_it_is_followed_lets_nobody_in(
    owner: PersonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    nora = make.user(email="nora@example.test")
    invitation = make.invitation(owner.organization, "join_nora", by=owner.user, email=nora.email)
    invitations.revoke(invitation, by=owner.user)
    # As it was when the link was looked at.
    monkeypatch.setattr(invitations, "of_token", lambda _: invitation)

    with pytest.raises(NotFound):
        invitations.accept("join_nora", nora)

    assert not Membership.objects.filter(user=nora).exists()

"""Invitations to be staff."""

import re
from datetime import timedelta
from typing import Any

import pytest

from identity import staff_roles
from identity.models import MailedCode, StaffInvitation, User
from identity.services import accounts, addresses, codes, invitations, passwords
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from platform_core.models import AuditEvent, Mail
from tests import clients, make
from tests.make.identity import PASSWORD, owner


def mailed() -> str:
    found = re.search(r"/staff-invitation/(inv_[\w-]+)/", Mail.objects.latest("created_at").text)
    assert found
    return found[1]


def test_an_invitation_is_mailed_and_only_its_digest_is_kept() -> None:
    boss = owner()

    invitation = invitations.invite("New@Example.test", "MANAGER", by=boss)

    token, mail = mailed(), Mail.objects.get()
    assert (mail.to, invitation.email) == ("new@example.test", "new@example.test")
    assert token not in str(StaffInvitation.objects.values())
    assert token not in str(AuditEvent.objects.values())
    assert invitation.expires_at - invitation.sent_at == timedelta(hours=72)
    assert invitations.of_token(token) == invitation
    event = AuditEvent.objects.get()
    assert (event.action, event.changes) == ("staff.invite", {"email": "new@example.test", "role": "MANAGER"})


def test_nobody_invites_above_their_own_role() -> None:
    with pytest.raises(NotAllowed):
        invitations.invite("new@example.test", "OWNER", by=clients.staff_in("SUPPORT").user)

    assert not StaffInvitation.objects.exists()
    assert not Mail.objects.exists()


def test_one_invitation_an_address_until_it_expires() -> None:
    boss = owner()
    first = invitations.invite("new@example.test", "SUPPORT", by=boss)
    with pytest.raises(Conflict):
        invitations.invite("NEW@example.test", "ADMIN", by=boss)

    StaffInvitation.objects.update(expires_at=clock.wall())
    second = invitations.invite("new@example.test", "ADMIN", by=boss)

    first.refresh_from_db()
    assert (first.state, second.state) == ("revoked", "pending")


def test_staff_are_not_invited_again() -> None:
    boss = owner(email="boss@example.test")

    with pytest.raises(Conflict):
        invitations.invite("boss@example.test", "SUPPORT", by=boss)


def test_accepting_makes_a_member_of_staff_once() -> None:
    invitation = make.staff_invitation(email="new@example.test", role="MANAGER")

    member = invitations.accept("inv_token", PASSWORD, "Nora Lind")

    member = User.objects.get(pk=member.pk)
    assert (member.email, member.name, member.is_staff, member.is_employee) == (
        "new@example.test", "Nora Lind", True, True
    )  # fmt: skip
    assert staff_roles.role_of(member) == "MANAGER"
    assert member.check_password(PASSWORD)
    assert addresses.is_confirmed(member)
    invitation.refresh_from_db()
    assert (invitation.state, invitation.accepted_by) == ("accepted", member)
    assert AuditEvent.objects.get(action="staff.accept_invitation").changes["role"] == "MANAGER"
    with pytest.raises(NotFound):
        invitations.accept("inv_token", PASSWORD, "Nora Lind")


@pytest.mark.parametrize(
    "changes",
    [{"expires_at": clock.wall()}, {"revoked_at": clock.wall()}, {"accepted_at": clock.wall()}],
    ids=["expired", "revoked", "accepted"],
)
def test_one_that_is_over_is_the_same_as_none(changes: dict[str, Any]) -> None:
    make.staff_invitation(**changes)

    for token in ("inv_token", "inv_unknown", ""):
        with pytest.raises(NotFound) as refused:
            invitations.accept(token, PASSWORD, "Nora")
        assert refused.value.message == invitations.GONE
    assert StaffInvitation.objects.get().state in {"expired", "revoked", "accepted"}


def test_it_is_worth_no_more_than_the_inviter_is_now() -> None:
    inviter = owner()
    make.staff_invitation(by=inviter, role="ADMIN")
    owner()

    inviter.groups.clear()
    with pytest.raises(NotFound):
        invitations.of_token("inv_token")

    inviter.is_superuser = True
    inviter.save()
    assert invitations.of_token("inv_token").role == "ADMIN"
    accounts.suspend(inviter, by=owner())
    with pytest.raises(NotFound):
        invitations.of_token("inv_token")


def test_whoever_has_an_account_proves_it_by_its_password() -> None:
    person = make.user("ada@example.test")
    make.staff_invitation(email="ada@example.test")

    with pytest.raises(InvalidInput) as refused:
        invitations.accept("inv_token", "not the password")
    assert list(refused.value.details) == ["password"]
    member = invitations.accept("inv_token", PASSWORD)

    assert member == person
    assert User.objects.get(pk=person.pk).is_staff


def test_a_guest_without_a_password_chooses_one() -> None:
    guest = make.user("guest@example.test", password=None)
    make.staff_invitation(email="guest@example.test")

    with pytest.raises(InvalidInput):
        invitations.accept("inv_token", "short")
    invitations.accept("inv_token", PASSWORD)

    assert User.objects.get(pk=guest.pk).check_password(PASSWORD)


def test_a_code_that_was_mailed_to_whoever_chooses_a_password_opens_nothing_any_more() -> None:
    guest = make.user("guest@example.test", password=None)
    codes.new(guest, MailedCode.Purpose.SIGN_IN, guest.email)
    make.staff_invitation(email="guest@example.test")

    invitations.accept("inv_token", PASSWORD)

    assert not guest.mailed_codes.exists()


def test_who_got_a_password_meanwhile_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    guest = make.user("guest@example.test", password=None)
    make.staff_invitation(email="guest@example.test")

    def meanwhile(password: str, person: User) -> None:
        passwords.set_password(User.objects.get(pk=person.pk), "another good password 5", by=None)

    monkeypatch.setattr(passwords, "check_strength", meanwhile)
    with pytest.raises(Conflict):
        invitations.accept("inv_token", PASSWORD)

    guest.refresh_from_db()
    assert (guest.is_staff, guest.check_password("another good password 5")) == (False, True)


def test_no_invitation_lowers_a_role() -> None:
    boss = owner(email="boss@example.test")
    make.staff_invitation(email="boss@example.test")

    with pytest.raises(Conflict):
        invitations.accept("inv_token", PASSWORD)

    assert staff_roles.role_of(boss) == "OWNER"


def test_what_was_taken_back_while_it_was_being_accepted_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    invitation = make.staff_invitation()
    # As one sees it who looked before it was taken back.
    monkeypatch.setattr(invitations, "of_token", lambda _: invitation)
    StaffInvitation.objects.update(revoked_at=clock.wall())

    with pytest.raises(NotFound):
        invitations.accept("inv_token", PASSWORD, "Nora")

    assert not User.objects.filter(email=invitation.email).exists()


def test_who_became_staff_meanwhile_keeps_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    boss = owner(email="boss@example.test")
    make.staff_invitation(email="boss@example.test")
    # As one sees it who looked before.
    monkeypatch.setattr(invitations, "_recognized", lambda person, _: person)

    with pytest.raises(Conflict):
        invitations.accept("inv_token", PASSWORD)

    assert staff_roles.role_of(boss) == "OWNER"


def test_the_suspended_do_not_come_back_by_it() -> None:
    make.user("ada@example.test", status=User.Status.SUSPENDED)
    make.staff_invitation(email="ada@example.test")

    with pytest.raises(NotFound):
        invitations.accept("inv_token", PASSWORD)


def test_a_newcomer_has_a_name_and_a_good_password() -> None:
    make.staff_invitation()

    for password, name, field in ((PASSWORD, " ", "name"), ("short", "Nora", "password")):
        with pytest.raises(InvalidInput) as refused:
            invitations.accept("inv_token", password, name)
        assert list(refused.value.details) == [field]


def test_sending_it_again_ends_the_older_link() -> None:
    boss = owner()
    invitation = make.staff_invitation(expires_at=clock.wall())

    invitations.resend(invitation, by=boss)

    invitation.refresh_from_db()
    assert (invitation.state, invitation.invited_by) == ("pending", boss)
    assert invitations.of_token(mailed()) == invitation
    with pytest.raises(NotFound):
        invitations.of_token("inv_token")


def test_who_could_not_give_the_role_only_carries_it_once_more() -> None:
    invitation = make.staff_invitation(role="OWNER")
    inviter = invitation.invited_by

    invitations.resend(invitation, by=clients.staff_in("SUPPORT").user)

    invitation.refresh_from_db()
    assert invitation.invited_by == inviter


def test_taking_it_back_is_final() -> None:
    boss, invitation = owner(), make.staff_invitation()

    invitations.revoke(invitation, by=boss)

    assert AuditEvent.objects.get().action == "staff.revoke_invitation"
    for again in (invitations.revoke, invitations.resend):
        with pytest.raises(Conflict):
            again(invitation, by=boss)
    with pytest.raises(NotFound):
        invitations.of_token("inv_token")

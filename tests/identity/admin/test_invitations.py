"""Invitations to be staff, in the console."""

import pytest

from identity.models import StaffInvitation, StepUp
from identity.services import two_factor
from platform_core.models import Mail
from tests import authenticators, clients, make
from tests.clients import PersonClient
from tests.sign_ins import step_up

LIST = "/admin/identity/staffinvitation/"
DOOR = "/staff/console?purpose=staff.change_role&next="


def proved(**fields: str) -> PersonClient:
    """An owner who has just proved who they are."""
    boss = clients.staff_in("OWNER", **fields)
    step_up(boss.user, "staff.change_role")
    return boss


def test_an_owner_invites_in_the_console() -> None:
    boss = proved()

    answer = boss.post(
        f"{LIST}add/", "email=New%40example.test&role=MANAGER", content_type="application/x-www-form-urlencoded"
    )

    invitation = StaffInvitation.objects.get()
    assert answer.status_code == 302
    assert (invitation.email, invitation.role, invitation.invited_by) == ("new@example.test", "MANAGER", boss.user)
    assert Mail.objects.get().to == "new@example.test"
    assert "Pending" in boss.get(LIST).content.decode()


def test_a_refusal_is_told_where_the_form_was() -> None:
    boss = proved(email="boss@mainstay.test")

    answer = boss.post(
        f"{LIST}add/",
        "email=boss%40mainstay.test&role=SUPPORT",
        content_type="application/x-www-form-urlencoded",
        follow=True,
    )

    assert "This person is staff already." in answer.content.decode()
    assert not StaffInvitation.objects.exists()


def test_giving_a_role_takes_a_proof_for_that_purpose_and_no_other() -> None:
    boss = clients.staff_in("OWNER")
    step_up(boss.user, "console.enter", "impersonation.start")

    for answer in (boss.get(f"{LIST}add/"), boss.post(f"{LIST}add/", {"email": "a@b.test", "role": "OWNER"})):
        assert answer["Location"] == f"{DOOR}%2Fadmin%2Fidentity%2Fstaffinvitation%2Fadd%2F"
    assert not StaffInvitation.objects.exists()


@pytest.mark.parametrize(("operation", "label"), [("resend", "Resend"), ("revoke", "Revoke")])
def test_so_does_what_is_done_to_an_invitation(operation: str, label: str) -> None:
    boss, invitation = clients.staff_in("OWNER"), make.staff_invitation()
    before = invitation.token_digest

    one = boss.post(f"{LIST}{invitation.pk}/do/{operation}/")
    many = boss.post(
        LIST, f"action={operation}&_selected_action={invitation.pk}", content_type="application/x-www-form-urlencoded"
    )

    assert one["Location"] == f"{DOOR}%2Fadmin%2Fidentity%2Fstaffinvitation%2F{invitation.pk}%2Fchange%2F"
    assert many["Location"] == f"{DOOR}%2Fadmin%2Fidentity%2Fstaffinvitation%2F"
    asked = boss.get("/security/confirm?purpose=staff.change_role").content.decode()
    assert f"{label}: confirm that it is you, then do it again." in asked
    invitation.refresh_from_db()
    assert (invitation.token_digest, invitation.state) == (before, "pending")
    assert not Mail.objects.exists()


def test_the_proof_leads_back_to_where_it_was_wanted_and_counts_there() -> None:
    boss, invitation = clients.staff_in("OWNER"), make.staff_invitation()
    secret = two_factor.enrol(boss.user)
    wanted = boss.post(f"{LIST}{invitation.pk}/do/revoke/")["Location"]
    asked = boss.get(wanted)["Location"]
    assert asked.startswith("/security/confirm?purpose=staff.change_role&next=%2Fstaff%2Fconsole")

    proved = boss.post(asked, f"code={authenticators.code(secret)}", content_type="application/x-www-form-urlencoded")
    back = boss.get(proved["Location"])

    assert back["Location"] == f"{LIST}{invitation.pk}/change/"
    assert boss.post(f"{LIST}{invitation.pk}/do/revoke/").status_code == 302
    invitation.refresh_from_db()
    assert invitation.state == "revoked"
    # The proof that was handed on ends when the one it came from does.
    assert len(set(StepUp.objects.values_list("expires_at", flat=True))) == 1


def test_the_door_knows_no_other_purposes() -> None:
    assert clients.staff_in("OWNER").get("/staff/console?purpose=everything").status_code == 404


def test_only_owners_invite() -> None:
    admin = clients.staff_in("ADMIN")

    assert admin.get(LIST).status_code == 200
    assert admin.get(f"{LIST}add/").status_code == 403


def test_it_is_sent_again_and_taken_back_from_its_page() -> None:
    boss = proved()
    invitation = make.staff_invitation()

    assert boss.post(f"{LIST}{invitation.pk}/do/resend/").status_code == 302
    assert Mail.objects.get().to == invitation.email
    assert boss.post(f"{LIST}{invitation.pk}/do/revoke/").status_code == 302
    invitation.refresh_from_db()
    assert invitation.state == "revoked"

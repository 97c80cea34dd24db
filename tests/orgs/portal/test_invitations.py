"""The pages about invitations."""

from datetime import timedelta

import pytest

from identity.models import User
from orgs.models import Invitation, Membership, Organization
from orgs.roles import Role
from platform_core import clock
from tests import make
from tests.pages import Browser

PAGE = "/invitations"


@pytest.fixture
def kim(organization: Organization) -> User:
    """The owner."""
    return make.person(organization, email="kim@harbour.test")


def test_one_person_is_invited(kim: User) -> None:
    make.product("pages", name="Pages", role_options=["admin", "editor"])
    browser = Browser(kim)
    assert "No invitation waits for an answer." in browser.read(PAGE).text

    sent = browser.send(PAGE, email="nora@example.test", role="admin", **{"product-pages": "editor"})

    assert sent.location == PAGE
    assert "The invitation to nora@example.test is on its way." in browser.read(PAGE).text
    invitation = Invitation.objects.get()
    assert (invitation.role, invitation.product_roles) == ("admin", {"pages": "editor"})


def test_whoever_was_suspended_is_back(kim: User, organization: Organization) -> None:
    place = make.membership(organization, make.user(first_name="Lea"), status="suspended")
    browser = Browser(kim)

    browser.send(PAGE, email=place.user.email, role="member")

    assert "Lea belongs to Harbour Bakery again." in browser.read(PAGE).text
    assert Membership.objects.filter(status="suspended").count() == 0


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"email": "nobody", "role": "member"}, 400),
        ({"email": "nora@example.test", "role": "owner"}, 400),
        ({"email": "kim@harbour.test", "role": "member"}, 409),
    ],
    ids=str,
)
def test_what_will_not_do_is_told(kim: User, given: dict[str, str], status: int) -> None:
    assert Browser(kim).send(PAGE, **given).status == status
    assert not Invitation.objects.exists()


def test_a_list_is_invited_or_nobody(kim: User) -> None:
    browser = Browser(kim)

    refused = browser.send(f"{PAGE}/list", csv="email,role\nnora@example.test,root\n")
    assert refused.status == 400
    assert "Line 2, nora@example.test: One of:" in refused.text
    assert browser.send(f"{PAGE}/list", csv="").status == 400
    assert not Invitation.objects.exists()

    assert browser.send(f"{PAGE}/list", csv="email\nnora@example.test\n").location == PAGE
    assert "1 invitation on the way." in browser.read(PAGE).text


def test_one_is_sent_again_and_taken_back(kim: User, organization: Organization) -> None:
    past = clock.wall() - timedelta(hours=1)
    invitation = make.invitation(organization, by=kim, expires_at=past)
    browser = Browser(kim)
    assert "Expired" in browser.read(PAGE).text

    Organization.objects.update(seat_limit=1)
    browser.send(f"{PAGE}/{invitation.pk}/resend")
    assert "1 seat, of which 1 are taken" in browser.read(PAGE).text
    Organization.objects.update(seat_limit=None)
    browser.send(f"{PAGE}/{invitation.pk}/resend")
    assert "is on its way again." in browser.read(PAGE).text

    browser.send(f"{PAGE}/{invitation.pk}/revoke")
    assert "is taken back." in browser.read(PAGE).text
    for gone in ("resend", "revoke"):
        assert browser.send(f"{PAGE}/{invitation.pk}/{gone}").status == 404


@pytest.mark.parametrize("role", [Role.BILLING, Role.MEMBER, Role.AUDITOR])
def test_others_do_not_come_in(organization: Organization, role: Role) -> None:
    browser = Browser(make.person(organization, role))

    assert browser.read(PAGE).status == 403
    assert browser.send(PAGE, email="nora@example.test", role="member").status == 403
    assert browser.send(f"{PAGE}/list", csv="email\nnora@example.test").status == 403
    assert not Invitation.objects.exists()

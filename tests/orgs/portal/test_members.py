"""The pages about members."""

import pytest

from orgs.models import Membership, Organization
from orgs.roles import Role
from tests import make
from tests.pages import Browser
from tests.sign_ins import step_up


@pytest.fixture
def kim(organization: Organization) -> Membership:
    """The owner."""
    return make.membership(organization, make.user("kim@harbour.test", first_name="Kim"), role=Role.OWNER)


@pytest.fixture
def lea(organization: Organization) -> Membership:
    """A member."""
    return make.membership(organization, make.user("lea@harbour.test", first_name="Lea", last_name="Lund"))


def test_everybody_is_listed_and_can_be_looked_for(kim: Membership, lea: Membership) -> None:
    make.role_grant(lea, "pages")
    browser = Browser(lea.user)

    page = browser.read("/members")
    assert page.heading == "Members"
    assert "Kim" in page.text
    assert "Pages: editor" in page.text
    assert "/invitations" not in page.links

    assert "Kim" not in browser.read("/members?search=lund").text
    assert "Nobody matches “zoe”." in browser.read("/members?search=zoe").text


def test_pages_keep_the_search(kim: Membership, organization: Organization) -> None:
    for _ in range(30):
        make.membership(organization)

    page = Browser(kim.user).read("/members?search=example.test")

    assert "?search=example.test&page=2" in page.links
    assert "Invite" in page.text


def test_seats_are_told(kim: Membership) -> None:
    Organization.objects.update(seat_limit=5)

    assert "1 of 5 seats taken." in Browser(kim.user).read("/members").text


def test_an_owner_changes_a_member(kim: Membership, lea: Membership) -> None:
    make.product("pages", name="Pages", role_options=["admin", "editor"])
    browser = Browser(kim.user)
    path = f"/members/{lea.pk}"
    assert browser.read(path).heading == "Lea Lund"

    given = {"role": "admin", "status": "active", "product-pages": "editor"}
    assert browser.send(path, **given).location == "/members"

    lea.refresh_from_db()
    assert (lea.role, lea.grants.get().role) == ("admin", "editor")
    assert "Lea Lund is changed." in browser.read("/members").text


def test_what_will_not_do_is_told_and_changes_nothing(kim: Membership, lea: Membership) -> None:
    browser = Browser(kim.user)

    refused = browser.send(f"/members/{kim.pk}", role="member", status="active")
    assert refused.status == 400
    assert "needs an owner" in refused.text
    assert browser.send(f"/members/{lea.pk}", role="root", status="active").status == 400
    assert set(Membership.objects.values_list("role", flat=True)) == {"owner", "member"}


def test_a_member_sees_and_changes_nothing(kim: Membership, lea: Membership) -> None:
    browser = Browser(lea.user)

    page = browser.read(f"/members/{kim.pk}")
    assert "kim@harbour.test" in page.text
    assert "Remove" not in page.text
    assert browser.send(f"/members/{kim.pk}", role="member", status="active").status == 403
    assert browser.send(f"/members/{kim.pk}/remove").status == 403
    kim.refresh_from_db()
    assert kim.role == "owner"


def test_an_owner_removes_a_member(kim: Membership, lea: Membership) -> None:
    browser = Browser(kim.user)

    assert browser.send(f"/members/{lea.pk}/remove").location == "/members"
    assert "Lea Lund does not belong to Harbour Bakery any more." in browser.read("/members").text

    assert browser.send(f"/members/{kim.pk}/remove").location == f"/members/{kim.pk}"
    assert "needs an owner" in browser.read("/members").text
    assert Membership.objects.get() == kim


def test_handing_over_takes_a_proof(kim: Membership, lea: Membership) -> None:
    browser = Browser(kim.user)
    path = f"/members/{lea.pk}/hand-over"
    assert browser.send(path).location.startswith("/security/confirm?purpose=organization.transfer")

    step_up(kim.user, "organization.transfer")
    assert browser.send(f"/members/{kim.pk}/hand-over").location == f"/members/{kim.pk}"
    elsewhere = make.membership(make.organization("Other Company"))
    assert browser.send(f"/members/{elsewhere.pk}/hand-over").status == 404
    assert browser.send(path).location == "/members"

    lea.refresh_from_db()
    assert lea.role == "owner"
    assert "Lea Lund owns Harbour Bakery now." in browser.read("/members").text


def test_whoever_leaves_is_out_and_the_last_owner_stays(kim: Membership, lea: Membership) -> None:
    assert Browser(kim.user).send("/members/leave").location == "/settings"
    assert Browser(lea.user).send("/members/leave").location == "/overview"
    assert Membership.objects.get() == kim

"""The organization itself: its settings, its end, and another one."""

from datetime import timedelta

import pytest

from identity.models import Session, User
from orgs.models import Membership, Organization
from orgs.roles import Role
from platform_core import clock
from tests import make
from tests.pages import Browser, opened
from tests.pictures import picture, upload
from tests.sign_ins import step_up

GIVEN = {"name": "Pier Bakery", "billing_email": "bills@pier.test", "session_max_hours": "12"}


@pytest.fixture
def kim(organization: Organization) -> User:
    """The owner."""
    return make.person(organization, email="kim@harbour.test")


def test_an_admin_changes_them(kim: User) -> None:
    make.product("pages", name="Pages", role_options=["admin", "editor"])
    browser = Browser(kim)
    assert "Role of newcomers in Pages" in browser.read("/settings").text

    assert browser.send("/settings", **GIVEN, **{"product-pages": "editor"}).location == "/settings"

    saved = Organization.objects.get()
    assert (saved.name, saved.billing_email, saved.session_max_hours) == ("Pier Bakery", "bills@pier.test", 12)
    assert saved.default_product_roles == {"pages": "editor"}
    assert "The settings are saved." in browser.read("/settings").text


def test_what_will_not_do_is_told(kim: User) -> None:
    browser = Browser(kim)

    assert browser.send("/settings", **{**GIVEN, "session_max_hours": "0"}).status == 400
    locked_out = browser.send("/settings", **GIVEN, two_factor_required="on")
    assert locked_out.status == 400
    assert "you would lock yourself out" in locked_out.text
    assert Organization.objects.get().name == "Harbour Bakery"


def test_a_member_looks_only(organization: Organization) -> None:
    browser = Browser(make.person(organization, Role.MEMBER))

    page = browser.read("/settings")
    assert "Up to each" in page.text
    assert "Delete" not in page.text
    assert browser.send("/settings", **GIVEN).status == 403
    assert browser.send("/settings/delete", name="Harbour Bakery").status == 403
    assert Organization.objects.get().name == "Harbour Bakery"


def test_it_is_deleted_by_its_name_and_restored(kim: User, organization: Organization) -> None:
    browser = Browser(kim)
    assert browser.send("/settings/delete", name="Harbour Bakery").location.startswith(
        "/security/confirm?purpose=organization.delete"
    )
    assert Organization.objects.get().status == "active"

    step_up(kim, "organization.delete")
    assert browser.send("/settings/delete", name="Harbour").location == "/settings"
    assert "nothing was deleted" in browser.read("/settings").text

    assert browser.send("/settings/delete", name="Harbour Bakery").location == "/organizations/deleted"
    assert "Harbour Bakery is deleted." in browser.read("/organizations/deleted").text
    assert browser.read("/members").heading == "You belong to no organization"

    assert browser.send(f"/organizations/{organization.pk}/restore").location == "/settings"
    assert browser.read("/settings").heading == "Settings"
    assert "There are no deleted organizations." in browser.read("/organizations/deleted").text


def test_what_runs_stands_in_the_way(kim: User, organization: Organization) -> None:
    make.order(organization)
    browser = Browser(kim)
    step_up(kim, "organization.delete")

    browser.send("/settings/delete", name="Harbour Bakery")

    assert "Something still runs" in browser.read("/settings").text
    assert Organization.objects.get().status == "active"


def test_nobody_restores_what_was_not_theirs(kim: User, organization: Organization) -> None:
    Organization.objects.update(status="deleted", deleted_at=clock.now())
    browser = Browser(make.person(make.organization("Other Company")))

    assert browser.send(f"/organizations/{organization.pk}/restore").status == 404
    assert "Harbour" not in browser.read("/organizations/deleted").text


def test_whoever_makes_one_works_in_it(kim: User) -> None:
    browser = Browser(kim)
    assert browser.read("/organizations/new").heading == "New organization"
    assert browser.send("/organizations/new", name="").status == 400

    assert browser.send("/organizations/new", name="Annex").location == "/settings"

    assert "Annex is known as annex" in browser.read("/settings").text
    assert Membership.objects.get(organization__name="Annex").role == "owner"


def test_who_has_none_makes_one() -> None:
    browser = Browser(make.user())

    assert browser.send("/organizations/new", name="Annex").location == "/settings"
    assert browser.read("/settings").heading == "Settings"


def test_a_sign_in_that_is_too_old_is_asked_to_sign_in_again(kim: User) -> None:
    Organization.objects.update(session_max_hours=1)
    make.membership(make.organization("Annex"), kim)
    browser = Browser(kim)
    assert browser.read("/members").heading == "Members"

    Session.objects.update(created_at=clock.now() - timedelta(hours=2))

    page = browser.read("/members")
    assert page.heading == "Sign in again"
    assert "every 1 hour." in page.text
    assert "Work in Annex" in page.text
    assert browser.read("/profile").heading == "Profile"


def test_a_picture_is_set_and_taken_away(kim: User) -> None:
    browser = Browser(kim)
    refused = opened(browser.post("/settings/picture", {"photo": upload(b"no picture")}))
    assert refused.status == 400
    assert "This is no picture" in refused.text

    assert opened(browser.post("/settings/picture", {"photo": upload(picture())})).location == "/settings"
    assert str(Organization.objects.get().avatar_url) in browser.read("/settings").html

    assert browser.send("/settings/picture/remove").location == "/settings"
    assert Organization.objects.get().avatar == ""

"""The pages about roles."""

import pytest

from orgs.models import CustomRole, Organization
from orgs.roles import REGISTRY, Role
from tests import make
from tests.pages import Browser


@pytest.fixture
def browser(organization: Organization) -> Browser:
    """An admin's."""
    return Browser(make.person(organization, Role.ADMIN))


def test_every_permission_and_role_is_in_the_table(browser: Browser, organization: Organization) -> None:
    make.custom_role(organization, "recruiter")

    page = browser.read("/roles")

    assert [label for label in REGISTRY.values() if label not in page.text] == []
    assert [name for name in (*Role.labels, "Recruiter") if name not in page.text] == []


def test_a_role_is_made_changed_and_deleted(browser: Browser) -> None:
    page = browser.read("/roles/new")
    assert 'value="member.invite"' in page.html
    # What its maker does not hold is not offered.
    assert 'value="billing.manage"' not in page.html
    assert 'value="member.assign"' not in page.html

    assert browser.send("/roles/new", name="Recruiters", permissions="member.invite").location == "/roles"
    role = CustomRole.objects.get()
    assert role.permissions == ["organization.read", "member.invite"]
    assert browser.read(f"/roles/{role.pk}").heading == "Recruiters"

    assert browser.send(f"/roles/{role.pk}", name="Scouts").location == "/roles"
    role.refresh_from_db()
    assert (role.name, role.permissions) == ("Scouts", ["organization.read"])

    assert browser.send(f"/roles/{role.pk}/delete").location == "/roles"
    assert not CustomRole.objects.exists()


def test_what_will_not_do_is_told(browser: Browser, organization: Organization) -> None:
    role = make.custom_role(organization, "strong", permissions=["billing.manage"])
    make.membership(organization, custom_role=role)

    assert "Choose another name" in browser.send("/roles/new", name="Owner").text
    assert browser.send("/roles/new", name="", permissions="member.invite").status == 400
    assert browser.send("/roles/new", name="New", permissions="billing.manage").status == 400
    strong = f"/roles/{role.pk}"
    assert "more than yours" in browser.send(strong, name="Strong", permissions="billing.manage").text
    assert browser.send(strong, name="").status == 400
    assert browser.send(f"{strong}/delete").location == strong
    assert "Somebody has this role" in browser.read("/roles").text
    assert CustomRole.objects.get().permissions == ["billing.manage"]


def test_a_member_looks_and_changes_nothing(organization: Organization) -> None:
    role = make.custom_role(organization, "recruiter")
    browser = Browser(make.person(organization, Role.MEMBER))

    assert "New role" not in browser.read("/roles").text
    assert "Delete it" not in browser.read(f"/roles/{role.pk}").text
    for path in ("/roles/new", f"/roles/{role.pk}", f"/roles/{role.pk}/delete"):
        assert browser.send(path, name="Mine").status == 403
    assert browser.read("/roles/new").status == 403
    assert CustomRole.objects.get().name == "Recruiter"

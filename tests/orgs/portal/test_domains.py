"""The page of the organization's domains."""

import pytest

from orgs.models import Domain, Organization
from orgs.roles import Role
from tests import make
from tests.orgs.names import proof, saying
from tests.pages import Browser


@pytest.fixture
def admin(organization: Organization) -> Browser:
    return Browser(make.person(organization, Role.ADMIN))


def test_a_domain_is_added_verified_opened_and_given_up(admin: Browser, organization: Organization) -> None:
    assert "Harbour Bakery has no domains yet." in admin.read("/domains").text

    page = admin.send("/domains", name="Harbour.example")
    assert (page.status, page.location) == (302, "/domains")
    domain = Domain.objects.get()
    page = admin.read("/domains")
    assert "Publish the record of harbour.example, then verify it." in page.text
    assert "Not verified" in page.text
    assert domain.record_name in page.text
    assert domain.record_value in page.text

    with saying({}):
        admin.send(f"/domains/{domain.pk}/verify")
    assert f"There is no TXT record {domain.record_name} yet." in admin.read("/domains").text
    with saying(proof(domain)):
        admin.send(f"/domains/{domain.pk}/verify")
    assert "harbour.example is verified." in admin.read("/domains").text

    admin.send(f"/domains/{domain.pk}/join", **{f"{domain.pk}-join_role": "member"})
    domain.refresh_from_db()
    assert (domain.state, domain.join_role) == ("verified", "member")

    admin.send(f"/domains/{domain.pk}/remove")
    assert not Domain.objects.exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "This field is required."),
        ("harbour", "This is no domain name, such as example.com."),
        ("gmail.com", "Everybody can get an address there: name a domain of your own."),
    ],
)
def test_what_is_no_domain_of_ones_own_is_said(admin: Browser, name: str, told: str) -> None:
    page = admin.send("/domains", name=name)

    assert page.status == 400
    assert told in page.text
    assert not Domain.objects.exists()


def test_nobody_joins_as_one_who_decides(admin: Browser, organization: Organization) -> None:
    domain = make.domain(organization)

    admin.send(f"/domains/{domain.pk}/join", **{f"{domain.pk}-join_role": "owner"})

    assert "There is no such role." in admin.read("/domains").text
    domain.refresh_from_db()
    assert domain.join_role == ""


def test_members_look_and_change_nothing(organization: Organization) -> None:
    domain = make.domain(organization, state="verified")
    member = Browser(make.person(organization, Role.MEMBER))

    page = member.read("/domains")
    assert "Verified" in page.text
    assert ">Remove</button>" not in page.text
    assert "Add a domain" not in page.text
    assert member.send("/domains", name="harbour.example").status == 403
    for what in ("verify", "join", "remove"):
        assert member.send(f"/domains/{domain.pk}/{what}").status == 403
    assert Domain.objects.count() == 1


def test_a_lost_domain_says_so(admin: Browser, organization: Organization) -> None:
    make.domain(organization, state="lost")
    assert "The record is gone, and nobody joins by this domain any more." in admin.read("/domains").text


def test_another_organizations_domain_is_not_there(admin: Browser) -> None:
    domain = make.domain(make.organization())

    assert domain.name not in admin.read("/domains").text
    for what in ("verify", "join", "remove"):
        assert admin.send(f"/domains/{domain.pk}/{what}").status == 404
    assert Domain.objects.count() == 1

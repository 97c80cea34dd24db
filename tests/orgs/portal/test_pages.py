"""Pages that act for one organization: who enters, which organization, and what a role may do there."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from orgs.models import Membership, Organization
from orgs.portal.pages import OrganizationPage
from orgs.roles import Role
from platform_core import scoping
from tests import make
from tests.pages import Browser

PAGES = ("/overview", "/servers", "/usage", "/invoices", "/plans", "/profile")


@pytest.mark.parametrize("path", PAGES)
def test_nobody_is_sent_to_sign_in_and_back(path: str) -> None:
    page = Browser().read(path)

    assert (page.status, page.location) == (302, f"/accounts/login/?next={path}")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("role", Role.values)
def test_every_role_may_read_every_page(path: str, role: str) -> None:
    page = Browser(make.person(make.organization("Harbour Bakery"), Role(role))).read(path)

    assert page.status == 200
    assert "Harbour Bakery" in page.text
    assert page.response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/profile"])
def test_a_person_of_no_organization_is_told_what_to_do(path: str) -> None:
    page = Browser(make.user()).read(path)

    assert (page.status, page.heading) == (200, "You belong to no organization")


def test_staff_of_no_organization_are_shown_to_their_place() -> None:
    page = Browser(make.user(is_staff=True)).read("/overview")

    assert "Open the staff console" in page.text


@pytest.mark.parametrize(
    ("membership", "organization"),
    [
        (Membership.Status.SUSPENDED, Organization.Status.ACTIVE),
        (Membership.Status.ACTIVE, Organization.Status.SUSPENDED),
    ],
)
def test_a_place_that_is_not_active_opens_nothing(membership: str, organization: str) -> None:
    person = make.user()
    make.membership(make.organization("Closed Ltd", status=organization), person, status=membership)

    page = Browser(person).read("/overview")

    assert page.heading == "You belong to no organization"
    assert "Closed Ltd" not in page.html


def test_the_page_names_the_role() -> None:
    page = Browser(make.person(make.organization(), Role.AUDITOR)).read("/overview")

    assert "Auditor" in page.text


def test_a_verb_without_a_rule_is_not_answered() -> None:
    browser = Browser(make.person(make.organization()))

    assert browser.post("/overview").status_code == 405
    assert browser.put("/overview").status_code == 405


def test_the_headers_alone_take_the_same_right_as_the_page() -> None:
    assert Browser(make.person(make.organization())).head("/overview").status_code == 200


class Peek(OrganizationPage):
    """Answers with the scope that it was called in."""

    access = {"GET": "person"}

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(repr(scoping.current()))


def test_no_row_of_any_other_organization_is_in_reach_of_a_page() -> None:
    mine, also_mine = make.organization(), make.organization()
    person = make.person(mine)
    make.membership(also_mine, person)
    request = RequestFactory().get("/")
    request.user, request.session = person, {"organization": str(also_mine.pk)}  # type: ignore[assignment]

    answer = Peek.as_view()(request)

    assert isinstance(answer, HttpResponse)
    assert answer.content.decode() == repr(scoping.of_organizations([also_mine.pk]))
    assert scoping.current() == scoping.SYSTEM

"""What a person says of themselves."""

import pytest

from orgs.models import Organization
from orgs.roles import Role
from platform_core.models import AuditEvent
from tests import make
from tests.pages import Browser, opened
from tests.pictures import picture, upload


@pytest.fixture
def browser(organization: Organization) -> Browser:
    return Browser(make.person(organization, first_name="Kim", email="kim@harbour.test"))


def test_it_shows_name_address_and_organizations(browser: Browser) -> None:
    page = browser.read("/profile")

    assert page.heading == "Profile"
    assert 'value="Kim"' in page.html
    assert "kim@harbour.test" in page.text
    assert "Harbour Bakery Owner" in page.text


def test_a_new_name_is_saved_with_its_event(browser: Browser) -> None:
    page = browser.send("/profile", first_name="Kim", last_name="Lindqvist")

    event = AuditEvent.objects.get()
    assert (page.status, page.location) == (302, "/profile")
    assert "Your name is saved." in browser.read("/profile").text
    assert (event.action, event.changes) == ("user.update", {"last_name": "Lindqvist"})


def test_a_name_that_is_too_long_says_so_at_its_field(browser: Browser) -> None:
    page = browser.send("/profile", first_name="K" * 81)

    assert page.status == 400
    assert 'aria-invalid="true"' in page.html
    assert "Ensure this value has at most 80 characters" in page.text
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("name", ["Kim\nBuy now", "Kim\u202egnp", "Kim\x07"])
def test_a_name_that_does_not_stay_on_its_line_is_refused_as_by_the_api(browser: Browser, name: str) -> None:
    page = browser.send("/profile", first_name=name)

    assert page.status == 400
    assert "One line of text, without control characters." in page.text
    assert not AuditEvent.objects.exists()


def test_nothing_but_the_name_is_taken_from_the_form(browser: Browser) -> None:
    browser.send("/profile", first_name="Kim", is_staff="on", email="other@x.test", is_employee="on")

    page = browser.read("/profile")

    assert "kim@harbour.test" in page.text
    assert "Staff console" not in page.text


def test_a_picture_is_shown_everywhere_and_taken_away(browser: Browser) -> None:
    page = opened(browser.post("/profile/photo", {"photo": upload(picture())}))

    assert page.location == "/profile"
    assert browser.read("/overview").html.count("/photo?v=") == 1
    assert browser.read("/profile").html.count("/photo?v=") == 2
    assert browser.send("/profile/photo/remove").location == "/profile"
    assert "/photo?v=" not in browser.read("/profile").html


@pytest.mark.parametrize("content", [b"<svg/>", b""], ids=["svg", "nothing"])
def test_what_is_no_picture_is_refused_at_its_field(browser: Browser, content: bytes) -> None:
    page = opened(browser.post("/profile/photo", {"photo": upload(content)}))

    assert page.status == 400
    assert 'aria-invalid="true"' in page.html
    assert not AuditEvent.objects.exists()


def test_somebody_without_an_organization_has_a_profile_too() -> None:
    page = Browser(make.user("kim@example.test")).read("/profile")

    assert (page.status, page.heading) == (200, "Profile")
    assert "You belong to none." in page.text


def test_another_organization_is_chosen_there(browser: Browser, organization: Organization) -> None:
    kim = organization.memberships.get().user
    other = make.organization("Pier")
    make.membership(other, kim, role=Role.MEMBER)
    assert "In use" in browser.read("/profile").text

    assert browser.send("/organizations/switch", organization=str(other.pk)).status == 302

    assert "Pier Member" in browser.read("/profile").text

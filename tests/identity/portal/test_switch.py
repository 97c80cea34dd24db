"""Working in one organization after another."""

from identity.models import AnalyticsEvent, Session
from orgs.models import Organization
from orgs.roles import Role
from platform_core.models import AuditEvent
from tests import make
from tests.pages import Browser


def two() -> tuple[Browser, Organization, Organization]:
    first, second = make.organization("Harbour Bakery"), make.organization("Lighthouse Studio")
    person = make.person(first, Role.OWNER)
    make.membership(second, person, role=Role.MEMBER)
    return Browser(person), first, second


def test_the_first_joined_is_in_use_until_another_is_chosen() -> None:
    browser, _, second = two()
    assert browser.read("/overview").heading == "Harbour Bakery"

    page = browser.send("/organizations/switch", organization=str(second.pk))

    assert (page.status, page.location) == (302, "/overview")
    assert browser.read("/overview").heading == "Lighthouse Studio"


def test_the_choice_is_the_sign_ins_and_leaves_the_event_that_the_api_leaves() -> None:
    browser, _, second = two()

    browser.send("/organizations/switch", organization=str(second.pk))

    session = Session.objects.get()
    assert session.organization_id == second.pk
    event = AuditEvent.objects.get(action="session.switch_organization")
    assert (event.actor_id, event.target_id) == (str(session.user_id), str(session.pk))
    assert event.organization_id == second.pk
    assert AnalyticsEvent.objects.get(name="organization.switched").organization_id == second.pk


def test_the_switcher_offers_both_and_marks_the_one_in_use() -> None:
    browser, first, second = two()

    html = browser.read("/overview").html

    assert f'value="{first.pk}" aria-current="true"' in html
    assert f'value="{second.pk}">' in html


def test_one_organization_needs_no_switcher() -> None:
    assert "/organizations/switch" not in Browser(make.person(make.organization())).read("/overview").html


def test_another_s_organization_is_as_unknown_as_none() -> None:
    browser, _, _ = two()
    stranger = make.organization("Stranger Inc")

    theirs = browser.send("/organizations/switch", organization=str(stranger.pk))
    nobodys = browser.send("/organizations/switch", organization="nonsense")

    assert (theirs.status, theirs.text) == (404, nobodys.text)
    assert browser.read("/overview").heading == "Harbour Bakery"
    assert not AuditEvent.objects.exists()


def test_a_choice_that_was_taken_away_falls_back() -> None:
    browser, _, second = two()
    browser.send("/organizations/switch", organization=str(second.pk))

    second.memberships.all().delete()

    assert browser.read("/overview").heading == "Harbour Bakery"

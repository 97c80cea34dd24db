"""Taking one's data away, and leaving."""

import re

import pytest

from identity.models import DataExport, User
from orgs.roles import Role
from platform_core.models import Mail
from tests import make
from tests.identity.jobs import work
from tests.pages import Browser
from tests.sign_ins import step_up

EXPORT, DELETE = "/profile/export", "/profile/delete"


@pytest.fixture
def kim() -> User:
    return make.person(make.organization("Harbour"), Role.MEMBER, email="kim@example.test")


@pytest.fixture
def browser(kim: User) -> Browser:
    """Kim's, who has just proved who they are."""
    made = Browser(kim)
    step_up(kim, "account.export", "account.delete")
    return made


def link() -> str:
    found = re.search(r"(/accounts/export/exp_[\w-]+/)", Mail.objects.get(template="identity/export_ready").text)
    assert found
    return found[1]


@pytest.mark.parametrize(("path", "purpose"), [(EXPORT, "account.export"), (DELETE, "account.delete")])
def test_one_proves_first_who_one_is(kim: User, path: str, purpose: str) -> None:
    for call in (Browser(kim).read, Browser(kim).send):
        page = call(path)
        assert (page.status, page.location.partition("?")[0]) == (302, "/security/confirm")
        assert f"purpose={purpose}" in page.location
    assert not DataExport.objects.exists()


def test_ones_data_is_fetched_once_with_the_mailed_link(browser: Browser) -> None:
    assert browser.send(EXPORT).location == EXPORT
    assert "On its way" in browser.read(EXPORT).text
    work()
    assert "Link mailed" in browser.read(EXPORT).text

    assert browser.read(link()).heading == "Your data is ready"
    fetched = browser.post(link())

    assert fetched["Content-Disposition"] == 'attachment; filename="my-data.zip"'
    assert fetched.content.startswith(b"PK")
    assert browser.read(link()).status == 410
    assert browser.send(link()).status == 410
    assert "Fetched" in browser.read(EXPORT).text


def test_another_gets_nothing_with_the_link(browser: Browser, anonymous: Browser) -> None:
    browser.send(EXPORT)
    work()

    assert Browser(make.user()).read(link()).status == 404
    assert Browser(make.user()).send(link()).status == 404
    assert anonymous.get(link()).status_code == 302
    assert browser.read(link()).status == 200


def test_a_second_wish_waits_for_the_first(browser: Browser) -> None:
    browser.send(EXPORT)
    browser.send(EXPORT)

    assert "Your data is being put together already." in browser.read(EXPORT).text


def test_an_account_is_deleted(browser: Browser, kim: User) -> None:
    assert browser.read(DELETE).heading == "Delete account"

    page = browser.send(DELETE)

    assert page.heading == "Your account is deleted"
    assert browser.read("/profile").location.startswith("/accounts/login/")
    kim.refresh_from_db()
    assert kim.status == User.Status.DELETED


def test_a_sole_owner_sees_what_stands_in_the_way(browser: Browser, kim: User) -> None:
    for name in ("Lighthouse", "Pier"):
        make.membership(make.organization(name), kim, role=Role.OWNER)

    pages = [browser.read(DELETE), browser.send(DELETE)]

    assert [page.status for page in pages] == [200, 409]
    assert all("You are the only owner of Lighthouse, Pier." in page.text for page in pages)
    assert browser.read("/profile").status == 200

"""The page of where one is signed in."""

from uuid import uuid4

import pytest

from identity.models import Session, User
from identity.portal.templatetags.devices import device
from tests import make
from tests.pages import Browser
from tests.sign_ins import enter, make_session

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Mobile Safari/604.1"


@pytest.fixture
def kim() -> User:
    return make.person(make.organization("Harbour"), email="kim@example.test")


@pytest.mark.parametrize(
    ("agent", "known"),
    [
        (FIREFOX, "Firefox on Linux"),
        (EDGE, "Edge on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("curl/8.9", "curl"),
        ("", "Unknown browser"),
        ("<script>alert(1)</script>", "Unknown browser"),
    ],
    ids=["firefox", "edge", "iphone", "curl", "nothing", "nonsense"],
)
def test_browsers_are_named_as_people_know_them(agent: str, known: str) -> None:
    assert device(agent) == known


def test_they_are_listed_and_one_is_ended(kim: User) -> None:
    browser, other = Browser(kim), Browser()
    session = enter(other, kim, user_agent=FIREFOX)
    page = browser.read("/profile/sessions")
    assert "Firefox on Linux" in page.text
    assert "This one" in page.text

    assert browser.send(f"/profile/sessions/{session.pk}/end").location == "/profile/sessions"

    assert "Firefox" not in browser.read("/profile/sessions").text
    assert other.get("/profile").status_code == 302


def test_all_others_are_ended(kim: User) -> None:
    browser = Browser(kim)
    make_session(kim)

    browser.send("/profile/sessions")

    assert "You are signed out everywhere else." in browser.read("/profile/sessions").text
    browser.send("/profile/sessions")
    assert "You were signed in here only." in browser.read("/profile/sessions").text


def test_anothers_does_not_exist(kim: User) -> None:
    theirs = make_session(make.user())

    for pk in (theirs.pk, uuid4()):
        assert Browser(kim).send(f"/profile/sessions/{pk}/end").status == 404
    assert Session.objects.get(pk=theirs.pk).revoked_at is None

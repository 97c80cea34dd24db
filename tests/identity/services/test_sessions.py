"""Ending sign-ins."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory

from identity.browser_sessions import SessionStore
from identity.models import Session, User
from identity.services import sessions, tokens
from platform_core import clock
from platform_core.errors import NotFound
from platform_core.models import AuditEvent
from tests import make
from tests.sign_ins import enter, make_session


def test_browser_sessions_and_tokens_end_together_and_only_this_persons() -> None:
    user, other = make.user(), make.user()
    browser, others_browser = Client(), Client()
    enter(browser, user)
    carried = enter(others_browser, other)
    tokens.issue(user, organization_id=None)
    others = tokens.issue(other, organization_id=None).session

    sessions.end_all(user, "test")

    assert browser.get("/auth/me").status_code == 401
    assert others_browser.get("/auth/me").status_code == 200
    assert list(Session.objects.filter(revoked_at=None)) == [carried, others]


def test_of_somebody_whose_row_is_gone_nothing_is_left_to_end() -> None:
    user, bystander = make.user(), make.user()
    kept = make_session(bystander)
    User.objects.filter(pk=user.pk).delete()

    sessions.end_all(user, "test")

    assert (user.security_version, list(Session.objects.filter(revoked_at=None))) == (1, [kept])


def test_what_a_browser_kept_of_somebody_else_is_gone() -> None:
    first = make_session(make.user())
    request = RequestFactory().get("/")
    request.session = SessionStore()
    request.session.update({sessions.SID: str(first.pk), "draft": "of the first"})
    request.session.save()

    second = sessions.begin(make.user(), kind="pages", methods=["pwd"], request=request)

    first.refresh_from_db()
    assert (first.revoked_reason, request.session.get("draft")) == ("replaced", None)
    assert request.session[sessions.SID] == str(second.pk)


def test_the_moment_and_reason_of_an_earlier_end_are_kept() -> None:
    user = make.user()
    tokens.issue(user, organization_id=None)
    sessions.end_all(user, "first")
    first = Session.objects.get()

    sessions.end_all(user, "second")

    again = Session.objects.get()
    assert (again.revoked_at, again.revoked_reason) == (first.revoked_at, "first")


def age(session: Session, **ago: float) -> None:
    Session.objects.filter(pk=session.pk).update(last_seen_at=clock.wall() - timedelta(**ago))


def test_being_here_is_written_once_a_minute_and_keeps_the_session_alive() -> None:
    browser = Client()
    session = enter(browser, make.user())
    Session.objects.update(idle_expires_at=clock.wall() + timedelta(minutes=1))

    def last_seen() -> datetime:
        assert browser.get("/auth/me").status_code == 200
        session.refresh_from_db()
        return session.last_seen_at

    first = last_seen()
    age(session, seconds=50)
    assert last_seen() < first
    age(session, seconds=61)
    assert last_seen() > first
    assert session.idle_expires_at > clock.wall() + timedelta(days=13)


def test_a_bearer_is_seen_too_but_lives_on_by_being_refreshed() -> None:
    issued = tokens.issue(make.user(), organization_id=None)
    before = issued.session.idle_expires_at
    age(issued.session, minutes=3)

    Client(headers={"Authorization": f"Bearer {issued.access_token}"}).get("/auth/me")

    issued.session.refresh_from_db()
    assert clock.wall() - issued.session.last_seen_at < timedelta(seconds=30)
    assert issued.session.idle_expires_at == before


@pytest.mark.parametrize("change", [{"revoked_at": clock.wall()}, {"security_version": 7}], ids=["ended", "all ended"])
def test_an_ended_session_leaves_nothing_with_the_browser(change: dict[str, Any]) -> None:
    browser = Client()
    enter(browser, make.user())
    Session.objects.update(**change)

    response = browser.get("/auth/me")

    assert response.status_code == 401
    assert response.cookies["session"].value == ""


def test_the_row_of_a_token_carries_no_browser() -> None:
    issued = tokens.issue(make.user(), organization_id=None)
    browser = Client()
    enter(browser, make.user())
    store = browser.session
    store[sessions.SID] = str(issued.session.pk)
    store.save()

    assert browser.get("/auth/me").status_code == 401


def test_ending_one_is_the_persons_own_affair() -> None:
    user, other = make.user(), make.user()
    theirs, mine = make_session(other), make_session(user)

    with pytest.raises(NotFound):
        sessions.end_own(user, theirs.pk)
    sessions.end_own(user, mine.pk)
    with pytest.raises(NotFound):
        sessions.end_own(user, mine.pk)

    assert [session.pk for session in Session.objects.filter(revoked_at=None)] == [theirs.pk]


def test_ending_the_others_keeps_the_one_in_use() -> None:
    user = make.user()
    kept, other = make_session(user), make_session(user)

    assert sessions.end_others(user, kept, "revoked") == 1
    assert sessions.end_others(user, kept, "revoked") == 0

    other.refresh_from_db()
    assert other.revoked_reason == "revoked"
    assert AuditEvent.objects.get().action == "session.end_others"
    assert list(sessions.of_person(user)) == [kept]


def test_sessions_of_staff_who_act_as_a_person_are_not_shown_to_them() -> None:
    user = make.user()
    make_session(user, impersonator=make.user(is_staff=True), reason="A ticket")

    assert list(sessions.of_person(user)) == []


def test_the_console_ends_sooner_than_the_pages() -> None:
    now = clock.wall()

    assert sessions.lives("console", now)["idle_expires_at"] - now == timedelta(hours=1)
    assert sessions.lives("console", now)["absolute_expires_at"] - now == timedelta(hours=12)
    assert sessions.lives("pages", now)["absolute_expires_at"] - now == timedelta(days=30)


def test_a_session_ends_once() -> None:
    session = make_session(make.user())

    sessions.end(session)
    sessions.end(session, "revoked")

    session.refresh_from_db()
    assert session.revoked_reason == "sign-out"
    assert AuditEvent.objects.get().action == "session.end"

"""Acting as a customer: who may, as whom, how long, and what stays out of reach."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from identity.browser_sessions import SessionStore
from identity.models import Session, User
from identity.services import impersonation, sessions
from platform_core import clock, context
from platform_core.errors import Conflict, InvalidInput, NotAllowed
from platform_core.models import AuditEvent, Mail
from platform_core.services import audit
from tests import clients, make
from tests.sign_ins import make_session

REASON = "Ticket 4711: the invoice page is empty."


def browser(carries: Session) -> HttpRequest:
    request = RequestFactory().get("/")
    request.session = SessionStore()
    request.session[sessions.SID] = str(carries.pk)
    request.session.save()
    return request


def of_staff(role: str = "ADMIN", **fields: Any) -> Session:
    return make_session(clients.staff_in(role).user, **fields)


def begun(session: Session, person: User, *, reason: str = REASON, may_write: bool = False) -> Session:
    return impersonation.start(browser(session), person, by=session, reason=reason, may_write=may_write)


def test_it_names_both_says_why_and_ends_after_half_an_hour() -> None:
    staff, person = of_staff(), make.user("ada@acme.test")

    session = begun(staff, person)

    assert (session.user, session.impersonator, session.reason, session.may_write) == (
        person, staff.user, REASON, False
    )  # fmt: skip
    assert session.absolute_expires_at - session.last_seen_at <= timedelta(minutes=30)
    event = AuditEvent.objects.get(action="impersonation.start")
    assert (event.actor_id, event.target_id) == (str(staff.user.pk), str(person.pk))
    assert event.changes == {"session": str(session.pk), "reason": REASON, "may_write": False}
    mail = Mail.objects.get()
    assert (mail.to, mail.template) == ("ada@acme.test", "identity/impersonated")
    assert REASON in mail.text


def test_the_mail_is_a_matter_of_policy(settings: Any) -> None:
    settings.IMPERSONATION_NOTICE = False

    begun(of_staff(), make.user())

    assert not Mail.objects.exists()


def test_being_used_does_not_prolong_it() -> None:
    session = begun(of_staff(), make.user())
    Session.objects.filter(pk=session.pk).update(last_seen_at=session.last_seen_at - timedelta(minutes=5))
    session.refresh_from_db()
    until = session.absolute_expires_at

    sessions.seen(session)

    session.refresh_from_db()
    assert session.absolute_expires_at == until
    assert session.is_expired(until)


@pytest.mark.parametrize("reason", ["", "   ", "short", "x" * 501])
def test_without_a_reason_it_does_not_begin(reason: str) -> None:
    with pytest.raises(InvalidInput):
        begun(of_staff(), make.user(), reason=reason)

    assert not Session.objects.exclude(impersonator=None).exists()


def test_never_as_staff() -> None:
    colleague = clients.staff_in("SUPPORT").user

    for target in (colleague, make.user(is_superuser=True)):
        with pytest.raises(NotAllowed, match="member of staff"):
            begun(of_staff("OWNER"), target)


def test_not_as_somebody_suspended() -> None:
    with pytest.raises(Conflict):
        begun(of_staff(), make.user(status=User.Status.SUSPENDED))


def test_a_role_is_needed_a_second_factor_too_and_more_to_change_anything() -> None:
    person = make.user()

    for by in (of_staff("SUPPORT"), make_session(make.user()), of_staff("OWNER", two_factor_at=None)):
        with pytest.raises(NotAllowed, match="may not act"):
            begun(by, person)
    with pytest.raises(NotAllowed, match="may look"):
        begun(of_staff("MANAGER"), person, may_write=True)
    assert not begun(of_staff("MANAGER"), person).may_write
    assert begun(of_staff("ADMIN"), person, may_write=True).may_write


def test_who_acts_as_somebody_does_not_act_from_there_as_another() -> None:
    acting = begun(of_staff("OWNER"), make.user())

    with pytest.raises(NotAllowed):
        begun(acting, make.user())


def test_what_is_done_meanwhile_names_both() -> None:
    staff, person = of_staff(), make.user("ada@acme.test")
    request = browser(staff)
    impersonation.start(request, person, by=staff, reason=REASON)
    delattr(request, sessions.FOUND)
    context.begin(context.RequestContext())

    assert sessions.of_request(request)
    event = audit.record("thing.change", person, by=person)

    assert (event.actor_id, event.actor_label) == (str(person.pk), "ada@acme.test")
    assert (event.impersonator_id, event.impersonator_label) == (str(staff.user.pk), staff.user.email)


def test_one_at_a_time() -> None:
    staff = of_staff()
    first = begun(staff, make.user())

    second = begun(staff, make.user())

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.revoked_reason, second.revoked_at) == ("replaced", None)


def test_it_ends_with_the_role_of_whoever_began_it() -> None:
    session = begun(of_staff(), make.user())
    assert Session.objects.get(pk=session.pk).is_usable

    User.objects.filter(impersonations=session).update(is_staff=False)

    assert not Session.objects.get(pk=session.pk).is_usable


def test_stopping_gives_the_own_sign_in_back_under_a_new_key() -> None:
    staff = of_staff()
    request = browser(staff)
    own_key = request.session.session_key
    acting = impersonation.start(request, make.user(), by=staff, reason=REASON, may_write=False)
    request.session.save()
    acting_key = request.session.session_key

    resumed = impersonation.stop(request, acting)
    request.session.save()

    assert resumed == staff
    assert request.session[sessions.SID] == str(staff.pk)
    assert len({own_key, acting_key, request.session.session_key}) == 3
    assert not SessionStore().exists(own_key or "")
    assert not SessionStore().exists(acting_key or "")
    acting.refresh_from_db()
    assert acting.revoked_reason == "stopped"
    assert AuditEvent.objects.get(action="impersonation.stop").actor_id == str(staff.user.pk)


def test_a_sign_in_that_ended_meanwhile_does_not_come_back() -> None:
    staff = of_staff()
    request = browser(staff)
    acting = impersonation.start(request, make.user(), by=staff, reason=REASON, may_write=False)
    Session.objects.filter(pk=staff.pk).end("revoked")

    assert impersonation.stop(request, acting) is None
    assert sessions.SID not in request.session


def test_oneself_is_not_stopped() -> None:
    own = make_session(make.user())

    with pytest.raises(Conflict):
        impersonation.stop(browser(own), own)


@pytest.mark.parametrize(
    ("module", "may_write", "allowed"),
    [
        ("orgs.api.user.organizations", True, True),
        ("orgs.api.user.organizations", False, False),
        ("identity.portal.switch", False, True),
        ("identity.portal.profile", True, False),
        ("identity.api.user.users", True, False),
        ("allauth.account.views", True, False),
        ("billing.portal.checkout", True, False),
        ("identity.portal.impersonation", False, True),
        ("platform_core.portal.preferences", False, True),
    ],
)
def test_what_may_be_changed(module: str, *, may_write: bool, allowed: bool) -> None:
    session = begun(of_staff(), make.user(), may_write=may_write)

    assert (impersonation.refusal(session, module) is None) is allowed


def test_by_the_clock_those_end_to_which_nobody_came_back() -> None:
    late, running, stopped = (begun(of_staff(), make.user()) for _ in range(3))
    own = make_session(make.user(), absolute_expires_at=clock.wall())
    Session.objects.filter(pk=late.pk).update(absolute_expires_at=clock.wall())
    Session.objects.filter(pk=stopped.pk).update(absolute_expires_at=clock.wall())
    Session.objects.filter(pk=stopped.pk).end("stopped")

    assert impersonation.end_expired() == {"ended": 1}
    assert impersonation.end_expired() == {"ended": 0}

    reasons = {each.pk: each.revoked_reason for each in Session.objects.all()}
    assert [reasons[each.pk] for each in (late, running, stopped, own)] == ["expired", "", "stopped", ""]
    event = AuditEvent.objects.get(action="impersonation.stop")
    assert (event.actor_id, event.target_id) == (str(late.impersonator_id), str(late.user_id))
    assert event.changes == {"session": str(late.pk), "reason": "expired"}


def test_a_row_that_is_long_gone_leads_nowhere() -> None:
    staff = of_staff()
    request = browser(staff)
    acting = impersonation.start(request, make.user(), by=staff, reason=REASON)
    Session.objects.filter(pk=acting.pk).delete()
    delattr(request, sessions.FOUND)
    request.session[sessions.SID] = str(acting.pk)

    assert impersonation.come_back(request) is None

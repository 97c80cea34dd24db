"""Staff who act as a customer: with a reason, for half an hour, looking only unless more is allowed, never as staff."""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import transaction

from identity.models import Session, User
from identity.services import reasons, sessions
from platform_core import clock, scoping
from platform_core.errors import Conflict, DomainError, NotAllowed
from platform_core.services import audit, mail

if TYPE_CHECKING:
    from django.http import HttpRequest

PERMISSION = "identity.impersonate_user"
WITH_CHANGES = "identity.impersonate_with_changes"
LIFE = timedelta(minutes=30)
# Where the browser keeps the sign-in that goes on afterwards.
RESUMES = "resumes"
# How a person signs in and who they are, and what costs money: theirs alone, whatever staff are allowed.
OUT_OF_REACH = frozenset({"identity", "allauth", "billing"})
# Leaving, which of the person's organizations to look at, and how pages look.
ALWAYS = frozenset({"identity.portal.impersonation", "identity.portal.switch", "platform_core.portal.preferences"})


def start(request: "HttpRequest", person: User, *, by: Session, reason: str, may_write: bool = False) -> Session:
    """Let the browser of a member of staff carry a sign-in as a customer; their own goes on when it ends."""
    staff = by.user
    _require_right(by, person, may_write=may_write)
    reason = reasons.stated(reason)
    with transaction.atomic(), scoping.system():
        _end_earlier(staff)
        session = _begin(person, staff, reason, may_write=may_write)
        changes = {"session": session.pk, "reason": reason, "may_write": may_write}
        audit.record("impersonation.start", person, by=staff, changes=changes)
        if settings.IMPERSONATION_NOTICE:
            _tell(session)
    sessions.switch(request, session, **{RESUMES: str(by.pk)})
    return session


def stop(request: "HttpRequest", session: Session) -> Session | None:
    """End it. The sign-in from before goes on under a new key, if it still can; what was carried until now is dead."""
    if session.impersonator_id is None:
        raise Conflict("You are signed in as yourself.")
    _end(session, "stopped")
    return _resume(request, session)


def is_carried(request: "HttpRequest") -> bool:
    """Whether a browser acts, or acted until now. Asked on every request: without a cookie there is nothing to read."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES and RESUMES in request.session


def come_back(request: "HttpRequest") -> Session | None:
    """Give staff whose acting is over their own sign-in back, under a new key; the one that is over, if it is."""
    if sessions.of_request(request) is not None:
        return None
    sid = request.session.get(sessions.SID)
    over = _known(sid) if sid else None
    if over is None:
        return None
    _end(over, _cause(over))
    _resume(request, over)
    return over


def end_expired() -> dict[str, int]:
    """End those whose half hour is over and to whose browser nobody came back. Runs by the clock."""
    late = Session.objects.exclude(impersonator=None).filter(revoked_at=None, absolute_expires_at__lte=clock.wall())
    return {"ended": sum(_end(session, "expired") for session in late.select_related("user", "impersonator"))}


def refusal(session: Session, module: str) -> DomainError | None:
    """Why staff who act as somebody may not change what a view of this module changes; None where they may."""
    if module in ALWAYS:
        return None
    if not session.may_write:
        return NotAllowed(f"You are acting as {session.user.email} and may only look.")
    if module.partition(".")[0] in OUT_OF_REACH:
        return NotAllowed(f"Only {session.user.email} can do this: it is about how they sign in, or about money.")
    return None


def _require_right(by: Session, person: User, *, may_write: bool) -> None:
    staff = by.user
    if by.impersonator_id is not None or not by.has_two_factor or not staff.is_staff or not staff.has_perm(PERMISSION):
        raise NotAllowed("Your role may not act as customers.")
    if may_write and not staff.has_perm(WITH_CHANGES):
        raise NotAllowed("Your role may look, and not change anything.")
    if person.is_staff or person.is_superuser:
        raise NotAllowed("Nobody acts as a member of staff.")
    if not person.is_active:
        raise Conflict("This account is not active.")


def _end_earlier(staff: User) -> None:
    for session in staff.impersonations.filter(revoked_at=None).select_related("user"):
        _end(session, "replaced")


def _end(session: Session, reason: str) -> int:
    """Said once, whoever sees it first."""
    with transaction.atomic(), scoping.system():
        ended = Session.objects.filter(pk=session.pk).end(reason)
        if ended:
            changes = {"session": session.pk, "reason": reason}
            audit.record("impersonation.stop", session.user, by=session.impersonator, changes=changes)
    return ended


def _cause(session: Session) -> str:
    return "expired" if session.is_expired(clock.wall()) else "ended"


def _resume(request: "HttpRequest", session: Session) -> Session | None:
    before = _known(request.session.get(RESUMES) or str(session.pk))
    resumed = before if before is not None and before.user_id == session.impersonator_id and before.is_usable else None
    sessions.switch(request, resumed)
    return resumed


def _known(session_id: str) -> Session | None:
    return Session.objects.select_related("user", "impersonator").filter(pk=UUID(session_id)).first()


def _begin(person: User, staff: User, reason: str, *, may_write: bool) -> Session:
    until = clock.wall() + LIFE
    return sessions.begin(
        person,
        kind=Session.Kind.PAGES,
        methods=[],
        by=staff,
        impersonator=staff,
        reason=reason,
        may_write=may_write,
        idle_expires_at=until,
        absolute_expires_at=until,
    )


def _tell(session: Session) -> None:
    person = session.user
    context = {
        "name": person.name,
        "reason": session.reason,
        "may_write": session.may_write,
        "minutes": int(LIFE / timedelta(minutes=1)),
    }
    mail.queue("identity/impersonated", person.email, context, key=f"impersonation:{session.pk}")

"""Sign-ins: how one begins, who is behind a request, and how they end. Every door leads here.

A browser's Django session holds nothing but the row's id (`SID`); the row decides on each request.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.middleware.csrf import rotate_token

from identity import browser_sessions
from identity.models import Session, User
from identity.models.sessions import STEP_UP_LIFE
from identity.services import telemetry
from orgs.selectors import organization_in_use
from platform_core import clock, context, returning, scoping
from platform_core.errors import NotFound
from platform_core.services import audit

if TYPE_CHECKING:
    from django.db.models import Field
    from django.http import HttpRequest

SID = browser_sessions.SID
# Where a request remembers what was found.
FOUND = "_sign_in"
# How exactly it is known when somebody was here last.
SEEN_EVERY = timedelta(seconds=60)


def begin(
    user: User,
    *,
    kind: str,
    methods: Iterable[str],
    two_factor: bool = False,
    request: "HttpRequest | None" = None,
    by: User | None = None,
    **columns: Any,
) -> Session:
    """Sign a person in, by the ways they proved who they are (RFC 8176: pwd, otp, hwk, rc, mail).

    Pages and the console need the request: its session gets a new key, and what was signed in there before ends.
    `columns` are those that only some kinds have: of the refresh token, or of an impersonation.
    """
    with transaction.atomic(), scoping.system():
        session = _insert(user, kind=kind, methods=sorted(set(methods)), two_factor=two_factor, **columns)
        if by is None and (user.last_login is None or session.last_seen_at - user.last_login >= SEEN_EVERY):
            user.last_login = session.last_seen_at
            user.save(update_fields=["last_login"])
        if request is not None and kind != Session.Kind.TOKENS:
            _carry(request, session)
        audit.record("session.start", user, by=by or user, changes={"session": session.pk, "kind": kind})
        if by is None:
            telemetry.record(
                "session.started", user, organization_id=session.organization_id, properties={"kind": kind}
            )
    return session


def of_request(request: "HttpRequest") -> Session | None:
    """The sign-in that this browser's session carries, with its person; None once it has ended. Looked up once."""
    if not hasattr(request, FOUND):
        setattr(request, FOUND, _carried_by(request))
    found: Session | None = getattr(request, FOUND)
    return found


def is_console(request: "HttpRequest") -> bool:
    """Whether a request is for the staff console, whose sign-ins are its own."""
    return bool(request.path.startswith(settings.CONSOLE_PATH))


def is_fresh(session: Session) -> bool:
    """Whether the second factor was shown just now, when this sign-in began."""
    return session.two_factor_at is not None and clock.wall() - session.two_factor_at < STEP_UP_LIFE


def store_of(session: Session) -> SessionBase:
    """A new session of a browser that carries a sign-in, for a cookie other than this request's."""
    store: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SID] = str(session.pk)
    store.save()
    return store


def carried_under(key: str, alike: Session) -> Session | None:
    """The open sign-in of the same person and kind that a cookie with this key leads to."""
    same = alike.user.sessions.open().filter(browsers__session_key=key, kind=alike.kind)
    return same.select_related("user").first()


def switch(request: "HttpRequest", session: Session | None, **kept: str) -> None:
    """Let a browser carry another sign-in, or none, without ending the one before. The old key is dead."""
    request.session.flush()
    rotate_token(request)
    if session is not None:
        request.session.update({SID: str(session.pk), **kept})
    setattr(request, FOUND, session)


def leave(request: "HttpRequest") -> None:
    """Sign out of a browser: the sign-in ends, and nothing that was kept with it stays."""
    session = of_request(request)
    if session is not None:
        end(session)
    logout(request)
    setattr(request, FOUND, None)


def seen(session: Session) -> None:
    """The person is here now: said at most once a minute, and it keeps the sign-in from running out unused."""
    now = clock.wall()
    if now - session.last_seen_at < SEEN_EVERY:
        return
    session.last_seen_at = now
    changed = {"last_seen_at": now}
    if session.kind != Session.Kind.TOKENS:
        # Tokens live on by being refreshed.
        changed["idle_expires_at"] = session.idle_expires_at = now + idle_life(session.kind)
    Session.objects.filter(pk=session.pk, revoked_at=None).update(**changed)


def of_person(user: User) -> QuerySet[Session]:
    """Where a person is signed in now, the last seen first. Staff who act as them are not among it."""
    return user.sessions.open().filter(impersonator=None).order_by("-last_seen_at", "-id")


def end(session: Session, reason: str = "sign-out", *, by: User | None = None) -> None:
    """End one sign-in; its cookies, refresh token and access tokens are worth nothing from now on."""
    with transaction.atomic(), scoping.system():
        if Session.objects.filter(pk=session.pk).end(reason):
            changes = {"session": session.pk, "reason": reason}
            audit.record("session.end", session.user, by=by or session.user, changes=changes)


def end_own(user: User, session_id: UUID) -> None:
    """End one of a person's own sign-ins; another's does not exist for them."""
    session = user.sessions.open().filter(pk=session_id, impersonator=None).select_related("user").first()
    if session is None:
        raise NotFound("There is no such session.")
    end(session, "revoked", by=user)


def work_in(session: Session, organization_id: UUID) -> None:
    """Choose the organization that a sign-in works in; one the person does not belong to does not exist for them."""
    user = session.user
    if organization_in_use(user, str(organization_id)) != organization_id:
        raise NotFound("There is no such organization.")
    with transaction.atomic(), scoping.system():
        session.organization_id = organization_id
        session.save(update_fields=["organization_id"])
        audit.record("session.switch_organization", session, by=user)
        if session.impersonator_id is None:
            telemetry.record("organization.switched", user, organization_id=organization_id)


@transaction.atomic
def end_others(user: User, keep: Session, reason: str) -> int:
    """End every sign-in of a person but the one they use; how many there were."""
    ended = user.sessions.exclude(pk=keep.pk).end(reason)
    if ended:
        with scoping.system():
            changes = {"kept": keep.pk, "ended": ended, "reason": reason}
            audit.record("session.end_others", user, by=user, changes=changes)
    return ended


@transaction.atomic
def end_all(user: User, reason: str, *, keep: Session | None = None, **changes: Any) -> None:
    """End every sign-in of a person at once, also those that are being begun, except the one to keep.

    `changes` are of the person's own row, which is written anyway.
    """
    if not outdate(user, User.objects.filter(pk=user.pk), **changes):
        return
    if keep is None:
        user.sessions.end(reason)
    else:
        end_outdated(user, reason, keep=keep)


def end_outdated(user: User, reason: str, *, keep: Session, **kept: Any) -> None:
    """End what `outdate` left worth nothing, and let one go on. `kept` are columns of that one."""
    kept = {"security_version": user.security_version, **kept}
    for name, value in kept.items():
        setattr(keep, name, value)
    is_kept = Q(pk=keep.pk)
    user.sessions.filter(is_kept | Q(revoked_at=None)).update(
        revoked_at=Case(When(is_kept, then=F("revoked_at")), default=clock.wall()),
        revoked_reason=Case(When(is_kept, then=F("revoked_reason")), default=Value(reason)),
        **{name: Case(When(is_kept, then=_value(name, value)), default=F(name)) for name, value in kept.items()},
    )


def outdate(user: User, rows: QuerySet[User], *told: str, **changes: Any) -> list[Any]:
    """Change a person's row, if it is among these, in the same statement after which none of their sign-ins counts.

    Gives the new version, and after it what is to be told of the row; nothing where it is not among them.
    """
    found = returning.update(rows, "security_version", *told, security_version=F("security_version") + 1, **changes)
    if not found:
        return []
    user.security_version = found[0][0]
    return list(found[0])


def renew(request: "HttpRequest") -> None:
    """Give a browser's session a new key, where it carries a sign-in: what is proved from now on is worth more."""
    if SID in request.session:
        # At once: what was proved counts for the sign-in, which the old key would still lead to.
        request.session.renew_key()  # type: ignore[attr-defined]


def lives(kind: str, now: datetime) -> dict[str, datetime]:
    """Until when a sign-in that begins now can be used."""
    absolute = {
        Session.Kind.PAGES: settings.SESSION_ABSOLUTE_SECONDS,
        Session.Kind.TOKENS: settings.SESSION_ABSOLUTE_SECONDS,
        Session.Kind.CONSOLE: settings.CONSOLE_ABSOLUTE_SECONDS,
    }[Session.Kind(kind)]
    return {"idle_expires_at": now + idle_life(kind), "absolute_expires_at": now + timedelta(seconds=absolute)}


def idle_life(kind: str) -> timedelta:
    """How long a sign-in lives without being used."""
    console = kind == Session.Kind.CONSOLE
    return timedelta(seconds=settings.CONSOLE_IDLE_SECONDS if console else settings.SESSION_IDLE_SECONDS)


def _value(column: str, value: object) -> Value:
    return Value(value, cast("Field[Any, Any]", Session._meta.get_field(column)))


def _insert(user: User, *, kind: str, two_factor: bool, **columns: Any) -> Session:
    now = clock.wall()
    origin = context.current()
    facts = {
        **lives(kind, now),
        "last_seen_at": now,
        "two_factor_at": now if two_factor else None,
        "ip_address": origin.ip_address if origin else None,
        "user_agent": origin.user_agent if origin else "",
        **columns,
    }
    return Session.objects.create(user=user, kind=kind, security_version=user.security_version, **facts)


def _carried_by(request: "HttpRequest") -> Session | None:
    sid = request.session.get(SID)
    if sid is None:
        return None
    kind = Session.Kind.CONSOLE if is_console(request) else Session.Kind.PAGES
    session = _found_with(request.session, UUID(sid))
    if session is None or session.kind != kind or not session.is_usable:
        # Staff whose acting is over are led back to their own sign-in, which this browser's session still knows.
        if session is None or session.impersonator_id is None:
            request.session.flush()
        return None
    if session.impersonator is not None:
        context.act_as(session.impersonator.pk, session.impersonator.email)
    seen(session)
    return session


def _found_with(browser: SessionBase, sid: UUID) -> Session | None:
    """The sign-in that came with the browser's own row, unless this request has carried another since."""
    known: Session | None = getattr(browser, "sign_in", None)
    if known is not None and known.pk == sid:
        return known
    return Session.objects.select_related("user", "impersonator").filter(pk=sid).first()


def _carry(request: "HttpRequest", session: Session) -> None:
    """Let a browser's session carry the sign-in, under a new key: the old one may be known to somebody else."""
    before = of_request(request)
    if before is not None:
        Session.objects.filter(pk=before.pk).end("replaced")
    if before is not None and before.user_id != session.user_id:
        request.session.flush()
    else:
        request.session.cycle_key()
    # Not Django's own login: what it would keep of the person in the browser's session is the row's to say.
    rotate_token(request)
    request.user = session.user
    request.session[SID] = str(session.pk)
    setattr(request, FOUND, session)

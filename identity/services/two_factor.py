"""Two-factor authentication of a person: what they have, setting it up, proving it, taking it away."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import segno
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from identity.models import Passkey, Session, TotpDevice, User
from identity.services import code_attempts, passkeys, recovery_codes, security_notices, sessions, totp
from orgs.selectors import requires_two_factor, two_factor_required_of
from platform_core import clock, returning, scoping
from platform_core.errors import Conflict, InvalidInput, NotFound
from platform_core.services import audit

# How long a secret that was shown waits for its first code.
SET_UP_LIFE = timedelta(minutes=15)
WRONG_CODE = "The code is not correct."
# The words of RFC 8176, as sessions keep them; "rc" is ours.
OTP, RECOVERY, PASSKEY = "otp", "rc", "hwk"


class WrongCode(InvalidInput):
    """The one answer to every code that does not work, whatever is wrong with it."""

    def __init__(self) -> None:
        super().__init__(WRONG_CODE, details={"code": [WRONG_CODE]})


class NothingWaits(Conflict):
    """There is no app whose first code could be given."""

    def __init__(self) -> None:
        super().__init__("No authenticator app is being set up.")


@dataclass(frozen=True)
class Status:
    """What protects a person's account."""

    totp: bool
    passkeys: int
    backup_codes_left: int
    required: bool

    @property
    def enabled(self) -> bool:
        """Whether a password alone no longer lets anybody in."""
        return self.totp or self.passkeys > 0


@dataclass(frozen=True)
class SetUp:
    """What an authenticator app is fed: shown once, worth nothing until its first code is given."""

    secret: str
    otpauth_url: str

    @property
    def qr_code(self) -> str:
        """The address as an inline SVG element: no style, no script, no picture from elsewhere."""
        drawn: str = segno.make(self.otpauth_url, error="m", micro=False).svg_inline(scale=4, border=2, omitsize=True)
        return drawn


def status(user: User) -> Status:
    """What protects the account now."""
    people = User.objects.filter(pk=user.pk).annotate(app=_has_app("pk"), passkey_count=Count("passkeys"))
    totp_on, passkey_count = people.values_list("app", "passkey_count").get()
    left = recovery_codes.left(user)
    return Status(totp=totp_on, passkeys=passkey_count, backup_codes_left=left, required=is_required(user))


def is_enabled(user: User) -> bool:
    """Whether signing in takes a second factor."""
    app = Q(totp_devices__confirmed_at__isnull=False)
    return User.objects.filter(app | Q(passkeys__isnull=False), pk=user.pk).exists()


def is_required(user: User) -> bool:
    """Staff always need it; so does whoever belongs to an organization that asks for it."""
    return user.is_staff or requires_two_factor(user)


def set_up(user: User) -> SetUp:
    """A fresh secret for an authenticator app. A present app keeps counting until the new one has proved itself."""
    secret = totp.new_secret()
    TotpDevice.objects.update_or_create(
        user=user, confirmed_at=None, defaults={"secret": secret, "set_up_at": clock.wall(), "last_step": 0}
    )
    return _shown(secret, user)


def enrol(user: User) -> str:
    """An app that counts at once, for an account that is made on the server itself; gives its secret."""
    secret = set_up(user).secret
    with transaction.atomic(), scoping.system():
        user.totp_devices.filter(confirmed_at=None).update(confirmed_at=clock.wall())
        audit.record("two_factor.enable", user, by=None, changes={"method": OTP})
    return secret


def being_set_up(user: User) -> SetUp | None:
    """The secret that waits for its first code, if there is one."""
    device = _waiting(user)
    return _shown(device.secret, user) if device is not None else None


def verify(user: User, code: str, *, session: Session) -> list[str]:
    """Turn on the app that is being set up; where none is, only say whether the code is right."""
    try:
        return confirm(user, code, session=session)
    except NothingWaits:
        check_code(user, code)
        return []


def confirm(user: User, code: str, *, session: Session) -> list[str]:
    """The new app's first code turns it on. Gives recovery codes where there were none; other sessions end."""
    codes, digests = ([], user.recovery_digests) if recovery_codes.left(user) else recovery_codes.fresh()
    with transaction.atomic(), scoping.system(), audit.together():
        device, replaces = _held_waiting(user, recovery_digests=digests)
        if replaces:
            user.totp_devices.filter(confirmed_at__isnull=False).delete()
        if not totp.accept(device, _plain(code), confirmed_at=clock.wall()):
            raise WrongCode
        audit.record("two_factor.enable", user, by=user, changes={"method": OTP})
        security_notices.tell(user, "app_added")
        _strengthened(user, session, OTP, is_given_codes=bool(codes))
    return codes


def add_passkey(user: User, answer: Mapping[str, Any], *, name: str, session: Session) -> tuple[Passkey, list[str]]:
    """Keep a new passkey. The first factor of a person comes with recovery codes, and ends other sessions."""
    passkey = passkeys.made(user, answer, name=name)
    codes, digests = recovery_codes.fresh()
    unprotected = User.objects.filter(~_has_app("pk"), ~_has_passkey("pk"), pk=user.pk)
    with transaction.atomic(), scoping.system(), audit.together():
        is_first = sessions.outdate(user, unprotected, recovery_digests=digests)
        passkeys.store(passkey)
        if is_first:
            _strengthened(user, session, PASSKEY, is_given_codes=True)
    return passkey, codes if is_first else []


def check_code(user: User, code: str) -> str:
    """By which method a code is right: an app's or a recovery code. Each counts as a try, each works once."""
    with proved_by_code(user, code) as method:
        return method


@contextmanager
def proved_by_code(user: User, code: str, **changes: Any) -> Iterator[str]:
    """The same, for what is done in one transaction with the code that it takes, and told by the same statement.

    `changes` are written to the person's row with the news that the code was right.
    """
    with _counted(user), scoping.system(), audit.together():
        yield _method_of(user, _plain(code), **changes)


@contextmanager
def _counted(user: User) -> Iterator[None]:
    """A transaction for one try of a code. A wrong one is counted, and told where it was one too many."""
    try:
        with transaction.atomic():
            yield
    except WrongCode:
        code_attempts.was_wrong(user, code_attempts.spend(user))
        raise


def remove_app(user: User, *, session: Session) -> None:
    """Forget the authenticator app."""
    apps = user.totp_devices.filter(confirmed_at__isnull=False)
    with transaction.atomic(), scoping.system(), audit.together():
        _, is_last = _removed(user, apps.annotate(others=_has_passkey("user")), "confirmed_at")
        audit.record("two_factor.remove_app", user, by=user)
        security_notices.tell(user, "app_removed")
        _weakened(user, session, is_last=is_last)


def remove_passkey(user: User, passkey_id: UUID, *, session: Session) -> None:
    """Forget a passkey: it lets nobody in any more. Another person's does not exist."""
    others = Exists(Passkey.objects.filter(user=OuterRef("user")).exclude(pk=OuterRef("pk")))
    named = user.passkeys.filter(pk=passkey_id).annotate(others=others | _has_app("user"))
    with transaction.atomic(), scoping.system(), audit.together():
        name, is_last = _removed(user, named, "name")
        audit.record("passkey.delete", user, by=user, changes={"passkey": passkey_id, "name": name})
        security_notices.tell(user, "passkey_removed", passkey=name)
        _weakened(user, session, is_last=is_last)


def disable(user: User, *, session: Session) -> Status:
    """From now on the password alone lets the person in: app, passkeys and recovery codes are forgotten."""
    with transaction.atomic(), scoping.system(), audit.together():
        return _disable(user, session, None)


def disable_by_code(user: User, code: str, *, session: Session) -> Status:
    """The same, for whoever proves it by a code of what is to be forgotten."""
    with _counted(user), scoping.system(), audit.together():
        return _disable(user, session, _plain(code))


def new_recovery_codes(user: User) -> list[str]:
    """Ten new codes in the place of those that are left; without a second factor they would be of no use."""
    if not is_enabled(user):
        raise Conflict("Turn on two-factor authentication first.")
    return recovery_codes.generate(user, by=user)


def _method_of(user: User, code: str, **changes: Any) -> str:
    if len(code) == totp.DIGITS:
        device = vars(user)["known_device"] if "known_device" in vars(user) else _device(user)
        if device is None or totp.step_of(device.secret, code) is None:
            raise WrongCode
        # The person's row first, as everybody does who changes both.
        if not code_attempts.count_right(user, **changes) or not totp.accept(device, code):
            raise WrongCode
        return OTP
    free = code_attempts.free(clock.wall())
    left = recovery_codes.accept(user, code, where=free, **code_attempts.FORGIVEN, **changes)
    if left is None:
        raise WrongCode
    _tell_recovery(user, left)
    security_notices.tell(user, "backup_code_used", left=left)
    return RECOVERY


def _tell_recovery(user: User, left: int) -> None:
    audit.record("two_factor.use_backup_code", user, by=user, changes={"left": left})


def _disable(user: User, session: Session, code: str | None) -> Status:
    _empty(user, code)
    # Deleted first and judged by what is deleted: refused, it never was.
    apps = forget_apps(user)
    passkeys_before, _ = user.passkeys.all().delete()
    if code is not None and len(code) == totp.DIGITS and not any(_accepts(app, code) for app in apps):
        raise WrongCode
    if not apps and not passkeys_before:
        raise Conflict("Two-factor authentication is not on.")
    audit.record("two_factor.disable", user, by=user)
    security_notices.tell(user, "disabled")
    sessions.end_outdated(user, "two_factor", keep=session)
    return Status(totp=False, passkeys=0, backup_codes_left=0, required=False)


def _empty(user: User, code: str | None) -> None:
    """Hold the person's row, and leave no recovery code on it; where one of them is the proof, it must be there."""
    rows = User.objects.filter(pk=user.pk).annotate(obliged=two_factor_required_of(OuterRef("pk")))
    changes: dict[str, Any] = {}
    if code is not None:
        rows, changes = rows.filter(code_attempts.free(clock.wall())), code_attempts.FORGIVEN
    if code is not None and len(code) != totp.DIGITS:
        others = recovery_codes.after(user, code)
        if others is None:
            raise WrongCode
        rows = rows.filter(recovery_digests=user.recovery_digests)
        _tell_recovery(user, len(others))
    found = sessions.outdate(user, rows, "obliged", recovery_digests=[], **changes)
    if not found:
        # Another request took that code at this moment, or the person is blocked.
        raise WrongCode
    _refuse_last(user, is_last=True, obliged=found[1])


def forget_apps(user: User) -> list[tuple[str, int]]:
    """Forget every authenticator app: of those that counted, the secret and the last step."""
    apps = returning.delete(user.totp_devices.all(), "confirmed_at", "secret", "last_step")
    return [(secret, last_step) for confirmed_at, secret, last_step in apps if confirmed_at is not None]


def _accepts(app: tuple[str, int], code: str) -> bool:
    secret, last_step = app
    return (totp.step_of(secret, code) or 0) > last_step


def _device(user: User) -> TotpDevice | None:
    return user.totp_devices.filter(confirmed_at__isnull=False).first()


def _shown(secret: str, user: User) -> SetUp:
    return SetUp(secret, totp.address(secret, user.email))


def _waiting(user: User) -> TotpDevice | None:
    return _waiting_apps().filter(user=user).first()


def _waiting_apps() -> QuerySet[TotpDevice]:
    return TotpDevice.objects.filter(confirmed_at=None, set_up_at__gt=clock.wall() - SET_UP_LIFE)


def _plain(code: str) -> str:
    return "".join(code.split())


def _has_app(person: str) -> Exists:
    return Exists(TotpDevice.objects.filter(user=OuterRef(person), confirmed_at__isnull=False))


def _has_passkey(person: str) -> Exists:
    return Exists(Passkey.objects.filter(user=OuterRef(person)))


def _held_waiting(user: User, **changes: Any) -> tuple[TotpDevice, bool]:
    """The app that waits for its first code, and whether another counts; the person's row is held, and changed."""
    waiting = _waiting_apps().filter(user=OuterRef("pk"))
    secret = Subquery(waiting.values("secret")[:1], output_field=TotpDevice._meta.get_field("secret"))
    rows = User.objects.filter(Exists(waiting), pk=user.pk).annotate(
        waiting_id=Subquery(waiting.values("pk")[:1]), waiting_secret=secret, replaces=_has_app("pk")
    )
    found = sessions.outdate(user, rows, "waiting_id", "waiting_secret", "replaces", **changes)
    if not found:
        raise NothingWaits
    _, pk, secret_text, replaces = found
    return TotpDevice(pk=pk, user=user, secret=secret_text), replaces


def _removed(user: User, rows: QuerySet[Any], column: str) -> tuple[Any, bool]:
    """Delete one factor of a person, whose row is held: of two that are removed at once, the second sees that it is
    the last. Gives a column of it, and whether it was the last.
    """
    sessions.outdate(user, User.objects.filter(pk=user.pk))
    told = rows.annotate(obliged=two_factor_required_of(OuterRef("user")))
    found = returning.delete(told, column, "others", "obliged")
    if not found:
        raise NotFound("There is no such way to sign in.")
    ((value, others, obliged),) = found
    _refuse_last(user, is_last=not others, obliged=obliged)
    return value, not others


def _refuse_last(user: User, *, is_last: bool, obliged: bool) -> None:
    if is_last and (user.is_staff or obliged):
        raise Conflict("Your account must keep two-factor authentication. Add another way before you remove this one.")


def _strengthened(user: User, session: Session, method: str, *, is_given_codes: bool) -> None:
    """The session that turned it on has proved both factors; those from before end, and so do pending sign-ins."""
    if is_given_codes:
        recovery_codes.told(user, by=user)
    methods = sorted({*session.methods, method})
    sessions.end_outdated(user, "two_factor", keep=session, methods=methods, two_factor_at=clock.wall())


def _weakened(user: User, session: Session, *, is_last: bool) -> None:
    """Whoever signed in by what is gone now is signed out; without any factor, recovery codes have no use."""
    sessions.end_outdated(user, "two_factor", keep=session)
    if is_last:
        recovery_codes.discard(user)

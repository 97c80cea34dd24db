"""Two-factor authentication of a person: what they have, setting it up, proving it, taking it away."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import segno
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q

from identity.models import Passkey, Session, TotpDevice, User
from identity.services import code_attempts, passkeys, recovery_codes, security_notices, sessions, totp
from orgs.selectors import requires_two_factor
from platform_core import clock, scoping
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
    unused = Count("recovery_codes", filter=Q(recovery_codes__used_at=None), distinct=True)
    has_app = Exists(TotpDevice.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False))
    people = User.objects.filter(pk=user.pk).annotate(
        app=has_app, passkey_count=Count("passkeys", distinct=True), left=unused
    )
    totp_on, passkey_count, left = people.values_list("app", "passkey_count", "left").get()
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
    if _waiting(user) is not None:
        return confirm(user, code, session=session)
    check_code(user, code)
    return []


def confirm(user: User, code: str, *, session: Session) -> list[str]:
    """The new app's first code turns it on. Gives recovery codes where there were none; other sessions end."""
    with transaction.atomic(), scoping.system():
        _lock(user)
        device = _waiting(user)
        if device is None:
            raise Conflict("No authenticator app is being set up.")
        if not totp.accept(device, _plain(code)):
            raise WrongCode
        user.totp_devices.filter(confirmed_at__isnull=False).delete()
        TotpDevice.objects.filter(pk=device.pk).update(confirmed_at=clock.wall())
        audit.record("two_factor.enable", user, by=user, changes={"method": OTP})
        security_notices.tell(user, "app_added")
        return _strengthened(user, session, OTP)


def add_passkey(user: User, answer: Mapping[str, Any], *, name: str, session: Session) -> tuple[Passkey, list[str]]:
    """Keep a new passkey. The first factor of a person comes with recovery codes, and ends other sessions."""
    was_enabled = is_enabled(user)
    passkey = passkeys.register(user, answer, name=name)
    if was_enabled:
        return passkey, []
    with transaction.atomic(), scoping.system():
        return passkey, _strengthened(user, session, PASSKEY)


def check_code(user: User, code: str) -> str:
    """By which method a code is right: an app's or a recovery code. Each counts as a try, each works once."""
    with proved_by_code(user, code) as method:
        return method


@contextmanager
def proved_by_code(user: User, code: str, **changes: Any) -> Iterator[str]:
    """The same, for what is done in one transaction with the code that it takes, and told by the same statement.

    `changes` are written to the person's row with the news that the code was right.
    """
    tries = code_attempts.spend(user)
    try:
        with transaction.atomic(), scoping.system(), audit.together():
            yield _method_of(user, _plain(code))
    except WrongCode:
        code_attempts.was_wrong(user, tries)
        raise
    code_attempts.forgive(user, **changes)


def remove_app(user: User, *, session: Session) -> None:
    """Forget the authenticator app."""
    with transaction.atomic(), scoping.system():
        _lock(user)
        _refuse_last(user, is_last=not user.passkeys.exists())
        if not user.totp_devices.filter(confirmed_at__isnull=False).delete()[0]:
            raise NotFound("There is no authenticator app.")
        audit.record("two_factor.remove_app", user, by=user)
        security_notices.tell(user, "app_removed")
        _weakened(user, session)


def remove_passkey(passkey: Passkey, *, session: Session) -> None:
    """Forget a passkey: it lets nobody in any more."""
    user = passkey.user
    with transaction.atomic(), scoping.system():
        _lock(user)
        others = user.passkeys.exclude(pk=passkey.pk).exists() or _device(user) is not None
        _refuse_last(user, is_last=not others)
        if not user.passkeys.filter(pk=passkey.pk).delete()[0]:
            raise NotFound("There is no such passkey.")
        audit.record("passkey.delete", user, by=user, changes={"passkey": passkey.pk, "name": passkey.name})
        security_notices.tell(user, "passkey_removed", passkey=passkey.name)
        _weakened(user, session)


def disable(user: User, *, session: Session) -> None:
    """From now on the password alone lets the person in: app, passkeys and recovery codes are forgotten."""
    if not is_enabled(user):
        raise Conflict("Two-factor authentication is not on.")
    with transaction.atomic(), scoping.system():
        _refuse_last(user, is_last=True)
        forget_everything(user)
        audit.record("two_factor.disable", user, by=user)
        security_notices.tell(user, "disabled")
        _weakened(user, session)


def forget_everything(user: User) -> None:
    """No second factor is left, nor a recovery code. Called in the transaction that says why."""
    user.totp_devices.all().delete()
    user.passkeys.all().delete()
    recovery_codes.discard(user)


def new_recovery_codes(user: User) -> list[str]:
    """Ten new codes in the place of those that are left; without a second factor they would be of no use."""
    if not is_enabled(user):
        raise Conflict("Turn on two-factor authentication first.")
    return recovery_codes.generate(user, by=user)


def _method_of(user: User, code: str) -> str:
    if len(code) == totp.DIGITS:
        device = vars(user)["known_device"] if "known_device" in vars(user) else _device(user)
        if device is None or not totp.accept(device, code):
            raise WrongCode
        return OTP
    left = recovery_codes.accept(user, code)
    if left is None:
        raise WrongCode
    audit.record("two_factor.use_backup_code", user, by=user, changes={"left": left})
    security_notices.tell(user, "backup_code_used", left=left)
    return RECOVERY


def _device(user: User) -> TotpDevice | None:
    return user.totp_devices.filter(confirmed_at__isnull=False).first()


def _shown(secret: str, user: User) -> SetUp:
    return SetUp(secret, totp.address(secret, user.email))


def _waiting(user: User) -> TotpDevice | None:
    return user.totp_devices.filter(confirmed_at=None, set_up_at__gt=clock.wall() - SET_UP_LIFE).first()


def _plain(code: str) -> str:
    return "".join(code.split())


def _lock(user: User) -> None:
    """What a person has changes one at a time: of two that are removed at once, the second sees that it is the last."""
    User.objects.select_for_update().get(pk=user.pk)


def _refuse_last(user: User, *, is_last: bool) -> None:
    if is_last and is_required(user):
        raise Conflict("Your account must keep two-factor authentication. Add another way before you remove this one.")


def _strengthened(user: User, session: Session, method: str) -> list[str]:
    """The session that turned it on has proved both factors; those from before end, and so do pending sign-ins."""
    sessions.end_all(user, "two_factor", keep=session)
    now = clock.wall()
    session.methods = sorted({*session.methods, method})
    session.two_factor_at = now
    session.save(update_fields=["methods", "two_factor_at"])
    return [] if recovery_codes.left(user) else recovery_codes.generate(user, by=user)


def _weakened(user: User, session: Session) -> None:
    """Whoever signed in by what is gone now is signed out; without any factor, recovery codes have no use."""
    sessions.end_all(user, "two_factor", keep=session)
    if not is_enabled(user):
        recovery_codes.discard(user)

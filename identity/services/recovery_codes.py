"""Recovery codes: ten at a time, each works once, shown when they are made and never again."""

import secrets

from django.db import transaction
from django.db.models import Case, F, Q, When

from identity.models import RecoveryCode, User
from platform_core import clock, returning, scoping, tokens
from platform_core.services import audit

COUNT = 10
# Without the letters and digits that people confuse.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 10


def generate(user: User, *, by: User) -> list[str]:
    """Make new ones; whatever was left of the old is worth nothing."""
    codes = [_new() for _ in range(COUNT)]
    with transaction.atomic(), scoping.system():
        discard(user)
        RecoveryCode.objects.bulk_create(RecoveryCode(user=user, code_digest=_digest(code)) for code in codes)
        audit.record("two_factor.generate_backup_codes", user, by=by, changes={"count": COUNT})
    return codes


def left(user: User) -> int:
    """How many still work."""
    return user.recovery_codes.filter(used_at=None).count()


def accept(user: User, code: str) -> int | None:
    """How many are left after this one; None where it does not work. It does for one of all who present it at once."""
    is_given = Q(code_digest__in=tokens.digests(_normalized(code)))
    spent = Case(When(is_given, then=clock.wall()), default=F("used_at"))
    # All that are unused are written, so that one statement tells what is left.
    found = returning.update(user.recovery_codes.filter(used_at=None), "used_at", used_at=spent)
    unused = sum(used_at is None for (used_at,) in found)
    return unused if unused < len(found) else None


def discard(user: User) -> None:
    """None of them works any more."""
    user.recovery_codes.all().delete()


def _new() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{letters[:5]}-{letters[5:]}"


def _normalized(code: str) -> str:
    return "".join(code.lower().split()).replace("-", "")


def _digest(code: str) -> str:
    return tokens.digest(_normalized(code))

"""Recovery codes: ten at a time, each works once, shown when they are made and never again."""

import secrets
from typing import Any

from django.db import transaction
from django.db.models import Q

from identity.models import User
from platform_core import scoping, tokens
from platform_core.services import audit

COUNT = 10
# Without the letters and digits that people confuse.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 10
ANY = Q()


def fresh() -> tuple[list[str], list[str]]:
    """Ten codes, and the digests that are kept of them on the person's row."""
    codes = [_new() for _ in range(COUNT)]
    return codes, [_digest(code) for code in codes]


def generate(user: User, *, by: User) -> list[str]:
    """Make new ones; whatever was left of the old is worth nothing."""
    codes, user.recovery_digests = fresh()
    with transaction.atomic(), scoping.system():
        user.save(update_fields=["recovery_digests"])
        told(user, by=by)
    return codes


def told(user: User, *, by: User) -> None:
    """Note that a person was given new ones."""
    audit.record("two_factor.generate_backup_codes", user, by=by, changes={"count": COUNT})


def left(user: User) -> int:
    """How many still work."""
    return len(user.recovery_digests)


def after(user: User, code: str) -> list[str] | None:
    """The digests of those that are left after this one; None where it does not work."""
    given = tokens.digests(_normalized(code))
    others = [digest for digest in user.recovery_digests if digest not in given]
    return others if len(others) < len(user.recovery_digests) else None


def accept(user: User, code: str, *, where: Q = ANY, **changes: Any) -> int | None:
    """How many are left after this one; None where it does not work. It does for one of all who present it at once.

    It does only `where` their row is so; `changes` are written to it.
    """
    while (others := after(user, code)) is not None:
        before = user.recovery_digests
        same = User.objects.filter(where, pk=user.pk, recovery_digests=before)
        if same.update(recovery_digests=others, **changes):
            user.recovery_digests = others
            return len(others)
        user.refresh_from_db(fields=["recovery_digests"])
        if user.recovery_digests == before:
            break
        # Another was used at this moment, or all were replaced.
    return None


def discard(user: User) -> None:
    """None of them works any more."""
    user.recovery_digests = []
    user.save(update_fields=["recovery_digests"])


def _new() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{letters[:5]}-{letters[5:]}"


def _normalized(code: str) -> str:
    return "".join(code.lower().split()).replace("-", "")


def _digest(code: str) -> str:
    return tokens.digest(_normalized(code))

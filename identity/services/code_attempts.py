"""Guessing codes. Every wrong one is counted for the person, over all their sign-ins and in the database, and none is
right while they are blocked: neither a new pending sign-in nor another worker gives a guesser more tries.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, Value, When

from identity.models import User
from identity.services import security_notices
from platform_core import clock, returning
from platform_core.errors import RateLimited

FREE = 10
FIRST_BLOCK = timedelta(minutes=15)
LONGEST_BLOCK = timedelta(hours=24)
# What a right code writes to the person's row.
FORGIVEN: dict[str, Any] = {"wrong_codes": 0, "codes_blocked_until": None}
# So many doublings lead to the longest wait.
DOUBLINGS = 7


def spend(user: User) -> int:
    """Count one try, and say how many it makes; 429 while the person is blocked. Passkeys cannot be guessed and are
    not counted.
    """
    now = clock.wall()
    counted = _counted(user, now)
    if counted is None:
        user.refresh_from_db(fields=["codes_blocked_until"])
        raise _blocked((user.codes_blocked_until or now) - now)
    return counted


def forgive(user: User) -> None:
    """The code was right: what was wrong before it is forgotten."""
    User.objects.filter(pk=user.pk).update(**FORGIVEN)


def count_right(user: User, **changes: Any) -> bool:
    """The same, unless the person is blocked: then no code is right. `changes` are of the same row.

    Like `spend` one statement on one row: of right and wrong codes at once, none is right after too many wrong ones.
    """
    return User.objects.filter(free(clock.wall()), pk=user.pk).update(**FORGIVEN, **changes) == 1


def free(now: datetime) -> Q:
    """Who is not blocked, as a condition on their row."""
    return Q(codes_blocked_until=None) | Q(codes_blocked_until__lte=now)


def was_wrong(user: User, tries: int) -> None:
    """The tenth wrong code in a row is told to the person: whoever enters them knows their password."""
    if tries == FREE:
        with transaction.atomic():
            security_notices.tell(user, "codes_guessed", once=f"{user.pk}:{clock.wall():%Y%m%d%H}")


def block_after(failed_count: int) -> timedelta:
    """From the tenth wrong code in a row on, each doubles the wait."""
    return min(FIRST_BLOCK * (1 << min(failed_count - FREE, DOUBLINGS)), LONGEST_BLOCK)


def _counted(user: User, now: datetime) -> int | None:
    """One statement reads, counts and blocks: of tries at the same moment, none is looked at uncounted."""
    waits = [
        When(wrong_codes=wrong - 1, then=Value(now + block_after(wrong))) for wrong in range(FREE, FREE + DOUBLINGS)
    ]
    longest = When(wrong_codes__gte=FREE + DOUBLINGS - 1, then=Value(now + LONGEST_BLOCK))
    until = Case(*waits, longest, default=None, output_field=DateTimeField(null=True))
    rows = User.objects.filter(free(now), pk=user.pk)
    changed = returning.update(rows, "wrong_codes", wrong_codes=F("wrong_codes") + 1, codes_blocked_until=until)
    return changed[0][0] if changed else None


def _blocked(wait: timedelta) -> RateLimited:
    message = "Too many wrong codes. Wait, or use a passkey."
    return RateLimited(message, headers={"Retry-After": str(max(1, round(wait.total_seconds())))})

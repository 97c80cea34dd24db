"""What people tried and may not. One event a minute for each person and place, and so many an hour for each person:
trying is told of, and fills no record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import models, transaction

from platform_core import ratelimit, scoping, transactions
from platform_core.ratelimit import Limit
from platform_core.services import audit

ACTION = "access.denied"
AT_ONE_PLACE = Limit("denial", 1, 60)
OF_ONE_PERSON = Limit("denials", 60, 3600)


@dataclass(frozen=True)
class Attempt:
    """What was asked for."""

    method: str
    # The address as a pattern. The address itself may hold what nobody else should read.
    place: str
    # The ids that stood in it.
    named: Mapping[str, UUID]
    # What it takes.
    wanted: str
    status: int


def record(target: models.Model, attempt: Attempt, *, by: audit.Person) -> None:
    """Tell of it in the record that the target belongs to. What the attempt had begun is undone by then."""
    transactions.outside()
    who = str(by.pk)
    if not ratelimit.spend(AT_ONE_PLACE, f"{who} {attempt.method} {attempt.place}").is_allowed:
        return
    if not ratelimit.spend(OF_ONE_PERSON, who).is_allowed:
        return
    changes = {
        "method": attempt.method,
        "address": attempt.place,
        "status": attempt.status,
        **({"needs": attempt.wanted} if attempt.wanted else {}),
        **attempt.named,
    }
    with transaction.atomic(), scoping.system():
        audit.record(ACTION, target, by=by, changes=changes)

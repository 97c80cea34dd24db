"""Founding memberships.

Granting one multiplies at once what the organization's open periods include. Whatever changes later holds from the
next period on: nothing that was promised for a period is taken away within it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Max, Q

from billing.models import BillingPeriod, FoundingMember, Subscription
from platform_core import clock, scoping
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

LIFE = timedelta(days=365)
MULTIPLIER = 2
LARGEST_MULTIPLIER = 10
TRIES = 10


@dataclass(frozen=True)
class Spots:
    """How many can become founding members, and how many have."""

    total: int
    taken: int

    @property
    def remaining(self) -> int:
        """How many still can."""
        return max(0, self.total - self.taken)


def spots() -> Spots:
    """A number once given is never free again."""
    with scoping.system():
        taken = FoundingMember.objects.aggregate(highest=Max("number"))["highest"] or 0
    return Spots(settings.FOUNDING_MEMBER_SPOTS, taken)


@transaction.atomic
def grant(
    organization_id: UUID,
    person: "User",
    *,
    by: "User",
    multiplier: int = MULTIPLIER,
    expires_at: datetime | None = None,
    held: Iterable[UUID] | None = None,
) -> FoundingMember:
    """Make a person a founding member, whose organization's plans include so many times the tokens.

    `held` are the organization's subscriptions, for whoever has locked all of them.
    """
    until = expires_at or clock.now() + LIFE
    _check_multiplier(multiplier)
    _check_expiry(until)
    highest = _highest_without(person, organization_id)
    values = {"organization_id": organization_id, "user": person, "token_multiplier": multiplier, "expires_at": until}
    member = _numbered(values, highest)
    _multiply_open_periods(_held(organization_id) if held is None else held, multiplier)
    changes = {"number": member.number, "token_multiplier": multiplier, "expires_at": until}
    audit.record("founding_member.grant", member, by=by, changes=changes)
    return member


@transaction.atomic
def change(
    member: FoundingMember, *, by: "User", multiplier: int | None = None, expires_at: datetime | None = None
) -> FoundingMember:
    """Change the multiplier or the expiry, from the next period on."""
    member = FoundingMember.objects.select_for_update(of=("self",)).get(pk=member.pk)
    if multiplier is not None:
        _check_multiplier(multiplier)
    if expires_at is not None and expires_at != member.expires_at:
        _check_expiry(expires_at)
    wanted = {"token_multiplier": multiplier, "expires_at": expires_at}
    given = {name: value for name, value in wanted.items() if value not in (None, getattr(member, name))}
    if given:
        changes: dict[str, Any] = {name: [getattr(member, name), value] for name, value in given.items()}
        for name, value in given.items():
            setattr(member, name, value)
        member.save(update_fields=list(given))
        audit.record("founding_member.update", member, by=by, changes=changes)
    return member


@transaction.atomic
def end(member: FoundingMember, *, by: "User") -> FoundingMember:
    """End a membership now: the next period includes what the plan includes. The number stays taken."""
    member = FoundingMember.objects.select_for_update(of=("self",)).get(pk=member.pk)
    now = clock.now()
    if member.expires_at <= now:
        raise Conflict("This membership has ended.")
    member.expires_at = now
    member.save(update_fields=["expires_at"])
    audit.record("founding_member.end", member, by=by)
    return member


def _check_multiplier(multiplier: int) -> None:
    if not 1 <= multiplier <= LARGEST_MULTIPLIER:
        message = f"A whole number from 1 to {LARGEST_MULTIPLIER} is wanted."
        raise InvalidInput(message, details={"token_multiplier": [message]})


def _check_expiry(expires_at: datetime) -> None:
    if expires_at <= clock.now():
        message = "A moment in the future is wanted."
        raise InvalidInput(message, details={"expires_at": [message]})


def _highest_without(person: "User", organization_id: UUID) -> int:
    """The highest number given; a conflict where one of them has one."""
    found = FoundingMember.objects.aggregate(
        highest=Max("number"),
        persons=Count("pk", filter=Q(user=person)),
        organizations=Count("pk", filter=Q(organization=organization_id)),
    )
    if found["persons"]:
        raise Conflict("This person is a founding member already.")
    if found["organizations"]:
        raise Conflict("This organization has a founding member already.")
    return found["highest"] or 0


def _numbered(values: dict[str, Any], highest: int) -> FoundingMember:
    """The next number, which the unique index gives to one of all who ask at once."""
    for _ in range(TRIES):
        if highest >= settings.FOUNDING_MEMBER_SPOTS:
            raise Conflict("Every founding membership is taken.")
        try:
            with transaction.atomic():
                return FoundingMember.objects.create(number=highest + 1, **values)
        except IntegrityError:
            highest = spots().taken
    raise Conflict("Somebody else became a founding member at the same moment. Try again.")


def _held(organization_id: UUID) -> list[UUID]:
    # Usage and closing queue at the subscription's row: a period is not closed meanwhile.
    subscriptions = Subscription.objects.select_for_update(of=("self",)).filter(organization=organization_id)
    return [subscription.pk for subscription in subscriptions.order_by("pk")]


def _multiply_open_periods(held: Iterable[UUID], multiplier: int) -> None:
    periods = BillingPeriod.objects.open().filter(subscription__in=held, token_allotment__isnull=False)
    periods.update(token_allotment=F("token_allotment") * multiplier)

"""Founding memberships, and the allotments that they multiply."""

from datetime import timedelta
from typing import Any

import pytest

from billing.models import FoundingMember, Subscription
from billing.services import founding
from billing.services.periods import included, mirror
from identity.models import User
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent
from tests import make
from tests.clocks import at


@pytest.fixture
def boss() -> User:
    return make.user(is_staff=True)


def granted(boss: User, subscription: Subscription | None = None, **terms: Any) -> FoundingMember:
    organization = (subscription or make.subscription()).organization
    return founding.grant(organization.pk, make.person(organization), by=boss, **terms)


def test_numbers_are_given_in_order_and_never_again(boss: User, settings: Any) -> None:
    settings.FOUNDING_MEMBER_SPOTS = 2

    first, second = granted(boss), granted(boss)
    founding.end(first, by=boss)

    assert (first.number, second.number) == (1, 2)
    assert founding.spots() == founding.Spots(total=2, taken=2)
    assert founding.spots().remaining == 0
    with pytest.raises(Conflict, match="taken"):
        granted(boss)


def test_who_always_loses_the_race_for_a_number_is_told(boss: User, monkeypatch: pytest.MonkeyPatch) -> None:
    granted(boss)
    # As one sees it for whom somebody else is always faster.
    monkeypatch.setattr(founding, "_highest_without", lambda *_: 0)
    monkeypatch.setattr(founding, "spots", lambda: founding.Spots(total=9, taken=0))

    with pytest.raises(Conflict, match="same moment"):
        granted(boss)

    assert FoundingMember.objects.count() == 1


def test_the_expiry_alone_can_be_changed(boss: User) -> None:
    member = granted(boss)
    later = member.expires_at + timedelta(days=1)

    assert founding.change(member, by=boss, expires_at=later).token_multiplier == 2


def test_fewer_spots_than_were_taken_are_none_left(settings: Any, boss: User) -> None:
    granted(boss)
    settings.FOUNDING_MEMBER_SPOTS = 0

    assert founding.spots().remaining == 0


def test_a_grant_says_who_gave_what(boss: User) -> None:
    with at(clock.now()):
        member = granted(boss, multiplier=3)

    event = AuditEvent.objects.get(action="founding_member.grant")
    assert (event.actor_id, event.organization_id) == (str(boss.pk), member.organization_id)
    assert event.changes == {"number": 1, "token_multiplier": 3, "expires_at": str(member.expires_at)}


def test_a_person_and_an_organization_are_founding_members_once(boss: User) -> None:
    member = granted(boss)

    with pytest.raises(Conflict, match="person"):
        founding.grant(make.organization().pk, member.user, by=boss)
    with pytest.raises(Conflict, match="organization"):
        founding.grant(member.organization_id, make.user(), by=boss)


def test_the_open_period_is_multiplied_at_once_and_the_next_ones_too(boss: User) -> None:
    subscription = make.subscription(quantity=2)
    period = mirror(subscription)
    assert period is not None

    granted(boss, subscription)

    period.refresh_from_db()
    assert period.token_allotment == 4_000_000
    assert included(subscription, clock.now()) == 4_000_000


def test_a_plan_without_tokens_has_none_to_multiply(boss: User) -> None:
    subscription = make.subscription(plan=make.plan())
    period = mirror(subscription)
    assert period is not None

    granted(boss, subscription)

    period.refresh_from_db()
    assert (period.token_allotment, included(subscription, clock.now())) == (None, None)


def test_a_plan_changed_within_the_period_keeps_the_multiplier(boss: User) -> None:
    subscription = make.subscription()
    mirror(subscription)
    granted(boss, subscription)
    Subscription.objects.update(quantity=3)

    period = mirror(subscription)

    assert period is not None
    assert period.token_allotment == 6_000_000


def test_a_period_that_begins_after_the_expiry_is_not_multiplied(boss: User) -> None:
    subscription = make.subscription()
    member = granted(boss, subscription)

    assert included(subscription, member.expires_at - timedelta(seconds=1)) == 2_000_000
    assert included(subscription, member.expires_at) == 1_000_000


def test_ending_takes_nothing_away_within_the_period(boss: User) -> None:
    subscription = make.subscription()
    period = mirror(subscription)
    assert period is not None
    member = granted(boss, subscription)

    founding.end(member, by=boss)

    period.refresh_from_db()
    assert period.token_allotment == 2_000_000
    assert included(subscription, clock.now()) == 1_000_000
    with pytest.raises(Conflict):
        founding.end(member, by=boss)
    assert AuditEvent.objects.filter(action="founding_member.end").count() == 1


def test_a_change_holds_from_the_next_period_on(boss: User) -> None:
    subscription = make.subscription()
    period = mirror(subscription)
    assert period is not None
    member = granted(boss, subscription)
    later = member.expires_at + timedelta(days=30)

    changed = founding.change(member, by=boss, multiplier=4, expires_at=later)

    period.refresh_from_db()
    assert (changed.token_multiplier, changed.expires_at, period.token_allotment) == (4, later, 2_000_000)
    assert included(subscription, clock.now()) == 4_000_000
    assert AuditEvent.objects.get(action="founding_member.update").changes == {
        "token_multiplier": [2, 4],
        "expires_at": [str(member.expires_at), str(later)],
    }


def test_the_same_again_is_no_change(boss: User) -> None:
    member = granted(boss)

    founding.change(member, by=boss, multiplier=2, expires_at=member.expires_at)

    assert not AuditEvent.objects.filter(action="founding_member.update").exists()


@pytest.mark.parametrize("multiplier", [0, -1, 11])
def test_a_multiplier_out_of_bounds_is_refused(boss: User, multiplier: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        granted(boss, multiplier=multiplier)
    assert list(refused.value.details) == ["token_multiplier"]

    member = granted(boss)
    with pytest.raises(InvalidInput):
        founding.change(member, by=boss, multiplier=multiplier)


def test_an_expiry_in_the_past_is_refused(boss: User) -> None:
    with pytest.raises(InvalidInput) as refused:
        granted(boss, expires_at=clock.now())

    assert list(refused.value.details) == ["expires_at"]
    assert not FoundingMember.objects.exists()

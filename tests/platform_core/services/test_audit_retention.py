"""What is too old goes, segment by segment, and the rest still verifies."""

from datetime import timedelta

import pytest
from django.db import connection

from orgs.models import Organization
from platform_core import clock
from platform_core.errors import InvalidInput
from platform_core.models import AuditChain, AuditEvent
from platform_core.services import audit_retention, audit_sealing, audit_verification
from tests import make
from tests.clients import PersonClient


@pytest.fixture
def aged(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> AuditChain:
    """Ten events of long ago, ten of a while ago, five of today."""
    for days_ago, count in ((100, 10), (50, 10), (0, 5)):
        with monkeypatch.context() as then:
            then.setattr(clock._offset, "value", timedelta(days=-days_ago))
            for number in range(count):
                make.audit_event(organization, f"day_{days_ago}.number_{number}")
        audit_sealing.seal_all()
        audit_sealing.checkpoint_all()
    return AuditChain.objects.get(pk=organization.pk)


def keep(chain: AuditChain, days: int | None, *, hold: bool = False) -> None:
    AuditChain.objects.filter(pk=chain.pk).update(retention_days=days, legal_hold=hold)


def left(chain: AuditChain) -> list[int | None]:
    return list(AuditEvent.objects.filter(chain=chain).order_by("sequence").values_list("sequence", flat=True))


def test_whole_segments_go_and_the_chain_still_holds(organization: Organization, aged: AuditChain) -> None:
    keep(aged, 60)

    assert audit_retention.remove_old() == {"removed": 10}

    assert left(aged) == list(range(11, 26))
    chain = AuditChain.objects.get(pk=aged.pk)
    assert (chain.floor_sequence, chain.checkpoints.count()) == (10, 3)
    told = AuditEvent.objects.get(action="audit_log.expire")
    assert (told.organization_id, told.changes) == (organization.pk, {"through": 10, "after": 0})
    (verdict,) = audit_verification.verify_all(organization.pk)
    assert (verdict.problem, verdict.checked, verdict.checkpoints, verdict.unsealed) == ("", 15, 3, 1)
    assert audit_retention.remove_old() == {"removed": 0}


def test_batch_by_batch(aged: AuditChain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_retention, "BATCH", 3)
    keep(aged, 30)

    assert audit_retention.remove_old() == {"removed": 20}
    assert left(aged) == list(range(21, 26))


def test_a_segment_with_one_event_to_keep_stays_whole(aged: AuditChain) -> None:
    keep(aged, 99)
    oldest = AuditEvent.objects.get(chain=aged, sequence=10)
    key = oldest.pk.hex if connection.vendor == "sqlite" else str(oldest.pk)
    make.tampered(
        "UPDATE platform_core_auditevent SET created_at = %s WHERE id = %s", str(clock.wall()).replace("T", " "), key
    )

    assert audit_retention.remove_old() == {"removed": 0}
    assert len(left(aged)) == 25


@pytest.mark.parametrize(("days", "hold"), [(None, False), (60, True)])
def test_for_good_and_under_a_hold_nothing_goes(aged: AuditChain, days: int | None, *, hold: bool) -> None:
    keep(aged, days, hold=hold)

    assert audit_retention.remove_old() == {"removed": 0}
    assert len(left(aged)) == 25


def test_a_hold_that_comes_meanwhile_stops_it(aged: AuditChain) -> None:
    keep(aged, 60)
    audit_retention._raise_floor(AuditChain.objects.get(pk=aged.pk))
    keep(aged, None, hold=True)

    audit_retention._raise_floor(AuditChain.objects.get(pk=aged.pk))

    assert audit_retention._remove_batch(aged.pk) == 0
    assert len(left(aged)) == 25


def test_what_a_stream_has_not_sent_waits_for_it(organization: Organization, aged: AuditChain) -> None:
    stream = make.audit_stream(organization, cursor_sequence=4)
    keep(aged, 60)
    assert audit_retention.remove_old() == {"removed": 0}

    stream.status = stream.Status.PAUSED
    stream.save()

    assert audit_retention.remove_old() == {"removed": 10}


def test_a_floor_that_no_checkpoint_vouches_for_is_found(organization: Organization, aged: AuditChain) -> None:
    hidden = AuditEvent.objects.get(chain=aged, sequence=5)
    AuditChain.objects.filter(pk=aged.pk).update(floor_sequence=5, floor_hash=hidden.hash)

    (verdict,) = audit_verification.verify_all(organization.pk)

    assert verdict.problem == "Events up to 5 are gone and no checkpoint vouches for it."


def test_the_policy_is_recorded_where_it_changes(organization: Organization, owner: PersonClient) -> None:
    changed = audit_retention.change_policy(organization.pk, {"retention_days": 90}, by=owner.user)
    audit_retention.change_policy(organization.pk, {"retention_days": 90, "legal_hold": False}, by=owner.user)

    assert (changed.retention_days, changed.legal_hold) == (90, False)
    event = AuditEvent.objects.get(action="audit_log.configure")
    assert (event.organization_id, event.changes) == (organization.pk, {"retention_days": [None, 90]})


@pytest.mark.parametrize("days", [0, 29, 3651])
def test_neither_too_short_nor_too_long(organization: Organization, owner: PersonClient, days: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        audit_retention.change_policy(organization.pk, {"retention_days": days}, by=owner.user)
    assert list(refused.value.details) == ["retention_days"]


def test_a_chain_that_is_shortened_while_it_is_looked_through_is_looked_through_again(
    organization: Organization, aged: AuditChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(aged, 60)
    walk = audit_verification._Walk.problem
    removed: list[int] = []

    def shortened(self: audit_verification._Walk) -> str:
        if not removed:
            removed.append(audit_retention.remove_old()["removed"])
        return walk(self)

    monkeypatch.setattr(audit_verification._Walk, "problem", shortened)

    (verdict,) = audit_verification.verify_all(organization.pk)

    assert removed == [10]
    assert (verdict.problem, verdict.checked) == ("", 15)

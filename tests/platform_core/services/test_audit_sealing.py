"""Committed events get their place, each once, whoever seals and whoever dies doing it."""

from datetime import timedelta
from threading import Thread
from uuid import UUID

import pytest
from django.db import connections, transaction

from orgs.models import Organization
from platform_core import clock, scoping, worker
from platform_core.models import GENESIS, PLATFORM, AuditChain, AuditCheckpoint, AuditEvent
from platform_core.services import audit, audit_sealing, audit_verification
from tests import make


def places(chain_id: UUID) -> list[tuple[int, str]]:
    sealed = AuditEvent.objects.filter(chain=chain_id).order_by("sequence")
    return [(event.sequence or 0, event.action) for event in sealed]


def test_events_are_sealed_in_their_order_each_organization_in_its_chain(organization: Organization) -> None:
    other = make.organization()
    for number in (1, 2):
        make.audit_event(organization, f"thing.number_{number}")
    make.audit_event(other, "thing.elsewhere")
    with transaction.atomic():
        audit.record("product.publish", make.product(), by=None)

    assert audit_sealing.seal_all() == AuditEvent.objects.count()

    assert [action for _, action in places(organization.pk)][-2:] == ["thing.number_1", "thing.number_2"]
    assert places(other.pk)[-1][1] == "thing.elsewhere"
    assert places(PLATFORM)[-1][1] == "product.publish"
    for chain in AuditChain.objects.all():
        assert [place for place, _ in places(chain.pk)] == list(range(1, chain.sequence + 1))
        last = AuditEvent.objects.get(chain=chain, sequence=chain.sequence)
        assert (chain.hash, len(chain.hash)) == (last.hash, 64)
        assert chain.hash != GENESIS
        assert chain.organization_id == (None if chain.pk == PLATFORM else chain.pk)


def test_a_worker_seals_and_stops_when_nothing_waits(organization: Organization) -> None:
    make.audit_event(organization)

    while worker.round("test"):
        pass

    assert not AuditEvent.objects.unsealed().exists()
    assert audit_sealing.seal_one("test") is False
    assert audit_sealing.seal(organization.pk) == 0
    assert audit_sealing.seal_all() == 0


def test_a_long_queue_is_sealed_batch_by_batch(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_sealing, "BATCH", 2)
    for number in range(5):
        make.audit_event(organization, f"thing.number_{number}")

    assert [audit_sealing.seal(organization.pk) for _ in range(4)] == [2, 2, 1, 0]
    assert [place for place, _ in places(organization.pk)] == [1, 2, 3, 4, 5]


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_of_several_sealers_each_goes_on_where_the_other_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_sealing, "BATCH", 7)
    organization = make.organization()
    for number in range(60):
        make.audit_event(organization, f"thing.number_{number}")

    def seal() -> None:
        with scoping.system():
            while audit_sealing.seal(organization.pk):
                pass
        connections.close_all()

    threads = [Thread(target=seal) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert places(organization.pk) == [(number + 1, f"thing.number_{number}") for number in range(60)]
    assert [verdict.problem for verdict in audit_verification.verify_all(organization.pk)] == [""]


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_what_is_not_committed_has_no_place_yet() -> None:
    organization = make.organization()
    make.audit_event(organization, "thing.committed")

    def seal() -> None:
        with scoping.system():
            audit_sealing.seal_all()
        connections.close_all()

    with transaction.atomic():
        audit.record("thing.undecided", organization, by=None)
        other = Thread(target=seal)
        other.start()
        other.join()
    audit_sealing.seal_all()

    assert places(organization.pk) == [(1, "thing.committed"), (2, "thing.undecided")]


def test_each_day_a_chain_that_grew_is_signed(organization: Organization) -> None:
    chain = make.sealed_chain(organization, 3)

    first = audit_sealing.checkpoint_all()
    again = audit_sealing.checkpoint_all()
    make.sealed_chain(organization, 1)
    audit_sealing.checkpoint_all()

    assert first["signed"] >= 1
    assert again == {"signed": 0}
    signed = AuditCheckpoint.objects.filter(chain=chain).order_by("sequence")
    assert list(signed.values_list("sequence", flat=True)) == [3, 4]
    assert signed[0].hash == chain.hash
    assert signed[0].key == signed[1].key
    text = audit_sealing.signed_text(chain.pk, 3, chain.hash)
    audit_sealing.public_key(signed[0].key).verify(bytes.fromhex(signed[0].signature), text)
    assert audit_sealing.checkpoint(AuditChain.objects.get(pk=chain.pk)).pk == signed[1].pk


def test_sealing_takes_business_time(organization: Organization) -> None:
    before = clock.now()

    chain = make.sealed_chain(organization, 1)

    assert chain.sealed_at is not None
    assert timedelta(0) <= chain.sealed_at - before < timedelta(minutes=1)

"""One changed byte is found, wherever it is; an erased person is no change."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from identity.models import User
from identity.services import erasure
from orgs.models import Organization, Product
from orgs.roles import Role
from platform_core import clock, context, schedule, scoping, sealing
from platform_core.models import AuditChain, AuditCheckpoint, AuditEvent, AuditKey, CronRun, Mail
from platform_core.services import audit, audit_sealing, audit_verification
from tests import clients, make
from tests.clients import PersonClient


def problem(organization: Organization) -> str:
    (verdict,) = audit_verification.verify_all(organization.pk)
    return verdict.problem


def key_of(organization: Organization) -> str:
    """As the engine writes it."""
    return organization.pk.hex if connection.vendor == "sqlite" else str(organization.pk)


def tamper(organization: Organization, at: int, **columns: Any) -> None:
    assignments = ", ".join(f"{name} = %s" for name in columns)
    make.tampered(
        f"UPDATE platform_core_auditevent SET {assignments} WHERE chain_id = %s AND sequence = %s",  # noqa: S608
        *columns.values(),
        key_of(organization),
        at,
    )


@pytest.fixture
def chain(organization: Organization, owner: PersonClient) -> AuditChain:
    """Five sealed events: a person acts, staff act as a person, the platform acts."""
    staff = make.user("staff@mainstay.test", is_staff=True)
    with transaction.atomic():
        context.begin(context.RequestContext("request-1", "192.0.2.1"))
        audit.record("organization.update", organization, by=owner.user, changes={"seats": [5, 6], "name": ["A", "B"]})
        context.begin(context.RequestContext("request-2", "192.0.2.2", impersonator=(str(staff.pk), staff.email)))
        audit.record("organization.update", organization, by=owner.user, changes={"seats": [6, 7]})
        context.end()
        membership = owner.user.memberships.get()
        audit.record("member.update", membership, by=None, changes={"email": "x@y.test", "role": ["admin", "owner"]})
    return make.sealed_chain(organization, 2)


@pytest.mark.usefixtures("chain")
def test_a_chain_that_nobody_touched_holds(organization: Organization) -> None:
    audit_sealing.checkpoint_all()
    make.audit_event(organization)

    (verdict,) = audit_verification.verify_all(organization.pk)

    assert (verdict.problem, verdict.holds) == ("", True)
    assert (verdict.checked, verdict.checkpoints, verdict.unsealed) == (5, 1, 1)
    noted = AuditChain.objects.get(pk=organization.pk)
    assert (noted.problem, noted.verified_sequence) == ("", 5)
    assert noted.verified_at is not None


def test_what_is_not_sealed_yet_is_told(organization: Organization) -> None:
    make.audit_event(organization)

    (verdict,) = audit_verification.verify_all(organization.pk)

    assert (verdict.holds, verdict.checked, verdict.unsealed) == (True, 0, 1)


COLUMNS = {
    "action": "organization.updatf",
    "product": "pages",
    "actor_type": "staff",
    "actor_id": "1",
    "actor_label": "owner@harbour.tesu",
    "impersonator_id": "1",
    "impersonator_label": "nobody@mainstay.test",
    "target_type": "orgs.membership",
    "target_id": "1",
    "target_label": "Harbour Bakerz",
    "person_id": "1",
    "changes": json.dumps({"seats": [5, 7], "name": ["A", "B"]}),
    "request_id": "request-2",
    "ip_address": "192.0.2.9",
    "created_at": "2020-01-01 00:00:00+00:00",
    "hash": "f" * 64,
    "proofs": "{}",
}


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize("column", COLUMNS)
def test_one_changed_byte_is_found_in_any_column(organization: Organization, column: str) -> None:
    tamper(organization, 1, **{column: COLUMNS[column]})

    pk = AuditEvent.objects.get(chain=organization.pk, sequence=1).pk
    assert problem(organization) == f"Event 1 ({pk}) was changed."
    assert AuditChain.objects.get(pk=organization.pk).problem == f"Event 1 ({pk}) was changed."


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize(
    "proofs", ['{"actor": 5}', '{"actor": {}}', '{"actor": {"salt": "zz"}}', '["x"]', '{"target": {"digest": "00"}}']
)
def test_nonsense_in_the_place_of_proofs_is_a_change(organization: Organization, proofs: str) -> None:
    tamper(organization, 1, proofs=proofs)

    assert "was changed" in problem(organization)


@pytest.mark.usefixtures("chain")
def test_a_name_changed_under_another_case_is_found(organization: Organization) -> None:
    tamper(organization, 1, changes=json.dumps({"seats": [5, 6], "name": ["A", "C"]}))

    assert "Event 1 " in problem(organization)


@pytest.mark.usefixtures("chain")
def test_a_deleted_event_is_missed(organization: Organization) -> None:
    make.tampered("DELETE FROM platform_core_auditevent WHERE chain_id = %s AND sequence = 3", key_of(organization))

    assert problem(organization) == "Event 3 is missing."


@pytest.mark.usefixtures("chain")
def test_a_deleted_tail_is_missed(organization: Organization) -> None:
    make.tampered("DELETE FROM platform_core_auditevent WHERE chain_id = %s AND sequence > 3", key_of(organization))

    assert problem(organization) == "Events from 4 to 5 are missing."


@pytest.mark.usefixtures("chain")
def test_a_tail_cut_off_together_with_the_head_is_missed_by_its_checkpoint(organization: Organization) -> None:
    audit_sealing.checkpoint_all()
    third = AuditEvent.objects.get(chain=organization.pk, sequence=3)
    make.tampered("DELETE FROM platform_core_auditevent WHERE chain_id = %s AND sequence > 3", key_of(organization))
    AuditChain.objects.filter(pk=organization.pk).update(sequence=3, hash=third.hash)

    assert problem(organization) == "Events from 4 to 5 are missing."


@pytest.mark.usefixtures("chain")
def test_events_that_changed_places_are_found(organization: Organization) -> None:
    for before, after in ((2, 99), (3, 2), (99, 3)):
        tamper(organization, before, sequence=after)

    assert "Event 2 " in problem(organization)


@pytest.mark.usefixtures("chain")
def test_an_event_slipped_in_is_found(organization: Organization) -> None:
    make.audit_event(organization, "thing.forged")
    make.tampered(
        "UPDATE platform_core_auditevent SET chain_id = %s, sequence = 6, hash = %s "
        "WHERE sequence IS NULL AND organization_id = %s",
        key_of(organization),
        "a" * 64,
        key_of(organization),
    )
    AuditChain.objects.filter(pk=organization.pk).update(sequence=6, hash="a" * 64)

    assert "Event 6 " in problem(organization)


@pytest.mark.usefixtures("chain")
def test_a_head_that_is_another_is_found(organization: Organization) -> None:
    AuditChain.objects.filter(pk=organization.pk).update(hash="b" * 64)

    assert problem(organization) == "The chain's head is not event 5."


@pytest.mark.usefixtures("chain")
def test_an_event_of_another_organization_is_found(organization: Organization) -> None:
    other = make.organization()
    tamper(organization, 1, organization_id=key_of(other))

    assert "Event 1 " in problem(organization)


def _rewrite(organization: Organization, sequence: int, **facts: Any) -> None:
    """Change an event and compute everything after it anew, as one who knows the program can."""
    head = AuditEvent.objects.get(chain=organization.pk, sequence=sequence - 1).hash if sequence > 1 else "0" * 64
    events = AuditEvent.objects.filter(chain=organization.pk, sequence__gte=sequence).order_by("sequence")
    for event in events.values(*audit_verification.FIELDS):
        row = {**event, **(facts if event["sequence"] == sequence else {})}
        head = sealing.link(head, row["sequence"], row, row["proofs"])
        tamper(organization, row["sequence"], action=row["action"], hash=head)
    AuditChain.objects.filter(pk=organization.pk).update(hash=head)


@pytest.mark.usefixtures("chain")
def test_a_rewritten_chain_does_not_fit_its_checkpoint(organization: Organization) -> None:
    audit_sealing.checkpoint_all()

    _rewrite(organization, 2, action="thing.harmless")

    assert problem(organization) == "Event 5 is not the one that the checkpoint there was made of."


@pytest.mark.usefixtures("chain")
def test_a_checkpoint_that_somebody_else_signed_is_found(organization: Organization) -> None:
    audit_sealing.checkpoint_all()
    _rewrite(organization, 2, action="thing.harmless")
    head = AuditChain.objects.get(pk=organization.pk).hash
    signed = AuditCheckpoint.objects.filter(chain=organization.pk)

    signed.update(hash=head)
    assert problem(organization) == "The checkpoint at 5 is not signed by this instance."
    signed.update(signature="no signature")
    assert problem(organization) == "The checkpoint at 5 is not signed by this instance."
    theirs = AuditKey.objects.create(private_key="11" * 32)
    signed.update(key=theirs)
    assert problem(organization) == "The checkpoint at 5 is not signed by this instance."


def _everywhere(person: User) -> list[str]:
    words = AuditEvent.objects.values_list(*sealing.WORDS)
    return [str(row) for row in words if person.email in str(row) or "x@y.test" in str(row) or "192.0.2.1" in str(row)]


@pytest.mark.usefixtures("chain")
def test_a_chain_survives_the_erasure_of_a_person(organization: Organization, owner: PersonClient) -> None:
    make.person(organization, Role.OWNER)
    gone = User.objects.get(pk=owner.user.pk)
    assert _everywhere(gone) != []

    erasure.erase(owner.user, by=owner.user)
    assert erasure.empty_one("test")
    audit_sealing.seal_all()

    assert _everywhere(gone) == []
    assert [verdict.problem for verdict in audit_verification.verify_all()] == ["", ""]
    pseudonym = f"{gone.pk}@erased.invalid"
    first, second, third = AuditEvent.objects.filter(chain=organization.pk, sequence__lte=3).order_by("sequence")
    assert (first.actor_label, first.ip_address) == (pseudonym, None)
    assert first.changes == {"seats": [5, 6], "name": ["A", "B"]}
    assert set(first.proofs["actor"]) == {"digest"}
    assert (second.actor_label, second.impersonator_label) == (pseudonym, "staff@mainstay.test")
    assert second.ip_address == "192.0.2.2"
    assert (third.target_label, third.changes) == (pseudonym, {"email": "erased", "role": ["admin", "owner"]})


@pytest.mark.usefixtures("chain")
def test_the_erasure_of_staff_takes_their_address_and_nothing_of_whom_they_acted_as(organization: Organization) -> None:
    staff = User.objects.get(email="staff@mainstay.test")

    audit.pseudonymise(staff)

    second = AuditEvent.objects.get(chain=organization.pk, sequence=2)
    assert (second.actor_label, second.impersonator_label) == ("owner@harbour.test", f"{staff.pk}@erased.invalid")
    assert second.ip_address is None
    assert problem(organization) == ""


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize("words", [{"actor_label": "mallory@example.test"}, {"ip_address": "192.0.2.66"}])
def test_an_erased_person_becomes_nobody_else(
    organization: Organization, owner: PersonClient, words: dict[str, Any]
) -> None:
    audit.pseudonymise(owner.user)
    assert problem(organization) == ""

    tamper(organization, 1, **words)

    assert "Event 1 " in problem(organization)


@pytest.mark.usefixtures("chain")
def test_who_did_nothing_cannot_be_put_in(organization: Organization) -> None:
    tamper(organization, 5, impersonator_label="mallory@example.test")

    assert "Event 5 " in problem(organization)


@pytest.mark.usefixtures("chain")
def test_erasing_twice_changes_nothing_more(organization: Organization, owner: PersonClient) -> None:
    audit.pseudonymise(owner.user)
    audit.pseudonymise(owner.user)

    assert problem(organization) == ""


def test_an_event_that_is_not_sealed_yet_is_sealed_as_erased(organization: Organization, owner: PersonClient) -> None:
    membership = owner.user.memberships.get()
    make.audit_event(organization, "member.update", by=owner.user)
    with transaction.atomic():
        audit.record("member.update", membership, by=None, changes={"email": "x@y.test"})

    assert audit.pseudonymise(owner.user) == 2
    audit_sealing.seal_all()

    first, second = AuditEvent.objects.filter(chain=organization.pk).order_by("sequence")
    assert first.actor_label == second.target_label == f"{owner.user.pk}@erased.invalid"
    assert second.changes == {"email": "erased"}
    assert problem(organization) == ""


@pytest.fixture
def boss() -> User:
    """An owner of the platform."""
    return clients.staff_in("OWNER").user


def nightly() -> dict[str, Any]:
    """What a run of the night's task came to."""
    with scoping.using(None):
        ran = schedule.run(schedule.find("platform_core.verify_audit_chains"), "test")
    assert ran is not None
    ran.refresh_from_db()
    assert ran.status == "DONE"
    CronRun.objects.all().delete()
    found: dict[str, Any] = ran.result
    return found


@pytest.mark.usefixtures("chain")
def test_the_night_finds_one_changed_byte_and_tells_who_runs_the_platform(
    organization: Organization, boss: User
) -> None:
    clients.staff_in("SUPPORT")
    make.sealed_chain(make.organization("Other Company"))
    assert nightly() == {"chains": 2, "broken": 0, "left": 0}
    assert not Mail.objects.exists()

    tamper(organization, 1, target_label="Harbour Bakerz")

    found = f"Event 1 ({AuditEvent.objects.get(chain=organization.pk, sequence=1).pk}) was changed."
    assert nightly() == {"chains": 2, "broken": 1, "left": 0}
    event = AuditEvent.objects.get(action="audit_log.break")
    assert (event.organization_id, event.actor_type, event.changes) == (
        organization.pk, "system", {"problem": ["", found]}
    )  # fmt: skip
    mail = Mail.objects.get()
    assert (mail.to, mail.subject) == (boss.email, "The audit record of Harbour Bakery does not hold")
    assert found in mail.text
    assert f"/admin/platform_core/auditchain/{organization.pk}/change/" in mail.text
    # Every night finds it again, and tells nothing new.
    assert nightly() == {"chains": 2, "broken": 1, "left": 0}
    assert (Mail.objects.count(), AuditEvent.objects.filter(action="audit_log.break").count()) == (1, 1)


@pytest.mark.usefixtures("chain")
def test_that_it_holds_again_is_an_event_too(organization: Organization, boss: User) -> None:
    tamper(organization, 1, target_label="Harbour Bakerz")
    nightly()

    tamper(organization, 1, target_label="Harbour Bakery")
    nightly()

    assert AuditChain.objects.get(pk=organization.pk).problem == ""
    event = AuditEvent.objects.get(action="audit_log.hold_again")
    assert event.changes["problem"][1] == ""
    assert Mail.objects.count() == 1


def test_the_record_of_the_platform_is_looked_through_too(boss: User) -> None:
    make.product("pages")
    with transaction.atomic():
        audit.record("product.create", Product.objects.get(), by=None)
    audit_sealing.seal_all()
    make.tampered("UPDATE platform_core_auditevent SET action = 'product.creatf' WHERE organization_id IS NULL")

    assert nightly() == {"chains": 1, "broken": 1, "left": 0}

    assert Mail.objects.get().subject == "The audit record of the platform does not hold"


@pytest.mark.usefixtures("chain")
def test_what_a_night_is_too_short_for_begins_the_next(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make.sealed_chain(make.organization("Other Company"))
    AuditChain.objects.filter(pk=other.pk).update(verified_at=clock.now())
    monkeypatch.setattr(audit_verification, "NIGHT", timedelta(0))
    assert nightly() == {"chains": 0, "broken": 0, "left": 2}

    real, calls = clock.wall, []

    def tells_the_end_after_one(chain: AuditChain) -> audit_verification.Verdict:
        calls.append(chain.pk)
        monkeypatch.setattr(clock, "wall", lambda: real() + timedelta(hours=9))
        return verify(chain)

    verify = audit_verification.verify
    monkeypatch.setattr(audit_verification, "NIGHT", timedelta(hours=3))
    monkeypatch.setattr(audit_verification, "verify", tells_the_end_after_one)
    with scoping.system():
        assert audit_verification.verify_nightly() == {"chains": 1, "broken": 0, "left": 1}
    assert calls == [organization.pk]

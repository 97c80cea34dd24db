"""Looking a chain through: every event at its place, unchanged, and every checkpoint signed and in agreement."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from django.db import transaction
from django.db.models import F

from platform_core import clock, sealing, workflow
from platform_core.encryption import DecryptionError
from platform_core.errors import Conflict
from platform_core.models import GENESIS, PLATFORM, AuditChain, AuditCheckpoint, AuditEvent, AuditKey, Job, new_id
from platform_core.services import audit, audit_sealing
from platform_core.signals import audit_chain_broken
from platform_core.workflow import Context, Done, Outcome, Step, Workflow

logger = logging.getLogger(__name__)

KIND = "platform_core.verify_audit_chain"
BATCH = 2000
NIGHT = timedelta(hours=3)
FIELDS = (*sealing.FIELDS, "sequence", "hash", "proofs")


@dataclass(frozen=True)
class Verdict:
    """What came of it. Unsealed events are no fault: nobody vouches for them yet."""

    chain: AuditChain
    checked: int
    checkpoints: int
    unsealed: int
    problem: str

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem


class _Broken(Exception):
    """The first thing that does not fit."""


def verify_all(organization_id: UUID | None = None) -> Iterator[Verdict]:
    """Every chain in turn, or an organization's."""
    wanted = {} if organization_id is None else {"organization_id": organization_id}
    unsealed = AuditEvent.objects.unsealed().filter(**wanted).values_list("organization_id", flat=True)
    # An organization whose first events wait to be sealed has no chain yet.
    for owner in unsealed.order_by().distinct():
        audit_sealing.chain_of(owner)
    for chain in AuditChain.objects.filter(**wanted).order_by("pk"):
        yield verify(chain)


def verify(chain: AuditChain) -> Verdict:
    """Look one chain through, as far as it is sealed now, and note what came of it."""
    while True:
        chain.refresh_from_db()
        walk = _Walk(chain)
        problem = walk.problem()
        # Retention may have removed events while they were looked at.
        if AuditChain.objects.filter(pk=chain.pk, floor_sequence=chain.floor_sequence).exists():
            break
    _note(chain, problem[:300])
    unsealed = AuditEvent.objects.unsealed().of_chain(chain.pk).count()
    return Verdict(chain, walk.checked, walk.passed, unsealed, problem)


def verify_nightly() -> dict[str, int]:
    """Every chain, the one first that was looked at longest ago; what a night is too short for begins the next one."""
    ends = clock.wall() + NIGHT
    waiting = AuditChain.objects.order_by(F("verified_at").asc(nulls_first=True), "pk")
    keys = list(waiting.values_list("pk", flat=True))
    verdicts = [verify(AuditChain.objects.get(pk=key)).holds for key in keys if clock.wall() < ends]
    return {"chains": len(verdicts), "broken": verdicts.count(False), "left": len(keys) - len(verdicts)}


@transaction.atomic
def _note(chain: AuditChain, problem: str) -> None:
    """Keep what came of it. A finding that was none before is an event, and is announced; so is its end an event."""
    held = AuditChain.objects.select_for_update().get(pk=chain.pk)
    before = held.problem
    held.verified_at, held.verified_sequence, held.problem = clock.now(), chain.sequence, problem
    held.save(update_fields=["verified_at", "verified_sequence", "problem"])
    if problem:
        logger.error("The %s is broken: %s", chain, problem)
    if problem != before:
        action = "audit_log.break" if problem else "audit_log.hold_again"
        audit.record(action, held, by=None, changes={"problem": [before, problem]})
    if problem and problem != before:
        audit_chain_broken.send(AuditChain, chain=held)


class _Walk:
    """One way through a chain, from its floor to its head."""

    def __init__(self, chain: AuditChain) -> None:
        self.chain = chain
        self.checked = 0
        self.passed = 0
        self._sequence, self._hash = chain.floor_sequence, chain.floor_hash
        self._keys = {key.pk: key for key in AuditKey.objects.all()}
        self._checkpoints = {each.sequence: each for each in AuditCheckpoint.objects.filter(chain=chain)}

    def problem(self) -> str:
        """The first thing that does not fit; empty where all does."""
        try:
            self._begin()
            for row in self._rows():
                self._step(row)
            self._finish()
        except _Broken as broken:
            return str(broken)
        return ""

    def _begin(self) -> None:
        if self._sequence == 0 and self._hash == GENESIS:
            return
        if self._checkpoints.get(self._sequence) is None:
            raise _Broken(f"Events up to {self._sequence} are gone and no checkpoint vouches for it.")
        self._pass_checkpoint()

    def _rows(self) -> Iterator[dict[str, Any]]:
        """Batch by batch, so that memory does not grow with the record."""
        events = AuditEvent.objects.filter(chain=self.chain, sequence__lte=self.chain.sequence).order_by("sequence")
        while batch := list(events.filter(sequence__gt=self._sequence).values(*FIELDS)[:BATCH]):
            yield from batch

    def _step(self, row: dict[str, Any]) -> None:
        expected = self._sequence + 1
        if row["sequence"] != expected:
            raise _Broken(f"Event {expected} is missing.")
        if not self._fits(row):
            raise _Broken(f"Event {expected} ({row['id']}) was changed.")
        self._sequence, self._hash = expected, row["hash"]
        self.checked += 1
        self._pass_checkpoint()

    def _fits(self, row: dict[str, Any]) -> bool:
        if (row["organization_id"] or PLATFORM) != self.chain.pk:
            return False
        try:
            linked = sealing.link(self._hash, self._sequence + 1, row, row["proofs"])
            return linked == row["hash"] and sealing.says_no_more(row, row["proofs"])
        except (AttributeError, KeyError, TypeError, ValueError):
            return False  # somebody wrote there what no sealer writes

    def _pass_checkpoint(self) -> None:
        """A checkpoint at this place must be signed by us and name this hash."""
        found = self._checkpoints.get(self._sequence)
        if found is None:
            return
        if found.hash != self._hash:
            raise _Broken(f"Event {self._sequence} is not the one that the checkpoint there was made of.")
        text = audit_sealing.signed_text(self.chain.pk, found.sequence, found.hash)
        try:
            audit_sealing.public_key(self._keys[found.key_id]).verify(bytes.fromhex(found.signature), text)
        except (InvalidSignature, DecryptionError, ValueError) as error:
            raise _Broken(f"The checkpoint at {self._sequence} is not signed by this instance.") from error
        self.passed += 1

    def _finish(self) -> None:
        last = max(self.chain.sequence, *self._checkpoints, 0)
        if self._sequence != last:
            raise _Broken(f"Events from {self._sequence + 1} to {last} are missing.")
        if self._hash != self.chain.hash:
            raise _Broken(f"The chain's head is not event {self._sequence}.")


# --- on request ---
@transaction.atomic
def request(chain: AuditChain, *, by: audit.Person) -> None:
    """Have a chain looked through by a job; what came of it stands in the chain then."""
    AuditChain.objects.select_for_update().get(pk=chain.pk)
    jobs = Job.objects.filter(kind=KIND, subject_id=chain.pk)
    if jobs.exclude(status__in=Job.ENDED).exists():
        raise Conflict("It is being looked through already.")
    workflow.start(KIND, chain, organization_id=chain.organization_id, key=f"{KIND}:{new_id()}")
    audit.record("audit_log.verify", chain, by=by)


def _look(ctx: Context) -> Outcome:
    verdict = verify(AuditChain.objects.get(pk=ctx.job.subject_id))
    ctx.log(verdict.problem or f"{verdict.checked} events, {verdict.checkpoints} checkpoints: all of it fits.")
    return Done()


VERIFY_AUDIT_CHAIN = Workflow(KIND, steps=[Step("look", _look, timeout=3600)])

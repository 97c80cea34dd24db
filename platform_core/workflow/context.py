"""What a step is given: its job, its log, and the ledger of what it makes outside."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from platform_core import clock, redaction
from platform_core.models import Effect, Job, JobLog

LINE_LENGTH = 4000


class Fenced(Exception):
    """Another worker has taken the job over: nothing more may be done in its name."""


class Context:
    """One try of one step."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.data: dict[str, Any] = dict(job.data)
        self._secrets: set[str] = set()
        self._said: Counter[str] = Counter()

    def secret(self, value: str) -> str:
        """Keep this value out of the log, whatever prints it."""
        self._secrets.add(value)
        return value

    def redact(self, text: str) -> str:
        """The text without secrets."""
        return redaction.redact(text, self._secrets)

    def log(self, text: str, seq: str | None = None, stream: str = JobLog.Stream.ENGINE) -> None:
        """Add a line. One that a repeated step says again, or whose `seq` is there already, is stored once."""
        text = self.redact(text)[:LINE_LENGTH]
        line = JobLog(
            job=self.job, seq=seq or self._seq(text), at=clock.now(), step=self.job.step, stream=stream, text=text
        )
        JobLog.objects.bulk_create([line], ignore_conflicts=True)

    def effect(self, key: str, provider: str, kind: str) -> Effect:
        """Plan to make one thing outside, and commit the plan. One that was made before comes back as it was."""
        with transaction.atomic():
            self._hold()
            effect, _ = Effect.objects.get_or_create(
                job=self.job, key=key, defaults={"provider": provider, "kind": kind, "planned_at": clock.now()}
            )
        return effect

    def done(
        self, effect: Effect, external_id: str, *, adopted: bool = False, evidence: Mapping[str, Any] | None = None
    ) -> Effect:
        """Record that the planned thing was made, or (adopted) was found to be there already."""
        effect.state = Effect.State.ADOPTED if adopted else Effect.State.CREATED
        effect.external_id = external_id
        effect.evidence = dict(evidence or {})
        effect.done_at = clock.now()
        with transaction.atomic():
            self._hold()
            effect.save(update_fields=["state", "external_id", "evidence", "done_at"])
        return effect

    def _hold(self) -> None:
        """Lock the job against being taken over within this transaction; raises Fenced when it was before."""
        held = Job.objects.select_for_update().filter(pk=self.job.pk, lease_token=self.job.lease_token)
        if not held.exists():
            raise Fenced(self.job.pk)

    def _seq(self, text: str) -> str:
        """The same for the same text, said as often before, in the same step of the same run of the job."""
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        self._said[digest] += 1
        return f"{self.job.retry_count}:{self.job.step[:40]}:{digest}:{self._said[digest]}"

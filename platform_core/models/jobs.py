"""Durable work: a job is a row with a step and a lease, its history, its log and the ledger of its effects."""

from django.db import models
from django.db.models import Q

from platform_core.models.leases import Leased
from platform_core.models.rows import Row
from platform_core.scoping import Reached, Scoped, ScopedManager


class Job(Scoped, Row, Leased):
    """One run of a workflow (`kind`) about one subject row. Ended jobs are never taken up again."""

    class Status(models.TextChoices):
        QUEUED = "QUEUED"
        RUNNING = "RUNNING"
        WAITING = "WAITING"
        COMPENSATING = "COMPENSATING"
        DONE = "DONE"
        FAILED = "FAILED"
        CANCELED = "CANCELED"

    ENDED = (Status.DONE, Status.FAILED, Status.CANCELED)
    CLAIMABLE = (Status.QUEUED, Status.RUNNING, Status.WAITING)
    TAKEN = Status.RUNNING

    organization_id = models.UUIDField(null=True, blank=True)
    kind = models.CharField(max_length=60)
    # The row the job is about: "tenants.order" and its id.
    subject_type = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    step = models.CharField(max_length=60)
    # What one step hands to the next. Never a secret.
    data = models.JSONField(default=dict)
    wait_reason = models.CharField(max_length=200, blank=True)
    # Tries of the step in hand that failed with an answer: a killed worker is nobody's failure.
    failures = models.PositiveIntegerField(default=0, editable=False)
    # Raised by each wake, so that one that comes while a step runs is noticed when the step goes to wait.
    wake_count = models.PositiveIntegerField(default=0, editable=False)
    # How often staff started it again after it had failed.
    retry_count = models.PositiveIntegerField(default=0, editable=False)
    # The step in hand must be over by then, waits included; and the whole job.
    deadline_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error = models.CharField(max_length=1000, blank=True)
    idempotency_key = models.CharField(max_length=120, unique=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager["Job"]()

    class Meta:
        indexes = [
            models.Index(
                fields=["run_after"],
                name="job_claimable",
                condition=Q(status__in=("QUEUED", "RUNNING", "WAITING")),
            ),
            models.Index(fields=["subject_type", "subject_id"], name="job_subject"),
        ]
        permissions = [("retry_job", "Can retry a failed job")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"


class StepRun(Reached):
    """One try of one step. Only ever added."""

    scope_path = "job__organization_id"

    class Outcome(models.TextChoices):
        OK = "OK"
        RETRY = "RETRY"
        WAIT = "WAIT"
        FAIL = "FAIL"
        FENCED = "FENCED"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="runs")
    step = models.CharField(max_length=60)
    attempt = models.PositiveIntegerField()
    token = models.PositiveIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    detail = models.CharField(max_length=1000, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.step} #{self.attempt} {self.outcome}"


class JobLog(Reached):
    """One line of a job's log. The primary key is the cursor that live readers resume from."""

    scope_path = "job__organization_id"

    class Stream(models.TextChoices):
        ENGINE = "engine"
        OUTPUT = "output"
        ERROR = "error"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="log_lines")
    # Position within the job: a line written twice by a repeated step is stored once.
    seq = models.CharField(max_length=80)
    at = models.DateTimeField()
    step = models.CharField(max_length=60)
    stream = models.CharField(max_length=8, choices=Stream, default=Stream.ENGINE)
    text = models.CharField(max_length=4000)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["job", "seq"], name="job_log_line_once")]

    def __str__(self) -> str:
        return self.text


class Effect(Reached):
    """One thing a job made in an outside system: planned first, then done or found already there."""

    scope_path = "job__organization_id"

    class State(models.TextChoices):
        PLANNED = "PLANNED"
        CREATED = "CREATED"
        ADOPTED = "ADOPTED"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="effects")
    key = models.CharField(max_length=80)
    provider = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    external_id = models.CharField(max_length=200, blank=True)
    evidence = models.JSONField(default=dict)
    planned_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "key"], name="effect_once_per_job")]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.external_id}"

"""Taking work in turn: one statement against the ways that the ORM offers."""

from datetime import timedelta

from django.db import transaction

from platform_core import clock, leases
from platform_core.models import Job, Mail
from platform_core.workflow import Context, Outcome, Step, Wait, Workflow, engine, registry
from tests import make
from tests.bench.harness import Comparison, compare

QUEUE = 200


def claim() -> Comparison:
    """A claim and its settling, one of many rows that wait."""
    for _ in range(QUEUE):
        make.mail()

    def ours() -> None:
        mail = leases.claim(Mail, worker="bench")
        assert mail is not None
        assert leases.settle(mail, run_after=clock.now(), attempt=0)

    return compare("claim and settle", ours, "lock, save, save", _by_orm, target=1.1)


def _by_orm() -> None:
    """What `select_for_update(skip_locked=True)` makes of it; two workers on SQLite would get the same row."""
    now = clock.now()
    with transaction.atomic():
        waiting = Mail.objects.filter(status__in=Mail.CLAIMABLE, run_after__lte=now, lease_until__lt=clock.wall())
        mail = waiting.order_by("run_after").select_for_update(skip_locked=True).first()
        assert mail is not None
        mail.lease_until = clock.wall() + timedelta(seconds=60)
        mail.lease_token += 1
        mail.attempt += 1
        mail.save()
    mail.lease_until, mail.run_after, mail.attempt = now, clock.now(), 0
    mail.save()


def step() -> Comparison:
    """A step that does nothing: claim, watchdog, answer and history; beside the claim and settling alone."""

    def rest(context: Context) -> Outcome:
        return Wait(0, "bench")

    registry.register(Workflow("bench", [Step("rest", rest)]))
    for _ in range(QUEUE):
        make.job(kind="bench", step="rest")

    def bare() -> None:
        job = leases.claim(Job, worker="bench")
        assert job is not None
        assert leases.settle(job, run_after=clock.now(), attempt=0)

    return compare("step of a job", lambda: engine.run_one("bench"), "claim and settle", bare, target=0.25)

"""`python -m …kill_each_commit`: run one job again and again, killed each time at another boundary of its commits.

Prints one line of JSON for each run. Each run is a child process that dies by SIGKILL right before or right after
its n-th commit; then time passes, and the parent finishes the work.
"""

import itertools
import json
import os
import signal
from typing import Any

import django


def settle_time() -> None:
    """Leases run out and pauses pass."""
    for model in (Job, Mail):
        model._base_manager.update(lease_until=LONG_AGO, run_after=clock.now())


def work() -> None:
    """Until nothing is left."""
    while worker.round("worker"):
        pass


def die_at(number: int, *, made: bool) -> None:
    """In a child: work, and die at that boundary; a child that never reaches it ends well."""

    def reach(commit: int, is_made: bool) -> None:
        if (commit, is_made) == (number, made):
            os.kill(os.getpid(), signal.SIGKILL)

    commits.watch(reach)
    work()
    os._exit(0)


def experiment(number: int, *, made: bool) -> bool:
    """One job, one death; gives whether there was a death at all."""
    key = f"{number}:{made}"
    job = rows.start_job("make", key)
    connections.close_all()
    child = os.fork()
    if child == 0:
        die_at(number, made=made)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    for _ in range(2):
        settle_time()
        work()
    print(json.dumps({"key": key, "killed": killed, **found(job)}))  # noqa: T201
    return killed


def found(job: Any) -> dict[str, Any]:
    """What came of the job, inside and outside."""
    job.refresh_from_db()
    mails = Mail.objects.filter(idempotency_key=f"made:{job.pk}")
    sent = "".join(path.read_text() for path in settings.EMAIL_FILE_PATH.glob("*"))
    return {
        "status": job.status,
        "things": len(list(world.sign("things").glob(f"{job.pk}.*"))),
        "effects": list(job.effects.values_list("state", flat=True)),
        "lines": [line for line in job.log_lines.values_list("text", flat=True) if "worker was lost" not in line],
        "mail": list(mails.values_list("status", flat=True)),
        "sent": [f"Message-ID: <{mail.pk}@" in sent for mail in mails],
        "steps": sorted(job.runs.exclude(outcome="FENCED").values_list("step", "outcome")),
    }


if __name__ == "__main__":
    django.setup()

    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from platform_core import clock, scoping, worker
    from platform_core.models import Job, Mail
    from platform_core.models.leases import LONG_AGO
    from tenants.management.crashtest import commits
    from tests.platform_core.processes.outside import rows, world

    call_command("migrate", verbosity=0)
    with scoping.system():
        for number in itertools.count(1):
            deaths = [experiment(number, made=made) for made in (False, True)]
            if not any(deaths):
                break

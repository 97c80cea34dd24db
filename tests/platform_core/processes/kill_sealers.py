"""`python -m …kill_sealers`: seal one queue again and again, killed each time at another boundary of the commits.

Each sealer is a child process that dies by SIGKILL right before or right after its n-th commit; another goes on at
once. Prints one line of JSON in the end: what the chain is then.
"""

import itertools
import json
import os
import signal

import django

EVENTS_A_ROUND = 12


def die_at(number: int, *, made: bool) -> None:
    """In a child: seal, and die at that boundary; a child that never reaches it ends well."""

    def reach(commit: int, is_made: bool) -> None:
        if (commit, is_made) == (number, made):
            os.kill(os.getpid(), signal.SIGKILL)

    commits.watch(reach)
    audit_sealing.seal_all()
    os._exit(0)


def killed(number: int, *, made: bool) -> bool:
    """Some events, one sealer, one death; gives whether there was a death at all."""
    with transaction.atomic():
        for each in range(EVENTS_A_ROUND):
            audit.record(f"thing.{number}_{made}_{each}", row, by=None)
    connections.close_all()
    child = os.fork()
    if child == 0:
        die_at(number, made=made)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    django.setup()

    from django.core.management import call_command
    from django.db import connections, transaction

    from platform_core import clock, scoping
    from platform_core.models import PLATFORM, AuditEvent, CronRun
    from platform_core.services import audit, audit_sealing, audit_verification
    from tenants.management.crashtest import commits

    call_command("migrate", verbosity=0)
    audit_sealing.BATCH = 5
    with scoping.system():
        row = CronRun.objects.create(name="test", slot="test", started_at=clock.now())
        deaths = [killed(number, made=made) for number, made in itertools.product(range(1, 5), (False, True))]
        audit_sealing.seal_all()
        (verdict,) = audit_verification.verify_all()
        sealed = AuditEvent.objects.filter(chain=PLATFORM).order_by("sequence")
        result = {
            "deaths": sum(deaths),
            "problem": verdict.problem,
            "sequences": list(sealed.values_list("sequence", flat=True)),
            "actions": len(set(sealed.values_list("action", flat=True))),
            "unsealed": verdict.unsealed,
        }
        print(json.dumps(result))  # noqa: T201

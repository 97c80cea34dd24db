"""`python -m …kill_deliverers`: a business write that owes two endpoints an event, killed around each of its commits.

Each run is a child process that writes, announces and delivers, and dies by SIGKILL right before or right after its
n-th commit; then time passes and the parent finishes. Prints one line of JSON: what was written, and what arrived.
"""

import itertools
import json
import os
import signal
from uuid import uuid4

import django


def write_and_deliver(name: str) -> None:
    """The business write with its event, in one transaction, and the work that follows."""
    with transaction.atomic():
        CronRun.objects.create(name=name, slot="written", started_at=clock.now())
        webhook_messages.announce([audience], "thing.made", {"name": name}, key=name)
    while worker.round("worker"):
        pass


def killed(number: int, *, made: bool) -> bool:
    """One write, one death; gives whether there was a death at all."""

    def reach(commit: int, is_made: bool) -> None:
        if (commit, is_made) == (number, made):
            os.kill(os.getpid(), signal.SIGKILL)

    connections.close_all()
    child = os.fork()
    if child == 0:
        commits.watch(reach)
        write_and_deliver(f"thing-{number}-{made}")
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    django.setup()

    from django.core.management import call_command
    from django.db import connections, transaction

    from platform_core import clock, scoping, signing, worker
    from platform_core.models import CronRun, WebhookDelivery, WebhookEndpoint
    from platform_core.models.leases import LONG_AGO
    from platform_core.services import webhook_messages
    from tenants.management.crashtest import commits
    from tests.loopback import serve

    call_command("migrate", verbosity=0)
    audience = webhook_messages.Audience(uuid4(), None)
    with scoping.system(), serve() as server:
        for number in range(2):
            WebhookEndpoint.objects.create(
                audience_id=audience.id,
                owner_type="tests.thing",
                owner_id=uuid4(),
                url=f"{server.url}/{number}",
                secrets=signing.new_secret(),
                enrolled=True,
            )
        deaths = [killed(number, made=made) for number, made in itertools.product(range(1, 8), (False, True))]
        WebhookDelivery.objects.update(lease_until=LONG_AGO, run_after=clock.now())
        while worker.round("worker"):
            pass
        arrived = [(asked.path, asked.headers["webhook-id"], json.loads(asked.body)["data"]) for asked in server.asked]
        result = {
            "deaths": sum(deaths),
            "written": sorted(CronRun.objects.values_list("name", flat=True)),
            "told": sorted({(path, data["name"], message_id) for path, message_id, data in arrived}),
            "owed": WebhookDelivery.objects.waiting().count(),
        }
        print(json.dumps(result))  # noqa: T201

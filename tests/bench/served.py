"""The receiver as it is deployed: granian on one core, signed events from another process, one row for each."""

import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import stripe
from django.conf import settings
from django.db import connection

from platform_core import clock
from platform_core.models import ProviderEvent
from tenants.management.demo.processes import free_port
from tests.bench.harness import Bound, Floor
from tests.billing.providers.sandbox import shop

CONNECTIONS = 16
WARM_UP, EVENTS, ROUNDS = 1000, 5000, 3
PATH = "/api/v1/webhooks/stripe"
# Of a server that lives for a minute.
SECRET = "whsec_bench"
ANSWERED = b'{"received":true}'
WANTED = 2000


def measures() -> Iterator[Bound]:
    """Verified, stored once each, and a worker told, in a second; everything that was answered is there."""
    bodies = _bodies(json.dumps(shop.plain(shop.subscription())))
    port = free_port(18600)
    server = _server(port)
    try:
        _wait(port)
        before, began = ProviderEvent.objects.count(), _cpu_seconds(server.pid)
        rates = [asyncio.run(_load(port, _requests(bodies, count))) for count in (WARM_UP, *[EVENTS] * ROUNDS)]
        spent = _cpu_seconds(server.pid) - began
    finally:
        server.terminate()
        server.wait()
    stored = ProviderEvent.objects.count() - before
    answered = sum(count for count, _ in rates)
    if stored < answered:
        raise RuntimeError(f"{answered} events were received and {stored} stored.")
    name = f"webhook receiver, granian on one core, {connection.vendor}"
    yield Floor(name, statistics.median(count / took for count, took in rates[1:]), "/s", WANTED)
    yield Bound("CPU of the server for an event", 1000 * spent / answered, "ms", 1)


def _bodies(subscription: str) -> Iterator[str]:
    start = time.monotonic_ns()
    created = int(clock.wall().timestamp())
    for number in itertools.count(start):
        yield (
            f'{{"id":"evt_{number}","object":"event","type":"customer.subscription.updated","created":{created},'
            f'"livemode":false,"pending_webhooks":1,"data":{{"object":{subscription}}}}}'
        )


def _server(port: int) -> "subprocess.Popen[bytes]":
    """As deploy/Dockerfile starts it, with one worker, pinned to one core."""
    granian = Path(sys.executable).parent / "granian"
    arguments = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command = [str(granian), *arguments, "--blocking-threads", "16", "config.wsgi:application"]
    pinned = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0))), *command]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": _database_url(),
        "SANDBOX": "false",
        "STRIPE_SECRET_KEY": "sk_test_bench",
        "STRIPE_WEBHOOK_SECRETS": SECRET,
        "ALLOWED_HOSTS": "127.0.0.1",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "WARNING",
    }
    return subprocess.Popen(pinned, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL)


def _database_url() -> str:
    """Of the databases that this run made."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    login = ":".join(quote(str(found[part]), safe="") for part in ("USER", "PASSWORD") if found[part])
    return f"postgres://{login}@{found['HOST'] or '127.0.0.1'}:{found['PORT'] or 5432}/{found['NAME']}"


def _wait(port: int) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/api/v1/health/live", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("The server did not answer.")


def _requests(bodies: Iterator[str], count: int) -> list[bytes]:
    """Signed before the time is taken: that is the sender's work, and the machine has two cores."""
    requests = []
    for body in itertools.islice(bodies, count):
        signature = stripe.WebhookSignature.generate_signature_header(body, SECRET)
        requests.append(
            f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Stripe-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
    return requests


async def _load(port: int, requests: list[bytes]) -> tuple[int, float]:
    """So many events were answered, in so long."""
    waiting = iter(requests)
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
    began = time.monotonic()
    counts = await asyncio.gather(*(_send_on(*connection, waiting) for connection in connections))
    return sum(counts), time.monotonic() - began


async def _send_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waiting: Iterator[bytes]) -> int:
    """One connection that is kept, one event after the other."""
    count = 0
    for request in waiting:
        writer.write(request)
        answer = await reader.readuntil(ANSWERED)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer.decode())
        count += 1
    writer.close()
    return count


def _cpu_seconds(pid: int) -> float:
    """What a process and its children have used; granian's worker is a child."""
    ticks = os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_ticks(each) for each in (str(pid), *children)) / ticks


def _ticks(pid: str) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])

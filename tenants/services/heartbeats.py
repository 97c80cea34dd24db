"""Heartbeats: one statement for each, and a sweep that notices those that do not come."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from platform_core import clock, scoping, tokens, workflow
from platform_core.services import audit
from tenants.models import FleetWatch, Server, ServerBeat, ServerStatus
from tenants.services import registration
from tenants.services.configuration import canonical_hash

# Of the interval: after so much silence a server is late, after so much it is offline.
LATE, OFFLINE = 1.5, 2.5
SWEEP_EVERY = timedelta(seconds=10)
# After a pause of our own: at least so long until a fleet that backed off is heard again.
SHORTEST_GRACE = timedelta(seconds=30)
# Of the interval: how far next beats are spread, so that a fleet does not beat in step.
JITTER = 0.1
# How long a full status may be behind in figures that differ at each beat.
STATUS_EVERY = timedelta(minutes=15)
# Figures that tell no change of state.
VOLATILE = ("resources", "tokenUsage")

BEAT = """
UPDATE tenants_serverbeat
SET last_seen_at = %(now)s, alert_after = %(alert_after)s, beat_count = beat_count + 1,
    seen_config_version = %(config_version)s
WHERE server_id = (SELECT id FROM tenants_server WHERE key_digest IN {known} OR previous_key_digest IN {known} LIMIT 1)
RETURNING server_id, beat_count, config_version,
    (SELECT status FROM tenants_server WHERE id = server_id),
    (SELECT key_used_at IS NULL AND key_digest IN {known} FROM tenants_server WHERE id = server_id),
    (SELECT body_hash FROM tenants_serverstatus WHERE tenants_serverstatus.server_id = tenants_serverbeat.server_id),
    (SELECT updated_at FROM tenants_serverstatus WHERE tenants_serverstatus.server_id = tenants_serverbeat.server_id)
"""


@dataclass(frozen=True)
class Beat:
    """What a beat found."""

    server_id: UUID
    number: int
    config_version: int
    status: str
    key_is_new: bool
    status_hash: str | None
    status_at: datetime | None


@dataclass(frozen=True)
class Answer:
    """What the server is told."""

    config_version: int
    config_changed: bool
    server_time: datetime
    next_beat_seconds: float


def interval() -> float:
    """Seconds between beats."""
    return float(settings.HEARTBEAT_SECONDS)


def receive(key: str, status: dict[str, Any]) -> Answer | None:
    """Take a beat; None when the key is nobody's. What is more than the beat itself is done only when it differs."""
    running = int(status["configVersion"])
    # Whose server it is, its key tells.
    with scoping.system():
        beat = _beat(key, running)
        if beat is None:
            return None
        if beat.key_is_new or beat.status != Server.Status.ONLINE:
            _arrive(beat)
        _keep_status(beat, status)
    spread = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    return Answer(beat.config_version, beat.config_version != running, clock.now(), round(interval() * spread, 1))


def _beat(key: str, config_version: int) -> Beat | None:
    known = {f"known_{number}": digest for number, digest in enumerate(tokens.digests(key))}
    adapt = connection.ops.adapt_datetimefield_value
    values: dict[str, Any] = {
        "now": adapt(clock.now()),
        "alert_after": adapt(clock.wall() + timedelta(seconds=interval() * LATE)),
        "config_version": config_version,
    }
    names = ", ".join(f"%({name})s" for name in known)
    with connection.cursor() as cursor:
        cursor.execute(BEAT.format(known=f"({names})"), values | known)
        row = cursor.fetchone()
    return None if row is None else _read(row)


def _read(row: tuple[Any, ...]) -> Beat:
    """SQLite gives UUIDs as text, and times without the zone that they are stored in."""
    server_id, number, config_version, status, key_is_new, status_hash, status_at = row
    moment = None if status_at is None else datetime.fromisoformat(str(status_at))
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return Beat(UUID(str(server_id)), number, config_version, status, bool(key_is_new), status_hash, moment)


def _arrive(beat: Beat) -> None:
    """The first beat, or the first after a silence or with a new key."""
    with transaction.atomic():
        server = Server.objects.select_for_update(of=("self",)).select_related("order").get(pk=beat.server_id)
        if beat.key_is_new:
            registration.confirm_key(server)
        if server.status == Server.Status.ONLINE:
            return
        if server.status != Server.Status.LATE:
            audit.record("server.online", server, by=None, actor=("server", str(server.pk), server.order.domain))
        Server.objects.filter(pk=server.pk).update(status=Server.Status.ONLINE)
        workflow.wake(server.order)


def _keep_status(beat: Beat, status: dict[str, Any]) -> None:
    body_hash = canonical_hash(_lasting(status))
    recent = beat.status_at is not None and clock.now() - beat.status_at < STATUS_EVERY
    if body_hash == beat.status_hash and recent:
        return
    ServerStatus.objects.update_or_create(
        server_id=beat.server_id, defaults={"body": status, "body_hash": body_hash, "updated_at": clock.now()}
    )


def _lasting(status: dict[str, Any]) -> dict[str, Any]:
    """What of a status describes a state."""
    lasting = {name: value for name, value in status.items() if name not in VOLATILE}
    lasting["agents"] = {code: agent.get("status") for code, agent in status.get("agents", {}).items()}
    return lasting


def sweep() -> dict[str, int]:
    """Servers whose beat did not come are late, then offline; not right after a time when we did not look."""
    now = clock.wall()
    if _is_quiet(now):
        return {"late": 0, "offline": 0}
    late = _pass(Server.Status.ONLINE, Server.Status.LATE, now, now + timedelta(seconds=interval() * (OFFLINE - LATE)))
    offline = _pass(Server.Status.LATE, Server.Status.OFFLINE, now, None)
    return {"late": late, "offline": offline}


@transaction.atomic
def _is_quiet(now: datetime) -> bool:
    """After a pause of the sweep itself (we were down) every server gets two intervals to be heard again."""
    watch, _ = FleetWatch.objects.select_for_update().get_or_create(pk=1)
    paused = watch.swept_at is not None and now - watch.swept_at > 2 * SWEEP_EVERY
    if paused:
        watch.quiet_until = now + max(timedelta(seconds=2 * interval()), SHORTEST_GRACE)
    watch.swept_at = now
    watch.save()
    return watch.quiet_until is not None and now < watch.quiet_until


def _pass(before: str, after: str, now: datetime, alert_after: datetime | None) -> int:
    overdue = ServerBeat.objects.filter(alert_after__lt=now, server__status=before).select_related("server__order")
    return sum(_change(beat.server, after, now, alert_after) for beat in overdue)


@transaction.atomic
def _change(server: Server, after: str, now: datetime, alert_after: datetime | None) -> bool:
    """Conditional: a beat that came meanwhile wins."""
    silent = ServerBeat.objects.filter(server=server, alert_after__lt=now)
    if not silent.update(alert_after=alert_after):
        return False
    Server.objects.filter(pk=server.pk).update(status=after)
    if after == Server.Status.OFFLINE:
        audit.record("server.offline", server, by=None)
    return True

"""Heartbeats, and what is made of their absence."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from platform_core import clock
from platform_core.models import AuditEvent, Job
from platform_core.models.leases import NEVER
from tenants.models import FleetWatch, Server, ServerBeat, ServerStatus
from tenants.services import heartbeats
from tenants.services.heartbeats import Answer
from tests import make
from tests.clocks import at

KEY = "hk_" + "k" * 43
STATUS: dict[str, Any] = {
    "status": "healthy",
    "configVersion": 3,
    "agents": {"sales": {"status": "idle", "lastActiveAt": "2026-03-15T14:20:00Z"}},
    "resources": {"cpuPercent": 23},
}


@pytest.fixture
def server() -> Server:
    return make.server(key=KEY)


def beat(key: str = KEY, **changes: Any) -> Answer | None:
    return heartbeats.receive(key, STATUS | changes)


@contextmanager
def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> Iterator[datetime]:
    """Machine time moves; business time with it."""
    real = clock.wall
    with monkeypatch.context() as patched:
        patched.setattr(clock, "wall", lambda: real() + timedelta(seconds=seconds))
        yield clock.wall()


def status_of(server: Server) -> str:
    return Server.objects.values_list("status", flat=True).get(pk=server.pk)


def test_a_beat_is_counted_and_answered(server: Server) -> None:
    ServerBeat.objects.update(config_version=4)

    answer = beat()

    assert answer is not None
    assert (answer.config_version, answer.config_changed) == (4, True)
    assert 270 <= answer.next_beat_seconds <= 330
    assert abs(answer.server_time - clock.now()) < timedelta(seconds=5)
    row = ServerBeat.objects.get()
    assert (row.beat_count, row.seen_config_version) == (1, 3)
    assert row.last_seen_at is not None
    assert row.alert_after is not None
    assert abs(row.alert_after - clock.wall() - timedelta(seconds=450)) < timedelta(seconds=5)
    assert status_of(server) == Server.Status.ONLINE


def test_a_server_that_runs_what_it_should_is_told_so(server: Server) -> None:
    ServerBeat.objects.update(config_version=3)
    answer = beat()
    assert answer is not None
    assert answer.config_changed is False


@pytest.mark.parametrize("key", ["", "hk_wrong", KEY[:-1]])
def test_a_key_of_nobody_is_no_beat(server: Server, key: str) -> None:
    assert beat(key) is None
    assert ServerBeat.objects.get().beat_count == 0
    assert status_of(server) == Server.Status.RESERVED


def test_a_server_without_a_key_cannot_be_meant() -> None:
    make.server()
    assert beat("") is None


def test_next_beats_are_spread(server: Server) -> None:
    seconds = {answer.next_beat_seconds for _ in range(20) if (answer := beat())}
    assert len(seconds) > 5


def test_a_beat_like_the_last_is_one_statement(
    server: Server, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    beat()
    beat()
    with django_assert_num_queries(1):
        beat(resources={"cpuPercent": 99}, tokenUsage={"tokensUsed": 5})


def test_the_first_beat_wakes_the_job_that_waits_for_it(server: Server) -> None:
    job = make.job(subject_type="tenants.order", subject_id=server.order_id, status=Job.Status.WAITING, run_after=NEVER)

    beat()

    job.refresh_from_db()
    assert job.run_after <= clock.now()
    assert job.wake_count == 1
    beat()
    job.refresh_from_db()
    assert job.wake_count == 1


def test_a_new_key_is_confirmed_by_its_first_beat(server: Server) -> None:
    Server.objects.update(previous_key_digest="p1:older")
    beat()

    server.refresh_from_db()
    assert server.key_used_at is not None
    assert server.previous_key_digest == ""


def test_the_previous_key_beats_until_the_new_one_does(server: Server) -> None:
    Server.objects.update(previous_key_digest=server.key_digest, key_digest="p1:newer", key_used_at=None)

    assert beat() is not None

    server.refresh_from_db()
    assert server.key_used_at is None
    assert server.previous_key_digest != ""


def test_the_status_is_written_when_it_changed_or_after_a_while(server: Server) -> None:
    def written() -> Any:
        return ServerStatus.objects.get().body["resources"]

    beat()
    beat(resources={"cpuPercent": 24})
    assert written() == {"cpuPercent": 23}
    active = {"sales": {"status": "active"}}
    beat(resources={"cpuPercent": 25}, agents=active)
    assert written() == {"cpuPercent": 25}

    with at(clock.now() + timedelta(minutes=14)):
        beat(resources={"cpuPercent": 26}, agents=active)
    assert written() == {"cpuPercent": 25}
    with at(clock.now() + timedelta(minutes=16)):
        beat(resources={"cpuPercent": 27}, agents=active)
    assert written() == {"cpuPercent": 27}


def test_when_an_agent_was_last_active_is_no_change_of_state(server: Server) -> None:
    beat()
    beat(
        agents={"sales": {"status": "idle", "lastActiveAt": "2026-03-15T15:00:00Z"}}, backupStatus={"status": "success"}
    )
    first = ServerStatus.objects.get().updated_at
    beat(agents={"sales": {"status": "idle"}}, backupStatus={"status": "success"})

    assert ServerStatus.objects.get().updated_at == first
    assert json.dumps(ServerStatus.objects.get().body).count("15:00") == 1


# --- Silence ----------------------------------------------------------------------------------------------------------


def test_a_server_that_falls_silent_is_late_then_offline_then_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat()
    heartbeats.sweep()
    seen = []
    # Looking all the while, as the schedule does.
    for seconds in range(5, 795, 15):
        with later(monkeypatch, seconds):
            heartbeats.sweep()
        seen.append((seconds, status_of(server)))

    assert next(when for when, status in seen if status == "late") == 455
    assert next(when for when, status in seen if status == "offline") == 755
    assert status_of(server) == Server.Status.OFFLINE
    assert AuditEvent.objects.filter(action="server.offline").count() == 1
    beat()
    assert status_of(server) == Server.Status.ONLINE
    event = AuditEvent.objects.filter(action="server.online").latest("created_at")
    assert (event.actor_type, event.actor_id) == ("server", str(server.pk))


def test_a_late_server_that_is_heard_again_is_no_event(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    beat()
    before = AuditEvent.objects.count()
    FleetWatch.objects.create(pk=1, swept_at=clock.wall() + timedelta(seconds=455))
    with later(monkeypatch, 460):
        assert heartbeats.sweep() == {"late": 1, "offline": 0}

    beat()

    assert status_of(server) == Server.Status.ONLINE
    assert AuditEvent.objects.count() == before


def test_after_a_pause_of_our_own_nobody_is_late_at_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    beat()
    heartbeats.sweep()

    with later(monkeypatch, 3600):
        assert heartbeats.sweep() == {"late": 0, "offline": 0}
    # Two intervals later those who are still silent are late.
    FleetWatch.objects.update(swept_at=clock.wall() + timedelta(seconds=4195))
    with later(monkeypatch, 4195):
        assert heartbeats.sweep() == {"late": 0, "offline": 0}
    with later(monkeypatch, 4205):
        assert heartbeats.sweep() == {"late": 1, "offline": 0}


def test_the_very_first_sweep_is_no_pause(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    beat()
    with later(monkeypatch, 460):
        assert heartbeats.sweep() == {"late": 1, "offline": 0}


def test_moving_business_time_alarms_nobody(server: Server) -> None:
    beat()

    with at(clock.now() + timedelta(days=31)):
        assert heartbeats.sweep() == {"late": 0, "offline": 0}
    assert status_of(server) == Server.Status.ONLINE


def test_a_server_that_never_beat_is_not_missed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with later(monkeypatch, 10_000):
        assert heartbeats.sweep() == {"late": 0, "offline": 0}
    assert status_of(server) == Server.Status.RESERVED


def test_a_beat_that_comes_while_the_sweep_looks_wins(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    beat()
    with later(monkeypatch, 460) as now:
        overdue = ServerBeat.objects.select_related("server__order").get()
        beat()
        assert heartbeats._change(overdue.server, Server.Status.LATE, now, now) is False

    assert status_of(server) == Server.Status.ONLINE


def test_a_short_interval_still_gets_half_a_minute_of_grace(
    server: Server, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.HEARTBEAT_SECONDS = 2
    beat()
    heartbeats.sweep()
    with later(monkeypatch, 60):
        heartbeats.sweep()
    with later(monkeypatch, 75):
        assert heartbeats.sweep() == {"late": 0, "offline": 0}

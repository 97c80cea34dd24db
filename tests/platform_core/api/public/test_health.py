"""Alive, and ready."""

import logging
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.db.migrations.recorder import MigrationRecorder

from platform_core.api.public import health
from tests.clients import ApiClient

READY = "/api/v1/health/ready"


class BrokenCursor:
    """A connection whose server has gone."""

    def __init__(self, *args: Any) -> None:
        raise OperationalError("password=hunter2")


@pytest.mark.parametrize("path", ["/health", "/api/v1/health", "/api/v1/health/live"])
def test_alive_without_asking_any_database(anonymous: ApiClient, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    for connection in connections.all():
        monkeypatch.setattr(connection, "create_cursor", BrokenCursor)

    answer = anonymous.get(path)

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


def test_ready_when_everything_is(anonymous: ApiClient) -> None:
    answer = anonymous.get(READY)

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "sandbox": "ok", "migrations": "ok", "cache": "ok"},
    }


def test_a_database_that_is_gone_is_named_and_nothing_else(
    anonymous: ApiClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections["sandbox"], "create_cursor", BrokenCursor)

    with caplog.at_level(logging.ERROR):
        answer = anonymous.get(READY)

    assert answer.status_code == 503
    assert answer.json()["status"] == "failed"
    assert answer.json()["checks"] == {"database": "ok", "sandbox": "failed", "migrations": "ok", "cache": "ok"}
    assert "hunter2" not in answer.content.decode()
    assert "hunter2" in caplog.text


def test_a_cache_that_forgets(anonymous: ApiClient, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

    assert anonymous.get(READY).json()["checks"]["cache"] == "failed"


def test_redis_that_does_not_answer(anonymous: ApiClient, settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }

    answer = anonymous.get(READY)

    assert answer.status_code == 503
    assert answer.json()["checks"]["cache"] == "failed"


def test_a_migration_that_is_not_applied(anonymous: ApiClient, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", set())
    # The suite makes its tables without migrations; here they count again, and none is recorded.
    settings.MIGRATION_MODULES = {"djstripe": "billing.providers.stripe.migrations"}

    assert not MigrationRecorder(connections["default"]).applied_migrations()
    assert anonymous.get(READY).json()["checks"]["migrations"] == "failed"


def test_migrations_are_looked_at_until_they_are_applied(anonymous: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[str] = set()
    monkeypatch.setattr(health, "_migrated", seen)

    anonymous.get(READY)

    assert seen == {"default", "sandbox"}

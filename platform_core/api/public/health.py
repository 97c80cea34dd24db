"""Whether this process is alive, and whether it can serve."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, connections, router
from django.db.migrations.executor import MigrationExecutor
from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from platform_core import context
from platform_core.api import access
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PublicPlatformSurface

logger = logging.getLogger(__name__)
OK = "ok"
FAILED = "failed"

_migrated: set[str] = set()


class HealthSerializer(StrictSerializer):
    status = serializers.ChoiceField([OK, FAILED])


class ReadinessSerializer(HealthSerializer):
    checks = serializers.DictField(child=serializers.ChoiceField([OK, FAILED]))


class NotReady(Exception):
    """A check failed; the reason is for the log only."""


def check_database(alias: str) -> None:
    """One query answers."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1")


def check_migrations() -> None:
    """Every migration of the code is applied. Once seen it stays so for the life of this process."""
    for alias in connections:
        if alias in _migrated:
            continue
        executor = MigrationExecutor(connections[alias])
        leaves = [leaf for leaf in executor.loader.graph.leaf_nodes() if router.allow_migrate(alias, leaf[0])]
        plan = executor.migration_plan(leaves)
        if plan:
            raise NotReady(f"{len(plan)} migrations are not applied to {alias}.")
        _migrated.add(alias)


def check_cache() -> None:
    """What was written is read."""
    key = f"health:{context.new_request_id()}"
    cache.set(key, OK, timeout=10)
    if cache.get(key) != OK:
        raise NotReady("The cache forgot what it was told.")
    cache.delete(key)


def checks() -> dict[str, Callable[[], None]]:
    """What must work before traffic comes here."""
    databases = {"database" if alias == "default" else alias: partial(check_database, alias) for alias in connections}
    return {**databases, "migrations": check_migrations, "cache": check_cache}


def passes(name: str, check: Callable[[], None]) -> bool:
    """Run one check; its failure is told in the log."""
    try:
        check()
    except (DatabaseError, RedisError, NotReady):
        logger.exception("Readiness check %s failed.", name)
        return False
    return True


class Health(PublicPlatformSurface):
    """The process answers; nothing else is asked."""

    access = {"GET": access.ANYONE}

    @extend_schema(responses=HealthSerializer)
    def get(self, request: Request) -> Response:
        return Response({"status": OK})


class HealthReady(PublicPlatformSurface):
    """Databases, migrations and cache; 503 names what failed, and nothing more."""

    access = {"GET": access.ANYONE}

    @extend_schema(responses={200: ReadinessSerializer, 503: ReadinessSerializer})
    def get(self, request: Request) -> Response:
        results = {name: passes(name, check) for name, check in checks().items()}
        ready = all(results.values())
        body: dict[str, Any] = {
            "status": OK if ready else FAILED,
            "checks": {name: OK if passed else FAILED for name, passed in results.items()},
        }
        return Response(body, status=200 if ready else 503)

"""What counts as a commit."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.db import connections, transaction
from django.db.backends.signals import connection_created

from platform_core import leases
from platform_core.models import CronRun, Mail
from tenants.management.crashtest import commits
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE, AFTER = False, True


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, bool]]]:
    """The boundaries that this process passes, until the test ends."""
    passed: list[tuple[int, bool]] = []
    monkeypatch.setattr(leases, "claim", leases.claim)
    monkeypatch.setattr(connection_created, "receivers", [])
    connection_created.sender_receivers_cache.clear()
    commits.watch(lambda number, made: passed.append((number, made)))
    connection = connections["default"]
    for _ in range(2):
        connection_created.send(type(connection), connection=connection)
    yield passed
    connection.execute_wrappers.pop()
    del vars(connection)["_commit"]


def test_commits(reached: list[tuple[int, bool]]) -> None:
    """One test: what a test without a transaction of its own leaves behind takes seconds to clear on PostgreSQL."""
    with transaction.atomic():
        make.mail()
        make.mail()
        assert reached == []
    assert reached == [(1, BEFORE), (1, AFTER)], "the end of a transaction"

    Mail.objects.filter(status="SENT").update(error="none")
    Mail.objects.count()
    assert reached[2:] == [(2, BEFORE), (2, AFTER)], "a statement that commits by itself"

    CronRun.objects.bulk_create([CronRun(name="x", slot="y", started_at=make.mail().created_at)])
    CronRun(name="x", slot="z", started_at=make.mail().created_at).save()
    returning = [number for number, made in reached if not made and (number, AFTER) not in reached]
    assert len(returning) == 1, "a row whose key is read back has no after"

    assert leases.claim(Mail, worker="w", pk=uuid4()) is None
    passed = len(reached)
    assert leases.claim(Mail, worker="w") is not None
    assert [made for _, made in reached[passed:]] == [AFTER], "a claim counts if there was something to claim"

"""The audit log of an organization with a long past: reading, verifying, and what an event costs the write it tells of.

The events are written in bulk; sealing them is the sealer's own work, and told beside the rest.
"""

import time
from collections.abc import Iterator
from itertools import count
from uuid import UUID

from django.db import connection, transaction
from django.test import override_settings

from identity.models import User
from identity.services import tokens
from orgs.models import Organization
from platform_core import clock
from platform_core.models import AuditEvent, new_id
from platform_core.services import audit, audit_sealing, audit_verification
from tests import make
from tests.bench import timings, wsgi
from tests.bench.harness import Bound, in_turn
from tests.bench.people import UNLIMITED
from tests.bench.references import body_of

EVENTS = 100_000
BATCH = 5_000
PEOPLE = 40
ACTIONS = ("member.update", "member.invite", "organization.update", "order.status", "config.publish", "api_key.create")
QUERIES = (
    "",
    "?limit=100",
    "?action=member.update",
    "?action=rare.thing",
    "?entityType=membership",
    "?product=pages",
    "?actor=person7@example.test",
    "?actor={actor}",
    "?since={middle}&until={end}",
    "?text=target%2017",
    "?text=nothing%20is%20called%20so",
)
TOKEN_SECONDS = 3600


def measures() -> Iterator[Bound]:
    """Every figure, each with its limit."""
    organization, person = _organization_with_a_past()
    with override_settings(**UNLIMITED):
        yield _sealed(organization)
        yield from _list(organization, person)
        yield _verified(organization)
        yield _event_cost(person)


def _organization_with_a_past() -> tuple[Organization, User]:
    organization = make.organization()
    person = make.person(organization)
    actors = [str(new_id()) for _ in range(PEOPLE)]
    for start in range(0, EVENTS, BATCH):
        rows = [_event(organization.pk, actors, number) for number in range(start, start + BATCH)]
        AuditEvent.objects.bulk_create(rows)
    return organization, person


def _event(organization_id: UUID, actors: list[str], number: int) -> AuditEvent:
    who = number % PEOPLE
    return AuditEvent(
        organization_id=organization_id,
        product="pages" if number % 50 == 0 else "",
        action="rare.thing" if number % 33_333 == 7 else ACTIONS[number % len(ACTIONS)],
        actor_type="user",
        actor_id=actors[who],
        actor_label=f"person{who}@example.test",
        target_type="orgs.membership" if number % 3 else "orgs.organization",
        target_id=str(new_id()),
        target_label=f"target {number}",
        changes={"role": ["member", "admin"], "number": number},
        request_id=f"req_{number}",
        ip_address="192.0.2.1",
    )


def _sealed(organization: Organization) -> Bound:
    began = time.perf_counter()
    sealed = audit_sealing.seal_all()
    seconds = time.perf_counter() - began
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # What the database's own housekeeping has done long before a log has grown so far.
            cursor.execute("VACUUM ANALYZE platform_core_auditevent")
    audit_sealing.checkpoint_all()
    return Bound(f"seal {sealed:,} events", seconds, "s", 300)


def _list(organization: Organization, person: User) -> Iterator[Bound]:
    token = tokens.issue(person, organization_id=organization.pk, seconds=TOKEN_SECONDS).access_token
    middle = AuditEvent.objects.get(chain=organization.pk, sequence=EVENTS // 2)
    words = {
        "actor": middle.actor_id,
        "middle": f"{middle.created_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "end": f"{clock.now():%Y-%m-%dT%H:%M:%S.%fZ}",
    }
    path = f"/api/v1/organizations/{organization.pk}/audit-logs"
    taken: list[float] = []
    for query in QUERIES:
        call = wsgi.call(wsgi.ours(), "GET", path + query.format(**words), authorization=f"Bearer {token}")
        times = timings.of(call)
        taken += times
        yield Bound(f"list {query or 'newest'}", timings.p95(times), "ms", 50)
    yield Bound("list page, all of these", timings.p95(taken), "ms", 50)


def _verified(organization: Organization) -> Bound:
    began = time.perf_counter()
    (verdict,) = audit_verification.verify_all(organization.pk)
    assert (verdict.problem, verdict.checked) == ("", EVENTS), verdict
    return Bound(f"verify {verdict.checked:,} events", time.perf_counter() - began, "s", 10)


def _event_cost(person: User) -> Bound:
    """A change of a profile through the API as a person makes it, beside itself with the event left out."""
    token = tokens.issue(person, organization_id=None, seconds=TOKEN_SECONDS).access_token
    names = count()

    def body() -> bytes:
        return body_of({"firstName": f"Kim {next(names)}"})

    write = wsgi.call(wsgi.ours(), "PATCH", "/api/v1/users/me", body, authorization=f"Bearer {token}")

    def change() -> None:
        with transaction.atomic():
            person.save(update_fields=["first_name"])

    def audited_change() -> None:
        with transaction.atomic():
            person.save(update_fields=["first_name"])
            audit.record("user.update", person, by=person, changes={"first_name": "Kim"})

    whole, audited, silent = in_turn([write, audited_change, change])
    return Bound("event, share of a write through the API", 100 * (audited - silent) / whole, "%", 15)

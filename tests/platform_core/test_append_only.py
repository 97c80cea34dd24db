"""The database refuses what the program never does."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from orgs.models import Organization
from platform_core import append_only
from platform_core.models import AuditChain, AuditEvent
from tests import make

CHANGES: dict[str, Any] = {
    "action": "thing.else",
    "actor_id": "1",
    "product": "pages",
    "target_id": "1",
    "request_id": "other",
    "person_id": "1",
}
SEALED: dict[str, Any] = {
    "sequence": None,
    "hash": "f" * 64,
    "actor_label": "mallory@example.test",
    "impersonator_label": "mallory@example.test",
    "target_label": "Other Bakery",
    "changes": {"forged": True},
    "ip_address": "192.0.2.66",
}


def refused(action: Any) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        action()


@pytest.mark.parametrize("column", CHANGES)
def test_what_happened_never_changes(organization: Organization, column: str) -> None:
    event = make.audit_event(organization)

    refused(lambda: AuditEvent.objects.filter(pk=event.pk).update(**{column: CHANGES[column]}))

    assert getattr(AuditEvent.objects.get(pk=event.pk), column) == getattr(event, column)


@pytest.mark.parametrize("column", SEALED)
def test_what_is_sealed_stays_as_it_is(organization: Organization, column: str) -> None:
    make.sealed_chain(organization, 2)
    before = AuditEvent.objects.get(chain=organization.pk, sequence=1)

    refused(lambda: AuditEvent.objects.filter(pk=before.pk).update(**{column: SEALED[column]}))

    assert getattr(AuditEvent.objects.get(pk=before.pk), column) == getattr(before, column)


def test_nothing_is_deleted_sealed_or_not(organization: Organization) -> None:
    make.sealed_chain(organization, 2)
    make.audit_event(organization)

    refused(lambda: AuditEvent.objects.filter(sequence=1).delete())
    refused(lambda: AuditEvent.objects.unsealed().delete())

    assert AuditEvent.objects.filter(organization_id=organization.pk).count() == 3


def test_only_below_the_floor(organization: Organization) -> None:
    make.sealed_chain(organization, 3)
    AuditChain.objects.filter(pk=organization.pk).update(floor_sequence=F("sequence") - 1)

    refused(lambda: AuditEvent.objects.filter(chain=organization.pk, sequence=3).delete())
    assert AuditEvent.objects.filter(chain=organization.pk, sequence__lte=2).delete()[0] == 2


@pytest.mark.postgres
def test_the_table_is_not_emptied_either(organization: Organization) -> None:
    make.sealed_chain(organization, 1)

    def empty() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"TRUNCATE {append_only.EVENTS} CASCADE")

    refused(empty)

    assert AuditEvent.objects.filter(chain=organization.pk).exists()


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_the_guard_is_put_in_place_again_and_again(vendor: str) -> None:
    assert len(append_only.statements(vendor)) == {"sqlite": 2, "postgresql": 6}[vendor]
    if connection.vendor == vendor:
        with connection.cursor() as cursor:
            for statement in append_only.statements(vendor):
                cursor.execute(statement)

"""Audit events, written and sealed."""

from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction

from orgs.models import Organization
from platform_core import append_only, clock, signing
from platform_core.models import AuditChain, AuditEvent, AuditExport, AuditStream, WebhookEndpoint, new_id
from platform_core.services import audit, audit_sealing
from platform_core.services.audit_exports import LIFE
from platform_core.services.audit_streams import OWNER
from tests.make.orgs import organization as new_organization


def audit_event(
    organization: Organization | None = None, action: str = "organization.update", **fields: Any
) -> AuditEvent:
    """A change that the platform itself made to an organization."""
    with transaction.atomic():
        return audit.record(action, organization or new_organization(), **{"by": None, **fields})


def sealed_chain(organization: Organization, count: int = 3) -> AuditChain:
    """An organization's chain with so many events, and nothing unsealed."""
    for number in range(count):
        audit_event(organization, f"thing.number_{number}")
    audit_sealing.seal_all()
    return AuditChain.objects.get(pk=organization.pk)


def audit_export(organization: Organization, **fields: Any) -> AuditExport:
    """A file of an organization's events that is ready."""
    values = {"requested_by_id": new_id(), "format": "csv", "status": AuditExport.Status.READY}
    if "file" not in fields:
        name = f"audit-exports/{new_id().hex}.csv"
        values |= {"file": default_storage.save(name, ContentFile(b"x")), "expires_at": clock.wall() + LIFE}
    return AuditExport.objects.create(organization_id=organization.pk, **values | fields)


def audit_stream(organization: Organization, url: str = "https://siem.example.test/", **fields: Any) -> AuditStream:
    """An active stream that has sent all there is."""
    pk = new_id()
    endpoint = WebhookEndpoint.objects.create(
        organization_id=organization.pk, owner_type=OWNER, owner_id=pk, url=url, secrets=signing.new_secret()
    )
    return AuditStream.objects.create(pk=pk, organization_id=organization.pk, endpoint=endpoint, **fields)


def tampered(sql: str, *values: Any) -> None:
    """A change behind the guard's back, by somebody who may drop triggers."""
    with connection.cursor() as cursor:
        for statement in append_only.removal(connection):
            cursor.execute(statement)
        cursor.execute(sql, values)
        for statement in append_only.statements(connection.vendor):
            cursor.execute(statement)

"""Files of organizations, at their end."""

from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from orgs.models import Organization
from orgs.services import purging
from platform_core import clock
from platform_core.models import Job
from tests import make
from tests.identity.jobs import work


def test_none_of_a_purged_organization_stays_behind(organization: Organization) -> None:
    names = [
        default_storage.save("reports/harbour.pdf", ContentFile(b"report")),
        default_storage.save("audit-exports/harbour.csv", ContentFile(b"events")),
        default_storage.save("avatars/harbour.webp", ContentFile(b"RIFF")),
    ]
    make.report(organization, status="ready", progress=100, file=names[0])
    make.report(organization)
    make.audit_export(organization, file=names[1])
    long_ago = clock.now() - timedelta(days=31)
    Organization.objects.update(avatar=names[2], status="deleted", deleted_at=long_ago)

    purging.purge_deleted()
    assert all(default_storage.exists(name) for name in names)
    work()

    assert [name for name in names if default_storage.exists(name)] == []


def test_where_there_was_none_nothing_is_done(organization: Organization) -> None:
    Organization.objects.update(status="deleted", deleted_at=clock.now() - timedelta(days=31))

    purging.purge_deleted()

    assert not Job.objects.exists()

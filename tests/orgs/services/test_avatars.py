"""Pictures of organizations, at their end."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage

from orgs.models import Membership, Organization
from orgs.roles import Role
from orgs.services import avatars, purging
from platform_core import clock
from platform_core.errors import NotAllowed
from tests import make
from tests.clients import PersonClient
from tests.identity.jobs import work
from tests.pictures import picture


def test_a_purged_organization_has_none(owner: PersonClient) -> None:
    name = avatars.replace(owner.organization, picture(), by=owner.user).avatar
    Organization.objects.update(status="deleted", deleted_at=clock.now() - timedelta(days=31))

    purging.purge_deleted()
    work()

    assert Organization.objects.get().avatar == ""
    assert not default_storage.exists(name)


def test_who_lost_their_role_by_now_changes_nothing(owner: PersonClient) -> None:
    make.membership(owner.organization, role=Role.OWNER)
    Membership.objects.filter(user=owner.user).update(role=Role.MEMBER)

    with pytest.raises(NotAllowed):
        avatars.replace(owner.organization, picture(), by=owner.user)
    assert Organization.objects.get().avatar == ""

"""What a test commits is gone when the next begins, and what stood there from the start stands there again."""

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from billing.providers.sandbox.models import Record
from identity.models import User
from identity.staff_roles import ROLES
from orgs.roles import Role
from platform_core.models import AuditEvent
from platform_core.services import audit
from tests import make


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["once", "again"])
def test_every_test_that_commits_begins_alike_on_both_databases(time: str) -> None:
    assert set(Group.objects.values_list("name", flat=True)) >= set(ROLES)
    assert [model._base_manager.count() for model in (User, AuditEvent, Record)] == [0, 0, 0]

    owner = make.person(make.organization("Harbour Bakery"), Role.OWNER, email="owner@harbour.test")
    with transaction.atomic():
        audit.record("membership.update_role", owner, by=owner, changes={"role": ["member", "owner"]})
    Record.objects.create(kind="customer", object_id="cus_1", data={}, created=1)
    Group.objects.filter(name=ROLES[0]).delete()
    Group.objects.filter(name=ROLES[1]).update(name="Another")

    # The audit log is guarded again, too.
    with pytest.raises(IntegrityError, match="append-only"):
        AuditEvent._base_manager.update(action="nothing")

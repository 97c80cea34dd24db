"""Purging what was deleted."""

from datetime import timedelta

import pytest

from billing.models import Invoice
from orgs.models import CustomRole, Domain, Invitation, Membership, Organization
from orgs.services import organizations, purging
from platform_core import clock, schedule
from platform_core.models import AuditEvent
from tests import make
from tests.orgs.names import proof, saying
from tests.pages import Browser


@pytest.fixture
def deleted() -> Organization:
    """An organization that was deleted 31 days ago, with a bill."""
    organization = make.organization("Harbour", billing_email="kim@harbour.test", default_product_roles={"a": "b"})
    owner = make.person(organization)
    role = make.custom_role(organization)
    make.role_grant(make.membership(organization, custom_role=role))
    make.invitation(organization, by=owner, custom_role=role)
    make.invoice(make.subscription(organization, status="canceled"))
    organization.status, organization.deleted_at = "deleted", clock.now() - timedelta(days=31)
    organization.save()
    return organization


def test_what_it_had_is_gone_and_its_bills_stay(deleted: Organization) -> None:
    schedule.run(schedule.find("orgs.purge_deleted"), "worker")

    deleted.refresh_from_db()
    assert (deleted.name, deleted.billing_email) == ("Deleted organization", f"{deleted.pk}@deleted.invalid")
    assert (deleted.slug, deleted.default_product_roles) == (f"deleted-{deleted.pk}", {})
    assert deleted.purged_at is not None
    for model in (Membership, Invitation, CustomRole):
        assert not model._base_manager.exists()
    assert Invoice.objects.get().organization == deleted
    assert AuditEvent.objects.get(action="organization.purge").actor_type == "system"
    assert purging.purge_deleted() == {"purged": 0}


def test_whoever_proves_its_domain_afterwards_holds_it(deleted: Organization) -> None:
    make.domain(deleted, "harbour.example", state="verified")
    other = make.organization()
    claim, admin = make.domain(other, "harbour.example"), Browser(make.person(other))

    purging.purge_deleted()
    with saying(proof(claim)):
        admin.send(f"/domains/{claim.pk}/verify")

    assert [(each.organization, each.state) for each in Domain.objects.all()] == [(other, "verified")]


def test_until_the_window_is_over_nothing_happens(deleted: Organization, settings: object) -> None:
    Organization.objects.update(deleted_at=clock.now() - timedelta(days=29))

    assert purging.purge_deleted() == {"purged": 0}
    assert Membership.objects.count() == 2


def test_what_was_restored_in_this_moment_stays(deleted: Organization) -> None:
    over = clock.now() - timedelta(days=30)
    organizations.restore(deleted.pk, by=Membership.objects.get(role="owner").user)

    assert purging._purge(deleted.pk, over) is False
    assert Membership.objects.count() == 2

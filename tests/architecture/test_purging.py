"""What an organization had leaves with it: every table that knows organizations is purged, or says why it is kept."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import models

from billing.models import BillingProfile, ConsumerTenant, PaymentMethodSetup
from orgs.models import Organization
from orgs.services import purging
from platform_core import clock, tables
from platform_core.models import AuditEvent, WebhookAttempt
from platform_core.purged import Purged
from platform_core.scoping import Scoped
from tests.architecture import world

PURGED: list[Purged] = tables.entries("PURGED")
BOOKS = "the books of the platform, which tax law keeps"
SERVED = "what was delivered for the money"
CLOCK = "forgotten by the clock at its age"
KEPT = {
    "orgs.Organization": "the row is emptied: the books and the record name it",
    "platform_core.AuditChain": "the record of what was done",
    "platform_core.AuditEvent": "the record of what was done",
    "platform_core.AuditCheckpoint": "the record of what was done",
    "platform_core.WebhookMessage": CLOCK + "; a consumer may still be owed it",
    "platform_core.Mail": "the mail of the people it went to, whose erasure takes it",
    "platform_core.DailyCount": CLOCK + "; figures alone",
    "platform_core.Job": "how what was made outside came to be, and how it is taken away",
    "identity.Session": CLOCK + "; a sign-in of a person, who has no place there any more",
    "identity.AnalyticsEvent": CLOCK + ", and by the erasure of the person",
    "identity.UserActivity": CLOCK + ", and by the erasure of the person",
    "djstripe.Customer": "the mirror of the books at the provider",
    "billing.BillingAccount": BOOKS,
    "billing.Subscription": BOOKS,
    "billing.CheckoutSession": BOOKS,
    "billing.CheckoutAddOn": BOOKS,
    "billing.SubscriptionAddOn": BOOKS,
    "billing.SubscriptionChange": BOOKS,
    "billing.ChangedAddOn": BOOKS,
    "billing.CouponRedemption": BOOKS,
    "billing.BillingPeriod": BOOKS,
    "billing.InvoiceItem": BOOKS,
    "billing.Invoice": BOOKS,
    "billing.InvoiceLine": BOOKS,
    "billing.Payment": BOOKS,
    "billing.Refund": BOOKS,
    "billing.Dispute": BOOKS,
    "billing.CreditNote": BOOKS,
    "billing.CreditNoteLine": BOOKS,
    "billing.Dunning": BOOKS,
    "billing.FoundingMember": BOOKS,
    "billing.LedgerAccount": BOOKS,
    "billing.LedgerTransaction": BOOKS,
    "billing.LedgerEntry": BOOKS,
    "billing.PlanMove": BOOKS,
    "billing.Purchase": BOOKS,
    "billing.ReconciliationFinding": BOOKS,
    "billing.MrrMovement": BOOKS,
    "billing.UsageBucket": BOOKS,
    "billing.Wallet": BOOKS,
    "billing.WalletGrant": BOOKS,
    "billing.WalletTransfer": BOOKS,
    "billing.WalletMovement": BOOKS,
    "tenants.Order": SERVED,
    "tenants.DnsRecord": SERVED,
    "tenants.Server": SERVED,
    "tenants.RegistrationToken": SERVED,
    "tenants.ConfigRevision": SERVED,
}


def knows_organizations(model: type[models.Model]) -> bool:
    names = {field.name for field in model._meta.concrete_fields}
    related = {field.related_model for field in model._meta.concrete_fields if field.is_relation}
    return issubclass(model, Scoped) or Organization in related or "organization_id" in names


def with_what_hangs_on_them(gone: set[type[models.Model]]) -> set[type[models.Model]]:
    """The tables that the database empties along."""
    hanging = {
        relation.related_model
        for model in gone
        for relation in model._meta.related_objects
        if getattr(relation, "on_delete", None) is models.CASCADE
    }
    return gone if hanging <= gone else with_what_hangs_on_them(gone | hanging)


KNOWING = [model for model in apps.get_models() if knows_organizations(model)]
GOING = with_what_hangs_on_them({part.model for part in PURGED if not part.emptied})
EMPTIED = {part.model for part in PURGED if part.emptied}
LABELS = {model._meta.label for model in GOING | EMPTIED}
# Purging itself adds to them: its event, and the job that deletes files.
ADDED_TO = {"platform_core.AuditEvent", "platform_core.Job"}


@pytest.mark.parametrize("model", KNOWING, ids=lambda model: model._meta.label)
def test_what_knows_organizations_goes_with_them_or_says_why_not(model: type[models.Model]) -> None:
    assert (model._meta.label in LABELS) != (model._meta.label in KEPT)


def test_nothing_is_kept_that_is_gone() -> None:
    assert set(KEPT) <= {model._meta.label for model in KNOWING}


def deleted() -> Organization:
    """An organization with a row of everything, whose time to be restored is over."""
    built = world.build()
    organization = built.organization
    BillingProfile.objects.get_or_create(organization=organization, defaults={"legal_name": "Harbour Ltd"})
    PaymentMethodSetup.objects.create(
        organization=organization, created_by=built.owner, success_url="http://a.test", cancel_url="http://a.test"
    )
    WebhookAttempt.objects.create(delivery_id=built.rows["webhook-deliveries"].pk, url="https://hooks.harbour.test/")
    long_ago = clock.now() - timedelta(days=31)
    Organization.objects.filter(pk=organization.pk).update(status="deleted", deleted_at=long_ago)
    return organization


def count(model: type[models.Model], organization: Organization) -> int:
    """Of the organization's, where the table says whose its rows are."""
    path = getattr(model, "scope_path", None)
    rows = model._base_manager.all()
    return rows.filter(**{path: organization.pk}).count() if path else rows.count()


def test_what_goes_is_gone_and_what_is_kept_stays() -> None:
    organization = deleted()
    kept = {label: count(apps.get_model(label), organization) for label in set(KEPT) - ADDED_TO}
    missing = [model._meta.label for model in GOING if not count(model, organization)]

    purging.purge_deleted()

    assert missing == []
    assert [model._meta.label for model in GOING if count(model, organization)] == []
    assert {label: count(apps.get_model(label), organization) for label in kept} == kept
    tenant = ConsumerTenant.objects.get(organization=organization)
    assert (tenant.name, tenant.legal_name, tenant.billing_email) == ("Deleted organization", "", "")
    assert AuditEvent.objects.filter(action="organization.purge", target_id=str(organization.pk)).count() == 1

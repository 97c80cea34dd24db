"""The smallest valid row of each kind: `make.order(status=…)`. Plain functions; every argument has a default."""

from tests.make.audit import audit_event, audit_export, audit_stream, sealed_chain, tampered
from tests.make.billing import hosting_plan, invoice, plan, price, subscription, usage_bucket
from tests.make.identity import analytics_event, data_export, staff_invitation, user
from tests.make.orgs import (
    custom_role,
    domain,
    invitation,
    membership,
    organization,
    person,
    product,
    product_resource,
    report,
    report_schedule,
    role_grant,
)
from tests.make.platform_core import job, mail, webhook_delivery, webhook_endpoint
from tests.make.tenants import config_revision, order, server

__all__ = [
    "analytics_event",
    "audit_event",
    "audit_export",
    "audit_stream",
    "config_revision",
    "custom_role",
    "data_export",
    "domain",
    "hosting_plan",
    "invitation",
    "invoice",
    "job",
    "mail",
    "membership",
    "order",
    "organization",
    "person",
    "plan",
    "price",
    "product",
    "product_resource",
    "report",
    "report_schedule",
    "role_grant",
    "sealed_chain",
    "server",
    "staff_invitation",
    "subscription",
    "tampered",
    "usage_bucket",
    "user",
    "webhook_delivery",
    "webhook_endpoint",
]

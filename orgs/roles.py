"""What may be done in an organization, and which built-in role may do it: one vocabulary for API, pages, templates.

A view declares one of these permissions; a custom role is a set of them.
"""

from collections.abc import Iterable

from django.db import models


class Role(models.TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    BILLING = "billing"
    MEMBER = "member"
    AUDITOR = "auditor"


ORGANIZATION_READ = "organization.read"
ORGANIZATION_UPDATE = "organization.update"
ORGANIZATION_DELETE = "organization.delete"
ORGANIZATION_TRANSFER = "organization.transfer"
MEMBER_READ = "member.read"
MEMBER_INVITE = "member.invite"
MEMBER_UPDATE = "member.update"
MEMBER_ASSIGN = "member.assign"
MEMBER_REMOVE = "member.remove"
ROLE_MANAGE = "role.manage"
BILLING_READ = "billing.read"
BILLING_MANAGE = "billing.manage"
USAGE_READ = "usage.read"
ORDER_READ = "order.read"
DOMAIN_MANAGE = "domain.manage"
AUDIT_READ = "audit.read"
AUDIT_MANAGE = "audit.manage"
WEBHOOK_MANAGE = "webhook.manage"

# In the order in which the page of roles shows them.
REGISTRY = {
    ORGANIZATION_READ: "See the organization",
    ORGANIZATION_UPDATE: "Change its settings",
    ORGANIZATION_DELETE: "Delete and restore it",
    ORGANIZATION_TRANSFER: "Hand it over to another owner",
    MEMBER_READ: "See who belongs to it",
    MEMBER_INVITE: "Invite people",
    MEMBER_UPDATE: "Change roles below owner, and product roles",
    MEMBER_ASSIGN: "Make owners",
    MEMBER_REMOVE: "Remove people",
    ROLE_MANAGE: "Make and change custom roles",
    BILLING_READ: "See plans and invoices",
    BILLING_MANAGE: "Buy, and change plans",
    USAGE_READ: "See usage",
    ORDER_READ: "See servers and orders",
    DOMAIN_MANAGE: "Add and verify domains, and say who joins by them",
    AUDIT_READ: "Read and export the audit log",
    AUDIT_MANAGE: "Stream the audit log, and set how long it is kept",
    WEBHOOK_MANAGE: "Send events of billing to addresses of its own, and see what was sent",
}
# No custom role holds these.
OWNERS_ONLY = frozenset({ORGANIZATION_DELETE, ORGANIZATION_TRANSFER, MEMBER_ASSIGN})

_READ = frozenset({ORGANIZATION_READ, MEMBER_READ, USAGE_READ, ORDER_READ, BILLING_READ})

PERMISSIONS: dict[str, frozenset[str]] = {
    Role.OWNER: frozenset(REGISTRY),
    Role.ADMIN: frozenset(REGISTRY) - OWNERS_ONLY - {BILLING_MANAGE},
    Role.BILLING: _READ | {BILLING_MANAGE},
    Role.MEMBER: _READ | {AUDIT_READ},
    Role.AUDITOR: _READ | {AUDIT_READ},
}


def may(role: str, permission: str) -> bool:
    """Whether the built-in role holds the permission."""
    return permission in PERMISSIONS.get(role, frozenset())


def known(permissions: Iterable[str]) -> frozenset[str]:
    """Those that are still in the registry; to see the organization is part of every role."""
    return frozenset(REGISTRY).intersection(permissions) - OWNERS_ONLY | {ORGANIZATION_READ}

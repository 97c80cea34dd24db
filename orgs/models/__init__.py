"""Organizations, who belongs to them and in which roles, products."""

from orgs.models.domains import Domain
from orgs.models.memberships import ACTIVE, Invitation, InvitationStop, Membership, organizations_of
from orgs.models.organizations import Organization
from orgs.models.products import Product
from orgs.models.reports import Report, ReportSchedule
from orgs.models.resources import ProductResource
from orgs.models.roles import CustomRole, RoleGrant, RoleHolder

__all__ = [
    "ACTIVE",
    "CustomRole",
    "Domain",
    "Invitation",
    "InvitationStop",
    "Membership",
    "Organization",
    "Product",
    "ProductResource",
    "Report",
    "ReportSchedule",
    "RoleGrant",
    "RoleHolder",
    "organizations_of",
]

"""Checks of an organization."""

from orgs.api.user.organization_status_pages import OrganizationResourceList
from orgs.models import ProductResource


class OrganizationCheckList(OrganizationResourceList):
    """The organization's checks, by name."""

    kind = ProductResource.Kind.CHECK

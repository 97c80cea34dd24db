"""Callers in each role of one organization."""

from orgs.models import Membership, Organization
from orgs.roles import Role
from tests import make
from tests.clients import PersonClient


def caller(organization: Organization, role: Role, **fields: str) -> PersonClient:
    """A signed-in member in this role."""
    return PersonClient(make.person(organization, role, **fields), organization)


def place_of(client: PersonClient) -> Membership:
    """Their place in the organization, as it is now."""
    return Membership.objects.select_related("custom_role").get(user=client.user, organization=client.organization)

"""What the organization in the path is subscribed to."""

from orgs.models import Organization
from orgs.roles import Role
from tests import make
from tests.clients import PersonClient


def test_every_member_may_know(organization: Organization) -> None:
    subscription = make.subscription(organization)

    for role in Role:
        client = PersonClient(make.person(organization, role), organization)
        found = client.get(f"/api/v1/organizations/{organization.pk}/subscription")
        assert (found.status_code, found.json()["current"]["id"]) == (200, str(subscription.pk))


def test_the_path_counts_not_the_sign_in(organization: Organization) -> None:
    other = make.organization()
    person = make.person(organization)
    make.membership(other, person)
    make.subscription(other)

    found = PersonClient(person, organization).get(f"/api/v1/organizations/{other.pk}/subscription").json()

    assert (found["organizationId"], found["status"]) == (str(other.pk), "active")


def test_a_stranger_finds_nothing(outsider: PersonClient, organization: Organization) -> None:
    make.subscription(organization)

    assert outsider.get(f"/api/v1/organizations/{organization.pk}/subscription").status_code == 404

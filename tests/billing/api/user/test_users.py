"""What the organization of a person's sign-in is subscribed to."""

from orgs.models import Organization
from tests import make
from tests.clients import ApiClient, PersonClient

PATH = "/api/v1/users/me/subscription"


def test_the_organization_of_the_sign_in_counts(owner: PersonClient, organization: Organization) -> None:
    make.subscription()
    mine = make.subscription(organization)

    found = owner.get(PATH).json()

    assert (found["organizationId"], found["current"]["id"]) == (str(organization.pk), str(mine.pk))


def test_a_person_of_no_organization_is_told() -> None:
    answer = PersonClient(make.user()).get(PATH)

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")


def test_nobody_is_asked_who_they_are(anonymous: ApiClient) -> None:
    assert anonymous.get(PATH).status_code == 401

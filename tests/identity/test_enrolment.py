"""Who must have a second factor: staff always, and whoever works for an organization that asks for it."""

import pytest

from identity.models import Session, TotpDevice
from orgs.models import Organization
from tests import make
from tests.authenticators import code
from tests.clients import ApiClient, PersonClient, staff
from tests.sign_ins import enter

TWO_FACTOR = "/api/v1/auth/2fa"


def enrol(client: ApiClient) -> str:
    """Turn on an app through the API; its secret."""
    secret = client.post(f"{TWO_FACTOR}/setup").json()["data"]["secret"]
    answer = client.post(f"{TWO_FACTOR}/verify", {"code": code(secret)})
    assert answer.status_code == 200
    return str(secret)


def test_staff_without_a_second_factor_can_only_enrol() -> None:
    client = staff("tenants.view_order")
    Session.objects.update(two_factor_at=None)

    refused = client.get("/api/v1/admin/orders")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "MFA_ENROLLMENT_REQUIRED")

    enrol(client)
    assert client.get("/api/v1/admin/orders").status_code == 200
    status = client.get(f"{TWO_FACTOR}/status").json()["data"]
    assert (status["enabled"], status["mandatory"]) == (True, True)


def test_staff_cannot_turn_it_off() -> None:
    client = staff()
    secret = enrol(client)

    answer = client.post(f"{TWO_FACTOR}/disable", {"code": code(secret, steps=1)})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
    assert TotpDevice.objects.exists()


ORGANIZATION_PATHS = ["/api/v1/organizations/{}", "/api/v1/organizations/{}/members", "/api/v1/customer/usage"]


@pytest.mark.parametrize("path", ORGANIZATION_PATHS)
def test_an_organization_may_ask_for_a_second_factor(
    member: PersonClient, organization: Organization, path: str
) -> None:
    path = path.format(organization.pk)
    assert member.get(path).status_code == 200
    Organization.objects.update(two_factor_required=True)

    refused = member.get(path)
    assert refused.status_code == 403
    assert "MFA_ENROLLMENT_REQUIRED" in refused.content.decode()
    assert member.get("/auth/me").status_code == 200

    enrol(member)
    assert member.get(path).status_code == 200


def test_an_organization_that_asks_for_it_is_out_of_sight_while_working_for_another(
    member: PersonClient, organization: Organization
) -> None:
    strict = make.organization("Strict")
    make.membership(strict, member.user)
    Organization.objects.filter(pk=strict.pk).update(two_factor_required=True)

    assert member.get("/api/v1/customer/usage").status_code == 200
    assert member.get(f"/api/v1/organizations/{strict.pk}").status_code == 403


def test_whoever_acts_as_a_person_cannot_change_how_they_sign_in() -> None:
    helper = make.user(is_staff=True)
    client = ApiClient()
    enter(client, make.user(), impersonator=helper, reason="A ticket", two_factor_at=None)

    assert client.post(f"{TWO_FACTOR}/setup").status_code == 403
    assert not TotpDevice.objects.exists()

"""The provider's own page, for the organization of the sign-in."""

import pytest

from orgs.models import Organization
from orgs.roles import Role
from tests import make
from tests.billing import shop
from tests.clients import PersonClient

PATH = "/api/v1/billing/portal"


def test_a_customer_is_led_there_and_back() -> None:
    customer = shop.customer()

    answer = PersonClient(make.person(customer), customer).get(f"{PATH}?returnUrl=https://shop.test/back")

    assert answer.status_code == 200, answer.content
    assert answer.json()["url"] == answer.json()["portalUrl"]
    assert answer.json()["url"].startswith("http://127.0.0.1:8000/sandbox/")


@pytest.mark.parametrize(("query", "field"), [("returnUrl=nowhere", "returnUrl"), ("to=x", "to")])
def test_what_cannot_be_read_is_named(owner: PersonClient, query: str, field: str) -> None:
    answer = owner.get(f"{PATH}?{query}")

    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.AUDITOR])
def test_a_role_that_may_not_buy_is_refused(organization: Organization, role: Role) -> None:
    assert PersonClient(make.person(organization, role), organization).get(PATH).status_code == 403

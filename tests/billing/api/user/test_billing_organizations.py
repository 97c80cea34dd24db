"""The provider's own page, for the organization in the address."""

from tests import make
from tests.billing import shop
from tests.clients import PersonClient


def test_its_owner_is_led_there_and_a_stranger_finds_nothing() -> None:
    customer = shop.customer()
    outsider = PersonClient(make.person(make.organization()))
    path = f"/api/v1/billing/organizations/{customer.pk}/billing/portal"

    answer = PersonClient(make.person(customer)).get(path)

    assert (answer.status_code, set(answer.json())) == (200, {"url", "portalUrl"})
    assert outsider.get(path).status_code == 404

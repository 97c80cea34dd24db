"""How many can still become founding members."""

from typing import Any

from billing.services import founding
from tests import make
from tests.clients import ApiClient

COUNT = "/api/v1/public/founding-members/count"


def test_anybody_may_see_what_is_left(anonymous: ApiClient, settings: Any) -> None:
    settings.FOUNDING_MEMBER_SPOTS = 100
    organization = make.organization()
    founding.grant(organization.pk, make.person(organization), by=make.user(is_staff=True))

    response = anonymous.get(COUNT)

    assert response.status_code == 200
    assert response.json() == {"success": True, "data": {"total": 100, "taken": 1, "remaining": 99}}


def test_it_is_only_read(anonymous: ApiClient) -> None:
    assert anonymous.post(COUNT, {}).status_code == 405


def test_the_last_spot_is_the_last(anonymous: ApiClient, settings: Any) -> None:
    settings.FOUNDING_MEMBER_SPOTS = 0

    assert anonymous.get(COUNT).json()["data"]["remaining"] == 0

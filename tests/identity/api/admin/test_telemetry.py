"""What people do with the product, for staff."""

from uuid import uuid4

import pytest

from identity.services import telemetry
from tests import make
from tests.clients import ApiClient, staff

EVENTS, DAYS = "/api/v1/admin/telemetry/events", "/api/v1/admin/telemetry/activities"


def test_signing_up_and_in_is_recorded_by_the_server(anonymous: ApiClient) -> None:
    person = {"email": "ada@example.test", "password": "correct horse battery staple", "name": "Ada"}
    anonymous.post("/api/user/auth/register", person)
    telemetry.sum_up()

    rows = staff("identity.view_analyticsevent").get(EVENTS).json()["data"]
    days = staff("identity.view_useractivity").get(DAYS).json()["data"]

    assert [row["name"] for row in rows] == ["account.registered"]
    assert [(row["eventsCount"], row["organizationId"]) for row in days] == [(1, rows[0]["organizationId"])]
    assert "ada" not in str(rows).lower()


def test_they_are_narrowed_and_turned_page_by_page() -> None:
    kim, organization = make.user(), make.organization()
    for _ in range(3):
        telemetry.record("session.started", kim, organization_id=organization.pk)
    telemetry.record("profile.updated", make.user())
    client = staff("identity.view_analyticsevent")

    first = client.get(EVENTS, {"userId": str(kim.pk), "limit": "2"}).json()
    second = client.get(EVENTS, {"userId": str(kim.pk), "limit": "2", "cursor": first["meta"]["nextCursor"]}).json()

    assert (len(first["data"]), len(second["data"]), second["meta"]["nextCursor"]) == (2, 1, None)
    assert len(client.get(EVENTS, {"name": "profile.updated"}).json()["data"]) == 1
    assert client.get(EVENTS, {"organizationId": str(uuid4())}).json()["data"] == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (EVENTS, {"name": "clicked"}),
        (EVENTS, {"userId": "1"}),
        (EVENTS, {"cursor": "forged"}),
        (DAYS, {"activeOn": "yesterday"}),
    ],
    ids=["name", "user", "cursor", "day"],
)
def test_bad_filters_are_refused(path: str, query: dict[str, str]) -> None:
    client = staff("identity.view_analyticsevent", "identity.view_useractivity")

    assert client.get(path, query).status_code == 400


def test_support_does_not_see_them() -> None:
    assert staff("identity.view_user").get(EVENTS).status_code == 403

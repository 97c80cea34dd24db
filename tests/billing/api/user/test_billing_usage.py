"""What happened in an organization today."""

from datetime import UTC, datetime
from typing import Any

import pytest

from identity.services import tokens
from orgs.models import Organization
from platform_core import clock
from platform_core.models import DailyCount
from platform_core.services import daily_counts
from tests import make
from tests.clients import ApiClient, PersonClient, ServerClient

PATH = "/api/v1/billing/usage"


def bearer(client: PersonClient, organization: Organization | None) -> ApiClient:
    """The same person with an access token that names the organization."""
    issued = tokens.issue(client.user, organization_id=organization.pk if organization else None)
    return ApiClient(headers={"Authorization": f"Bearer {issued.access_token}"})


def counted(client: ApiClient) -> dict[str, Any]:
    daily_counts.write()
    answer = client.get(PATH)
    assert answer.status_code == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def test_what_happened_today_is_told(owner: PersonClient, organization: Organization) -> None:
    nothing = counted(owner)
    assert nothing == {
        "organizationId": str(organization.pk), "date": clock.now().date().isoformat(),
        "tokensIssued": 0, "agentsRegistered": 0, "credentialsGenerated": 0, "apiCallsTotal": 0,
    }  # fmt: skip

    caller = bearer(owner, organization)
    assert caller.get("/api/v1/users/me").status_code == 200
    assert caller.get("/api/v1/organizations/nothing").status_code == 404
    daily_counts.record(organization.pk, agents_registered=1, credentials_generated=2)

    # Asked before itself, and once more now that it is written: what is no address of the API is no call.
    assert counted(caller) == nothing | {
        "tokensIssued": 1, "agentsRegistered": 1, "credentialsGenerated": 2, "apiCallsTotal": 2
    }  # fmt: skip
    assert counted(caller)["apiCallsTotal"] == 3


def test_refused_calls_are_calls_and_those_of_servers_too(
    owner: PersonClient, member: PersonClient, organization: Organization, server: ServerClient
) -> None:
    assert bearer(member, organization).post("/api/v1/billing/checkout").status_code == 403
    assert server.get("/api/v1/tenant/config").status_code in {200, 404}
    bearer(owner, None).get("/api/v1/users/me")
    ApiClient().get("/api/v1/users/me")

    assert counted(owner)["apiCallsTotal"] == 2


def test_organizations_are_counted_apart(
    owner: PersonClient, outsider: PersonClient, organization: Organization
) -> None:
    bearer(owner, organization).get("/api/v1/users/me")

    assert counted(bearer(outsider, outsider.organization))["apiCallsTotal"] == 0
    assert counted(owner)["apiCallsTotal"] == 1


def test_at_midnight_of_utc_it_begins_anew(
    owner: PersonClient, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 4, 7, 23, 59, 59, tzinfo=UTC))
    daily_counts.record(organization.pk, agents_registered=3)
    assert (counted(owner)["date"], counted(owner)["agentsRegistered"]) == ("2026-04-07", 3)

    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 4, 8, tzinfo=UTC))

    assert (counted(owner)["date"], counted(owner)["agentsRegistered"]) == ("2026-04-08", 0)
    assert DailyCount.objects.filter(agents_registered=3).exists()


def test_whoever_may_not_see_usage_is_refused(organization: Organization) -> None:
    person = PersonClient(make.user(), organization)
    make.membership(organization, person.user, custom_role=make.custom_role(organization))

    refused = person.get(PATH)

    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")


def test_nobody_and_whoever_works_in_no_organization_are_refused(owner: PersonClient) -> None:
    anonymous = ApiClient().get(PATH)
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "UNAUTHORIZED")
    nowhere = bearer(owner, None).get(PATH)
    assert (nowhere.status_code, nowhere.json()["code"]) == (400, "VALIDATION_ERROR")


def test_a_query_is_refused_by_its_name(owner: PersonClient) -> None:
    answer = owner.get(f"{PATH}?date=2026-01-01")

    assert (answer.status_code, list(answer.json()["details"])) == (400, ["date"])

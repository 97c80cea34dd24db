"""What an organization is subscribed to, as its members see it."""

from billing.models import Subscription
from orgs.models import Organization
from orgs.roles import Role
from tests import make
from tests.billing import shop
from tests.clients import ApiClient, PersonClient

PATH = "/api/user/subscription"


def test_an_organization_that_never_bought(member: PersonClient) -> None:
    answer = member.get(PATH)

    assert answer.status_code == 200
    assert answer.json() == {
        "organizationId": str(member.organization.pk),
        "status": "none",
        "isActive": False,
        "current": None,
        "subscriptions": [],
    }


def test_after_buying() -> None:
    customer = shop.customer()

    found = PersonClient(make.person(customer, Role.MEMBER), customer).get(PATH).json()

    row = Subscription.objects.get()
    assert (found["status"], found["isActive"]) == ("active", True)
    assert found["subscriptions"] == [found["current"]]
    current = found["current"]
    assert current["id"] == str(row.pk)
    assert current["plan"] == {
        "code": "hosting-pro",
        "product": "hosting",
        "name": "Hosting Pro",
        "tier": "Build",
        "tokenAllotment": 15_000_000,
        "features": ["15 million tokens a month", "Hourly backups"],
    }
    assert (current["amountMinor"], current["currency"], current["interval"], current["quantity"]) == (
        12_900,
        "usd",
        "month",
        1,
    )
    assert current["currentPeriodEnd"] == row.current_period_end.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert (current["cancelAtPeriodEnd"], current["canceledAt"], current["endedAt"]) == (False, None, None)


def test_a_live_subscription_comes_before_a_newer_one_that_ended(member: PersonClient) -> None:
    live = make.subscription(member.organization)
    ended = make.subscription(member.organization, status="canceled")

    found = member.get(PATH).json()

    assert found["current"]["id"] == str(live.pk)
    assert [row["id"] for row in found["subscriptions"]] == [str(ended.pk), str(live.pk)]


def test_an_ended_subscription_gives_nothing_but_is_shown(member: PersonClient) -> None:
    make.subscription(member.organization, status="canceled")

    found = member.get(PATH).json()

    assert (found["status"], found["isActive"]) == ("canceled", False)
    assert found["current"]["status"] == "canceled"


def test_nothing_of_others_is_shown(member: PersonClient) -> None:
    make.subscription()

    assert member.get(PATH).json()["subscriptions"] == []


def test_nobody_is_asked_who_they_are(anonymous: ApiClient) -> None:
    assert anonymous.get(PATH).status_code == 401


def test_the_three_addresses_say_the_same(member: PersonClient, organization: Organization) -> None:
    make.subscription(organization)

    answers = [
        member.get(path).json()
        for path in (PATH, "/api/v1/users/me/subscription", f"/api/v1/organizations/{organization.pk}/subscription")
    ]

    assert answers[0]["status"] == "active"
    assert answers == [answers[0]] * 3

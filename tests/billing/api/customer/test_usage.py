"""`/api/v1/customer/usage` and its breakdown."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from billing.models import Subscription
from billing.services.periods import mirror
from billing.services.usage import Bucket, record_buckets
from tests import make
from tests.clients import PersonClient
from tests.clocks import at

USAGE, BREAKDOWN = "/api/v1/customer/usage", "/api/v1/customer/usage/breakdown"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
ORDER = UUID("018f0000-0000-7000-8000-000000000001")


@pytest.fixture(autouse=True)
def _in_january() -> Iterator[None]:
    with at(NOW):
        yield


@pytest.fixture
def subscription(owner: PersonClient) -> Subscription:
    """A million tokens a month, 1.25 million used by two agents on two models."""
    plan = make.hosting_plan(name="Hosting Pro", tier="Build")
    subscription = make.subscription(owner.organization, plan)
    mirror(subscription)
    day = datetime(2026, 1, 5, 10, tzinfo=UTC)
    record_buckets(
        subscription,
        ORDER,
        [
            Bucket("sales", "small", day, tokens_input=400_000, tokens_output=100_000, web_search_count=2),
            Bucket("marketing", "large", day.replace(day=6), tokens_cache_read=700_000, tokens_cache_write=50_000),
        ],
    )
    return subscription


def data(client: PersonClient, path: str, **query: Any) -> Any:
    answer = client.get(path, query)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def test_usage_against_the_allotment(member: PersonClient, subscription: Subscription) -> None:
    body = data(member, USAGE)

    series = body.pop("series")
    assert body == {
        "subscription": {
            "id": str(subscription.pk),
            "plan": "Hosting Pro",
            "tier": "Build",
            "status": "active",
            "quantity": 1,
            "cancelAtPeriodEnd": False,
            "endedAt": None,
        },
        "periodStart": "2026-01-01T00:00:00.000000Z",
        "periodEnd": "2026-02-01T00:00:00.000000Z",
        "tokenAllotment": 1_000_000,
        "tokensUsed": 1_250_000,
        "tokensRemaining": 0,
        "overageTokens": 250_000,
        "overageMinor": 500,
        "currency": "USD",
        "perAgent": [{"agentId": "marketing", "tokens": 750_000}, {"agentId": "sales", "tokens": 500_000}],
        "perModel": [{"model": "large", "tokens": 750_000}, {"model": "small", "tokens": 500_000}],
        "interval": "day",
    }
    assert len(series) == 15
    assert [step for step in series if step["tokens"]] == [
        {"start": "2026-01-05", "tokens": 500_000},
        {"start": "2026-01-06", "tokens": 750_000},
    ]


@pytest.mark.parametrize(("interval", "start"), [("week", "2026-01-05"), ("month", "2026-01-01")])
def test_usage_by_week_and_month(owner: PersonClient, subscription: Subscription, interval: str, start: str) -> None:
    body = data(owner, USAGE, interval=interval)

    assert (body["interval"], body["series"]) == (interval, [{"start": start, "tokens": 1_250_000}])


def test_a_series_looks_back_twelve_weeks(owner: PersonClient, subscription: Subscription) -> None:
    with at(datetime(2026, 5, 1, tzinfo=UTC)):
        assert data(owner, USAGE, interval="week")["series"] == []
        assert data(owner, USAGE, interval="month")["series"] == [{"start": "2026-01-01", "tokens": 1_250_000}]


def test_who_has_bought_nothing_has_used_nothing(outsider: PersonClient, subscription: Subscription) -> None:
    body = data(outsider, USAGE)

    assert (body["subscription"], body["periodStart"], body["tokensUsed"], body["perAgent"]) == (None, None, 0, [])
    assert data(outsider, BREAKDOWN) == []


def test_a_subscription_without_a_period_has_no_figures_yet(owner: PersonClient) -> None:
    subscription = make.subscription(owner.organization, status="incomplete")

    body = data(owner, USAGE)

    assert (body["subscription"]["id"], body["periodStart"], body["overageMinor"]) == (str(subscription.pk), None, 0)


def test_one_of_several_subscriptions_is_chosen_by_its_id(owner: PersonClient, subscription: Subscription) -> None:
    other = make.subscription(owner.organization)

    assert data(owner, USAGE)["subscription"]["id"] == str(other.pk)
    assert data(owner, USAGE, subscription=subscription.pk)["tokensUsed"] == 1_250_000


@pytest.mark.parametrize("path", [USAGE, BREAKDOWN])
def test_another_customers_subscription_does_not_exist(
    outsider: PersonClient, subscription: Subscription, path: str
) -> None:
    theirs = outsider.get(path, {"subscription": str(subscription.pk)})
    nobodys = outsider.get(path, {"subscription": str(uuid4())})

    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() == nobodys.json()


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (USAGE, {"interval": "year"}, "interval"),
        (USAGE, {"subscription": "x"}, "subscription"),
        (USAGE, {"agent": "x"}, "agent"),
        (BREAKDOWN, {"since": "yesterday"}, "since"),
        (BREAKDOWN, {"limit": "0"}, "limit"),
        (BREAKDOWN, {"cursor": "made up"}, "cursor"),
    ],
)
def test_a_bad_query_is_refused_by_name(
    owner: PersonClient, subscription: Subscription, path: str, query: dict[str, str], field: str
) -> None:
    answer = owner.get(path, query)

    assert answer.status_code == 400
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == [field]


def test_every_hour_behind_the_sum_is_shown(member: PersonClient, subscription: Subscription) -> None:
    newest, oldest = data(member, BREAKDOWN)

    assert oldest.pop("reportedAt").startswith("2026-01-15T12:00:0")
    assert oldest == {
        "bucketHour": "2026-01-05T10:00:00.000000Z",
        "agentId": "sales",
        "model": "small",
        "orderId": str(ORDER),
        "tokensInput": 400_000,
        "tokensOutput": 100_000,
        "tokensCacheRead": 0,
        "tokensCacheWrite": 0,
        "tokensTotal": 500_000,
        "webSearchCount": 2,
        "webFetchCount": 0,
    }
    assert newest["bucketHour"] == "2026-01-06T10:00:00.000000Z"


@pytest.mark.parametrize(
    ("query", "agents"),
    [
        ({"agentId": "sales"}, ["sales"]),
        ({"model": "large"}, ["marketing"]),
        ({"since": "2026-01-06T10:00:00Z"}, ["marketing"]),
        ({"until": "2026-01-06T10:00:00Z"}, ["sales"]),
        ({"agentId": "sales", "model": "large"}, []),
    ],
)
def test_hours_are_found_by_time_agent_and_model(
    owner: PersonClient, subscription: Subscription, query: dict[str, str], agents: list[str]
) -> None:
    assert [row["agentId"] for row in data(owner, BREAKDOWN, **query)] == agents


def test_the_breakdown_comes_in_pages(owner: PersonClient, subscription: Subscription) -> None:
    first = owner.get(BREAKDOWN, {"limit": 1}).json()
    second = owner.get(BREAKDOWN, {"limit": 1, "cursor": first["meta"]["nextCursor"]}).json()

    assert [page["data"][0]["agentId"] for page in (first, second)] == ["marketing", "sales"]
    assert second["meta"] == {"nextCursor": None}

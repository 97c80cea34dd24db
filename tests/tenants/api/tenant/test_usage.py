"""POST /api/v1/tenant/usage."""

from typing import Any

import pytest

from billing.models import UsageBucket
from tenants.models import Order
from tests.clients import ApiClient, ServerClient

PATH = "/api/v1/tenant/usage"
BUCKET: dict[str, Any] = {
    "agentId": "marketing",
    "model": "deepseek/deepseek-v3.2",
    "bucketHour": "2026-01-15T14:00:00Z",
    "tokensInput": 45000,
    "tokensOutput": 12000,
    "tokensCacheRead": 28000,
    "tokensCacheWrite": 0,
    "webSearchCount": 2,
    "webFetchCount": 1,
    "costCents": 3,
}


@pytest.fixture(autouse=True)
def _fulfilled(server: ServerClient) -> None:
    Order.objects.update(status=Order.Status.FULFILLED)


def test_the_documents_bucket_is_taken(server: ServerClient) -> None:
    response = server.post(PATH, {"buckets": [BUCKET]})

    assert response.status_code == 200
    data = response.json()["data"]
    assert (data["accepted"], data["late"]) == (1, 0)
    assert data["serverTime"].endswith("Z")
    bucket = UsageBucket.objects.get()
    assert (bucket.agent_code, bucket.model_name, bucket.tokens_total) == (
        "marketing",
        "deepseek/deepseek-v3.2",
        85_000,
    )
    assert (bucket.source_id, bucket.claimed_cost_cents) == (server.server.order_id, 3)


def test_an_hour_that_is_reported_again_replaces(server: ServerClient) -> None:
    server.post(PATH, {"buckets": [BUCKET]})
    server.post(PATH, {"buckets": [{**BUCKET, "tokensInput": 1}]})

    assert UsageBucket.objects.get().tokens_input == 1


def test_an_order_that_is_not_fulfilled_is_not_metered(server: ServerClient) -> None:
    Order.objects.update(status=Order.Status.PROVISIONING)

    response = server.post(PATH, {"buckets": [BUCKET]})

    assert (response.status_code, response.json()["error"]["code"]) == (409, "CONFLICT")
    assert not UsageBucket.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tokensInput": -1}, "buckets.1.tokensInput"),
        ({"tokensInput": "many"}, "buckets.1.tokensInput"),
        ({"agentId": ""}, "buckets.1.agentId"),
        ({"bucketHour": "2026-01-15T14:30:00Z"}, "buckets.1.bucketHour"),
        ({"bucketHour": "soon"}, "buckets.1.bucketHour"),
        ({"bucketHour": "2199-01-01T00:00:00Z"}, "buckets.1.bucketHour"),
        ({"organizationId": "mine"}, "buckets.1.organizationId"),
    ],
)
def test_a_bad_bucket_refuses_the_report_and_is_named(server: ServerClient, change: dict[str, Any], field: str) -> None:
    response = server.post(PATH, {"buckets": [BUCKET, {**BUCKET, "agentId": "sales", **change}]})

    assert response.status_code == 400
    assert [detail["field"] for detail in response.json()["error"]["details"]] == [field]
    assert not UsageBucket.objects.exists()


@pytest.mark.parametrize("body", [{}, {"buckets": []}, {"buckets": {}}])
def test_a_report_without_buckets_is_none(server: ServerClient, body: dict[str, Any]) -> None:
    response = server.post(PATH, body)

    assert response.status_code == 400
    assert response.json()["error"]["details"][0]["field"].startswith("buckets")


def test_a_report_that_is_too_large_is_refused(server: ServerClient) -> None:
    response = server.post(PATH, {"buckets": [BUCKET] * 2000})
    assert (response.status_code, response.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_only_a_server_reports(anonymous: ApiClient) -> None:
    assert anonymous.post(PATH, {"buckets": [BUCKET]}).status_code == 401

"""POST /api/v1/tenant/heartbeat."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tenants.models import Server, ServerBeat, ServerStatus
from tests import make
from tests.clients import ApiClient, PersonClient, ServerClient
from tests.tenants.api.tenant.test_heartbeat_body import SEED, changed

PATH = "/api/v1/tenant/heartbeat"


def error(response: Any) -> dict[str, Any]:
    told: dict[str, Any] = response.json()["error"]
    return told


def test_the_documents_heartbeat_is_answered(server: ServerClient) -> None:
    ServerBeat.objects.update(config_version=8)

    response = server.post(PATH, SEED)

    assert response.status_code == 200
    assert response.json()["success"] is True
    data = response.json()["data"]
    assert {name: data[name] for name in ("configVersion", "configChanged", "pendingCommands", "pendingApprovals")} == {
        "configVersion": 8,
        "configChanged": True,
        "pendingCommands": [],
        "pendingApprovals": [],
    }
    assert data["serverTime"].endswith("Z")
    assert 270 <= data["nextBeatSeconds"] <= 330
    assert "X-Request-Id" in response
    row = ServerBeat.objects.get()
    assert (row.beat_count, row.seen_config_version) == (1, 7)
    assert ServerStatus.objects.get().body == SEED
    assert Server.objects.get().status == Server.Status.ONLINE


def test_a_beat_costs_one_query(server: ServerClient, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    server.post(PATH, SEED)

    with django_assert_num_queries(1):
        server.post(PATH, changed("resources.cpuPercent", 99))


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer hk_wrong", "Basic hk_wrong", "Bearer eyJhbGciOi"])
def test_a_wrong_key_is_refused_whatever_the_body(header: str, server: ServerClient) -> None:
    stranger = ApiClient(headers={"Authorization": header} if header else {})

    bodies: list[Any] = [SEED, {}, []]
    for body in bodies:
        response = stranger.post(PATH, body)
        assert (response.status_code, error(response)["code"]) == (401, "UNAUTHORIZED")
        assert response["WWW-Authenticate"].startswith("Bearer")
    assert ServerBeat.objects.get().beat_count == 0


def test_a_person_is_no_server(owner: PersonClient) -> None:
    assert owner.post(PATH, SEED).status_code == 401


def test_another_servers_key_counts_for_the_other_server(server: ServerClient) -> None:
    other = make.server(key="hk_other")
    server.post(PATH, SEED)

    assert ServerBeat.objects.get(server=other).beat_count == 0


@pytest.mark.parametrize(
    ("path", "value"), [("resources.cpuPercent", "many"), ("agents.sales.lastActiveAt", "x"), ("acked", [])]
)
def test_a_malformed_beat_names_its_field(path: str, value: Any, server: ServerClient) -> None:
    response = server.post(PATH, changed(path, value))

    assert response.status_code == 400
    assert error(response)["code"] == "VALIDATION_ERROR"
    assert [detail["field"] for detail in error(response)["details"]] == [path]
    assert ServerBeat.objects.get().beat_count == 0
    assert not ServerStatus.objects.exists()


@pytest.mark.parametrize("raw", ["", "{", '{"status": "healthy", "status": "degraded"}', '{"status": NaN}', "\x00"])
def test_a_body_that_is_no_json_is_refused(raw: str, server: ServerClient) -> None:
    response = server.post(PATH, raw, content_type="application/json")

    assert response.status_code == 400
    assert error(response)["details"]
    assert ServerBeat.objects.get().beat_count == 0


def test_a_body_that_is_too_large_is_refused(server: ServerClient) -> None:
    response = server.post(PATH, {**SEED, "padding": "x" * 256 * 1024})

    assert (response.status_code, error(response)["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert server.post(PATH, {**SEED, "padding": "x" * 3 * 1024 * 1024}).status_code == 413


def test_there_is_nothing_to_get(server: ServerClient) -> None:
    response = server.get(PATH)
    assert (response.status_code, error(response)["code"]) == (405, "METHOD_NOT_ALLOWED")

"""The hub's API as the agent uses it, against a server that answers as it is told."""

import json
from typing import Any

import pytest

from tenants.agent.hub import Hub, Refused, Unreachable
from tests.loopback import Reply, serve

NOW = "2026-03-15T14:00:00Z"
HEARD = {"serverTime": NOW, "configChanged": False, "nextBeatSeconds": 300}


def reply(data: Any, status: int = 200) -> Reply:
    return Reply(status, body=json.dumps({"success": True, "data": data}).encode())


def refusal(status: int, code: str = "UNAUTHORIZED", **headers: str) -> Reply:
    error = {"success": False, "error": {"code": code, "message": "No."}}
    return Reply(status, headers, json.dumps(error).encode())


def test_the_key_goes_with_the_request_and_the_answer_is_read() -> None:
    with serve(reply(HEARD)) as server:
        heard = Hub(server.url).heartbeat("hk_1", {"status": "healthy"})

    assert (heard.config_changed, heard.next_beat_seconds) == (False, 300.0)
    (asked,) = server.asked
    assert asked.path == "/api/v1/tenant/heartbeat"
    assert asked.headers["Authorization"] == "Bearer hk_1"
    assert json.loads(asked.body) == {"status": "healthy"}


def test_registering_sends_no_key() -> None:
    answer = {"hubApiKey": "hk_1", "webhookSecret": "whsec_1", "serverId": "s-1", "serverTime": NOW}
    with serve(reply(answer)) as server:
        registered = Hub(server.url).register({"registrationToken": "rt_1"})

    assert registered.hub_api_key == "hk_1"
    assert "Authorization" not in server.asked[0].headers


def test_config_and_usage() -> None:
    with serve(reply({"version": 1}), reply({"accepted": 1})) as server:
        assert Hub(server.url).config("hk_1") == {"version": 1}
        Hub(server.url).usage("hk_1", [{"agentId": "sales"}])

    assert [asked.path.rpartition("/")[2] for asked in server.asked] == ["config", "usage"]
    assert json.loads(server.asked[1].body) == {"buckets": [{"agentId": "sales"}]}


@pytest.mark.parametrize("status", [400, 401, 403, 409])
def test_a_refusal_of_the_hub_is_final(status: int) -> None:
    with serve(refusal(status)) as server, pytest.raises(Refused, match=r"No\.") as caught:
        Hub(server.url).heartbeat("hk_1", {})

    assert (caught.value.status, caught.value.code) == (status, "UNAUTHORIZED")


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (refusal(429, "RATE_LIMITED", **{"Retry-After": "7"}), 7.0),
        (refusal(503), None),
        (Reply(502, body=b"<html>Bad gateway</html>"), None),
        # A proxy's 401 says nothing about our key.
        (Reply(401, body=b"<html>Please log in</html>"), None),
        (Reply(200, body=b"<html>Welcome to our hotel</html>"), None),
        (Reply(200, body=b'["no envelope"]'), None),
        (Reply(200, body=b"[" * 4000), None),
        (Reply(401, body=b"[" * 4000), None),
        (Reply(200, body=b'{"data": null}'), None),
        (reply({"serverTime": NOW}), None),
        (reply({**HEARD, "serverTime": "soon"}), None),
        (reply({**HEARD, "nextBeatSeconds": None}), None),
    ],
)
def test_any_other_answer_is_none(answer: Reply, wait: float | None) -> None:
    with serve(answer) as server, pytest.raises(Unreachable) as caught:
        Hub(server.url).heartbeat("hk_1", {})

    assert caught.value.retry_after == wait


def test_nobody_there_is_no_answer() -> None:
    with pytest.raises(Unreachable):
        Hub("http://127.0.0.1:9").heartbeat("hk_1", {})


def test_the_key_is_never_taken_to_another_host() -> None:
    with serve(reply(HEARD)) as other, serve(Reply(302, {"Location": other.url})) as server, pytest.raises(Unreachable):
        Hub(server.url).heartbeat("hk_1", {})

    assert other.asked == []

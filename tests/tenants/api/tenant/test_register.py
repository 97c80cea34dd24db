"""POST /api/v1/tenant/register."""

from datetime import timedelta

import pytest

from platform_core import clock
from platform_core.models import AuditEvent
from tenants.models import RegistrationToken, Server
from tenants.services import registration
from tests import make
from tests.clients import ApiClient

PATH = "/api/v1/tenant/register"
ADDRESS = "http://127.0.0.1:20001"


@pytest.fixture
def token() -> str:
    return registration.issue_token(make.server(agent_url=ADDRESS).order)[1]


def test_a_token_is_traded_for_a_key(anonymous: ApiClient, token: str) -> None:
    body = {"registrationToken": token, "machineId": "m-1", "agentUrl": ADDRESS, "agentVersion": "0.1.0"}

    response = anonymous.post(PATH, body)

    assert response.status_code == 200
    data = response.json()["data"]
    assert set(data) == {"hubApiKey", "webhookSecret", "serverId", "orderId", "heartbeatSeconds", "serverTime"}
    assert data["hubApiKey"].startswith("hk_")
    assert data["serverId"] == str(Server.objects.get().pk)
    assert data["serverTime"].endswith("Z")
    again = anonymous.post(PATH, body).json()["data"]
    assert again["serverId"] == data["serverId"]
    assert again["hubApiKey"] != data["hubApiKey"]


def test_the_token_alone_is_enough(anonymous: ApiClient, token: str) -> None:
    assert anonymous.post(PATH, {"registrationToken": token}).status_code == 200


def test_another_machine_is_refused(anonymous: ApiClient, token: str) -> None:
    anonymous.post(PATH, {"registrationToken": token, "machineId": "m-1"})

    response = anonymous.post(PATH, {"registrationToken": token, "machineId": "m-2"})

    assert response.status_code == 403
    assert response.json()["error"]["code"] == "FORBIDDEN"
    assert AuditEvent.objects.filter(action="server.register_refused").count() == 1


def test_a_token_that_is_wrong_or_too_old_is_refused(anonymous: ApiClient, token: str) -> None:
    RegistrationToken.objects.update(expires_at=clock.now() - timedelta(seconds=1))

    for given in (token, "rt_wrong"):
        response = anonymous.post(PATH, {"registrationToken": given})
        assert (response.status_code, response.json()["error"]["code"]) == (401, "UNAUTHORIZED")

    assert Server.objects.get().registered_at is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "registrationToken"),
        ({"registrationToken": ""}, "registrationToken"),
        ({"registrationToken": "rt_1", "machineId": "m" * 81}, "machineId"),
        ({"registrationToken": "rt_1", "orderId": "mine"}, "orderId"),
        ([], "body"),
    ],
)
def test_a_malformed_request_names_its_field(anonymous: ApiClient, body: object, field: str) -> None:
    response = anonymous.post(PATH, body)

    assert response.status_code == 400
    assert [detail["field"] for detail in response.json()["error"]["details"]] == [field]


def test_an_address_that_was_not_set_up_is_refused_by_name(anonymous: ApiClient, token: str) -> None:
    response = anonymous.post(PATH, {"registrationToken": token, "agentUrl": "http://169.254.169.254/"})

    assert response.status_code == 400
    assert response.json()["error"]["details"][0]["field"] == "agentUrl"
    assert RegistrationToken.objects.get().used_at is None

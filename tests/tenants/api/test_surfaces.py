"""What holds for every call of a server."""

import pytest

from platform_core import scoping
from tenants.models import Order, Server
from tenants.services import configuration
from tests import make
from tests.clients import ApiClient, PersonClient, ServerClient

PATHS = [("get", "config"), ("post", "usage"), ("post", "heartbeat")]


@pytest.mark.parametrize(("verb", "name"), PATHS)
def test_without_a_key_nothing_is_told(verb: str, name: str, anonymous: ApiClient) -> None:
    response = getattr(anonymous, verb)(f"/api/v1/tenant/{name}")

    assert (response.status_code, response.json()["error"]["code"]) == (401, "UNAUTHORIZED")
    assert response["WWW-Authenticate"] == 'Bearer realm="mainstay"'


@pytest.mark.parametrize(("verb", "name"), PATHS)
def test_a_registration_token_is_no_key(verb: str, name: str, server: ServerClient) -> None:
    caller = ApiClient(headers={"Authorization": "Bearer rt_something"})
    assert getattr(caller, verb)(f"/api/v1/tenant/{name}").status_code == 401


@pytest.mark.parametrize(("verb", "name"), PATHS)
def test_a_person_is_no_server(verb: str, name: str, owner: PersonClient) -> None:
    assert getattr(owner, verb)(f"/api/v1/tenant/{name}").status_code == 401


def test_a_key_is_read_however_its_scheme_is_written(server: ServerClient) -> None:
    configuration.publish(server.server.order, reason="first configuration")
    for header in (f"Bearer {server.key}", f"bearer {server.key}", f"BEARER   {server.key}  "):
        assert ApiClient(headers={"Authorization": header}).get("/api/v1/tenant/config").status_code == 200


def test_a_server_sees_its_own_organization_only(server: ServerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    make.server(make.order())
    seen: list[tuple[int, int]] = []

    def publish(self: object, request: object) -> object:
        seen.append((Order.objects.count(), Server.objects.count()))
        raise scoping.ScopeMissing("enough")

    monkeypatch.setattr("tenants.api.tenant.config.Config.get", publish)
    with pytest.raises(scoping.ScopeMissing, match="enough"):
        server.get("/api/v1/tenant/config")

    assert seen == [(1, 1)]


def test_the_key_of_a_rotated_server_is_confirmed_by_any_call(server: ServerClient) -> None:
    Server.objects.update(previous_key_digest="p1:older")

    server.get("/api/v1/tenant/config")

    server.server.refresh_from_db()
    assert server.server.key_used_at is not None
    assert server.server.previous_key_digest == ""


def test_a_body_that_is_too_large_is_not_read(server: ServerClient) -> None:
    response = server.post("/api/v1/tenant/usage", {"padding": "x" * 256 * 1024})

    assert (response.status_code, response.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")

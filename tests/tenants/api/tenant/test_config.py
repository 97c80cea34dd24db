"""GET /api/v1/tenant/config."""

from tenants.services import configuration
from tests import make
from tests.clients import ApiClient, ServerClient

PATH = "/api/v1/tenant/config"


def test_the_latest_revision_and_its_etag(server: ServerClient) -> None:
    revision = configuration.publish(server.server.order, reason="first configuration")
    configuration.publish(make.server().order, reason="of another order")

    response = server.get(PATH)

    assert response.status_code == 200
    assert response["ETag"] == f'"{revision.sha256}"'
    data = response.json()["data"]
    assert (data["version"], data["sha256"]) == (1, revision.sha256)
    assert data["config"] == revision.body
    assert configuration.canonical_hash(data["config"]) == data["sha256"]


def test_what_is_known_is_not_sent_again(server: ServerClient) -> None:
    revision = configuration.publish(server.server.order, reason="first configuration")

    response = server.get(PATH, headers={"If-None-Match": f'"older", "{revision.sha256}"'})

    assert (response.status_code, response.content) == (304, b"")
    assert response["ETag"] == f'"{revision.sha256}"'
    assert server.get(PATH, headers={"If-None-Match": '"older"'}).status_code == 200


def test_before_anything_is_published_there_is_nothing(server: ServerClient) -> None:
    response = server.get(PATH)

    assert (response.status_code, response.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_only_a_server_asks(anonymous: ApiClient) -> None:
    assert anonymous.get(PATH).status_code == 401

"""What was sent to an organization's endpoints, through the API."""

import pytest

from billing.services import outbound
from orgs.models import Organization
from platform_core.models import WebhookDelivery, WebhookEndpoint
from platform_core.services import outbox, webhook_endpoints
from tests import make
from tests.clients import PersonClient
from tests.loopback import Reply, serve


@pytest.fixture
def delivery(organization: Organization) -> WebhookDelivery:
    """One that failed once."""
    endpoint, _ = webhook_endpoints.add(organization.pk, {"url": "https://hooks.harbour.test/"}, by=make.user())
    outbound.invoice_changed(outbound.INVOICE_PAID, make.invoice(make.subscription(organization), number="MS-7"))
    with serve(Reply(500, body=b"no")) as server:
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url=server.url, enrolled=True)
        assert outbox.deliver_one("test")
    return WebhookDelivery.objects.get()


def path(organization: Organization, *rest: object) -> str:
    return "/".join([f"/api/v1/organizations/{organization.pk}/webhook-deliveries", *map(str, rest)])


def test_a_delivery_tells_what_was_said_and_what_came_back(
    organization: Organization, owner: PersonClient, delivery: WebhookDelivery
) -> None:
    listed = owner.get(path(organization)).json()["items"]
    body = owner.get(path(organization, delivery.pk)).json()

    (attempt,) = body.pop("attempts")
    assert body.pop("body")["data"]["number"] == "MS-7"
    assert listed == [body]
    assert (body["webhookId"], body["endpointId"]) == (str(delivery.message_id), str(delivery.endpoint_id))
    assert (body["status"], body["attempt"], body["responseStatus"], body["error"]) == ("PENDING", 1, 500, "HTTP 500")
    assert body["nextAttemptAt"] == f"{delivery.run_after:%Y-%m-%dT%H:%M:%S.%fZ}"
    assert (attempt["responseStatus"], attempt["responseBody"]) == (500, "no")


def test_deliveries_are_filtered(organization: Organization, owner: PersonClient, delivery: WebhookDelivery) -> None:
    def count(query: str) -> int:
        answer = owner.get(path(organization) + query)
        assert answer.status_code == 200, answer.content
        return len(answer.json()["items"])

    assert count(f"?endpointId={delivery.endpoint_id}&event=invoice.paid&status=PENDING&limit=1") == 1
    assert count("?status=FAILED") == 0
    assert owner.get(path(organization) + "?status=lost").status_code == 400


def test_one_is_sent_once_more(
    organization: Organization, owner: PersonClient, outsider: PersonClient, delivery: WebhookDelivery
) -> None:
    retry = path(organization, delivery.pk, "retry")
    assert owner.post(retry).status_code == 409
    WebhookDelivery.objects.update(status="FAILED")

    assert outsider.post(path(outsider.organization, delivery.pk, "retry")).status_code == 404
    answer = owner.post(retry)

    assert (answer.status_code, answer.json()["status"], answer.json()["nextAttemptAt"] is None) == (
        202,
        "PENDING",
        False,
    )
    assert owner.get(path(organization, delivery.pk)).json()["attempt"] == 0

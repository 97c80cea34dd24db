"""What a server should run, numbered."""

from platform_core.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from tenants.models import ConfigRevision, Order, Server, ServerBeat
from tenants.services import configuration
from tests import make


def endpoint_of(server: Server) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        owner_type="tenants.server", owner_id=server.pk, url="http://127.0.0.1:20001", secrets="whsec_YQ=="
    )


def test_the_first_revision_says_everything_and_the_server_is_told() -> None:
    server = make.server()
    endpoint_of(server)

    revision = configuration.publish(server.order, reason="first configuration")

    assert (revision.version, revision.reason) == (1, "first configuration")
    assert revision.sha256 == configuration.canonical_hash(revision.body)
    assert revision.body["domain"] == server.order.domain
    assert revision.body["tokenAllotment"] == 1_000_000
    assert [agent["agentId"] for agent in revision.body["agents"]] == [
        "dispatcher",
        "it-admin",
        "marketing",
        "secretary",
        "sales",
    ]
    assert ServerBeat.objects.get().config_version == 1
    delivery = WebhookDelivery.objects.get()
    assert (delivery.event, delivery.path) == ("config.updated", "/webhooks/config-update")
    assert delivery.payload["configVersion"] == 1
    assert AuditEvent.objects.get().action == "config.publish"


def test_what_did_not_change_is_not_published_again() -> None:
    server = make.server()
    first = configuration.publish(server.order, reason="first configuration")

    assert configuration.publish(server.order, reason="again") == first
    assert ConfigRevision.objects.count() == 1


def test_a_change_is_the_next_revision_and_names_its_fields() -> None:
    server = make.server()
    endpoint_of(server)
    configuration.publish(server.order, reason="first configuration")
    Order.objects.update(tools=["ghost"])
    order = Order.objects.get()

    second = configuration.publish(order, reason="fewer tools")

    assert second.version == 2
    assert order.config_revisions.first() == second
    assert ServerBeat.objects.get().config_version == 2
    delivery = WebhookDelivery.objects.order_by("created_at").last()
    assert delivery is not None
    assert delivery.payload == {"configVersion": 2, "changedFields": ["tools"]}


def test_a_server_that_has_no_address_yet_is_told_by_its_next_beat() -> None:
    configuration.publish(make.server().order, reason="first configuration")

    assert not WebhookDelivery.objects.exists()
    assert ServerBeat.objects.get().config_version == 1

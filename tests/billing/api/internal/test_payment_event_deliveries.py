"""`POST /internal/payments/event-deliveries/{id}/retry`."""

from platform_core.models import AuditEvent, WebhookDelivery
from platform_core.services import webhook_messages
from platform_core.services.webhook_messages import Audience
from tests import make
from tests.billing import selling

PATH = "/internal/payments/event-deliveries/{}/retry"
Status = WebhookDelivery.Status


def test_what_was_given_up_is_owed_once_more() -> None:
    consumer = make.consumer("funnel", url="http://127.0.0.1:9/")
    webhook_messages.announce([Audience(consumer.pk, None)], "invoice.paid", {}, key="k")
    delivery = WebhookDelivery.objects.get()
    service = selling.service()
    assert service.post(PATH.format(delivery.pk)).status_code == 409
    WebhookDelivery.objects.update(status=Status.FAILED, attempt=10, error="HTTP 500")

    answer = service.post(PATH.format(delivery.pk))

    body = answer.json()
    assert answer.status_code == 202
    assert (body["id"], body["webhookId"]) == (str(delivery.pk), str(delivery.message_id))
    assert (body["status"], body["attempt"], body["error"]) == ("PENDING", 0, "")
    event = AuditEvent.objects.get(action="webhook_delivery.redeliver")
    assert (event.actor_type, event.actor_label) == ("token", "consumer funnel")


def test_what_is_sent_to_others_is_no_consumer_s() -> None:
    delivery = make.webhook_delivery(status=Status.FAILED)

    assert selling.service().post(PATH.format(delivery.pk)).status_code == 404
    delivery.refresh_from_db()
    assert delivery.status == Status.FAILED

"""Jobs, mail, webhooks."""

from typing import Any
from uuid import uuid4

from platform_core import clock, signing
from platform_core.models import Job, Mail, ProviderEvent, WebhookDelivery, WebhookEndpoint
from tests.make.numbers import unique


def job(**fields: Any) -> Job:
    """A queued job about nothing in particular."""
    values = {"kind": "test", "step": "first", "subject_type": "tests.thing", "subject_id": uuid4()}
    return Job.objects.create(**values | {"idempotency_key": unique("job")} | fields)


def mail(**fields: Any) -> Mail:
    """A message that waits to be sent."""
    values = {"template": "tests/hello", "to": "ada@example.test", "subject": "Hello", "text": "Hello, Ada."}
    return Mail.objects.create(**values | {"idempotency_key": unique("mail")} | fields)


def webhook_endpoint(url: str = "http://127.0.0.1:9/hooks", **fields: Any) -> WebhookEndpoint:
    """An enrolled endpoint of no organization."""
    values = {"owner_type": "tests.thing", "owner_id": uuid4(), "secrets": signing.new_secret(), "enrolled": True}
    return WebhookEndpoint.objects.create(url=url, **values | fields)


def webhook_delivery(endpoint: WebhookEndpoint | None = None, **fields: Any) -> WebhookDelivery:
    """An event that waits to be delivered."""
    values = {"event": "thing.changed", "payload": {"thing": 1}, "idempotency_key": unique("delivery")}
    return WebhookDelivery.objects.create(endpoint=endpoint or webhook_endpoint(), **values | fields)


def provider_event(**fields: Any) -> ProviderEvent:
    """An event that waits to be acted upon, of a kind that means nothing to us."""
    values = {"provider": "stripe", "kind": "tests.happened", "occurred_at": clock.now(), "body": '{"thing": 1}'}
    return ProviderEvent.objects.create(**values | {"external_id": unique("evt")} | fields)


def audience_endpoint(url: str = "http://127.0.0.1:9/hooks", **fields: Any) -> WebhookEndpoint:
    """An enrolled endpoint that hears of an audience of its own."""
    return webhook_endpoint(url, **{"audience_id": uuid4()} | fields)

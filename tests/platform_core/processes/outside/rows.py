"""Rows that a test's processes work on."""

from uuid import uuid4

from platform_core import workflow
from platform_core.models import Job, Mail, WebhookEndpoint


def owe_mail(index: int) -> Mail:
    """A message to somebody."""
    return Mail.objects.create(
        template="made", to="ada@example.test", subject="Made", text="It is made.", idempotency_key=f"mail:{index}"
    )


def start_job(kind: str, key: str) -> Job:
    """A job about a row of its own."""
    subject = WebhookEndpoint.objects.create(
        owner_type="tests.thing", owner_id=uuid4(), url="http://127.0.0.1:9/", secrets="whsec_AAAA"
    )
    return workflow.start(kind, subject, organization_id=None, key=key)

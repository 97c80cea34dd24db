"""The demo's receiver of a consumer's events."""

from typing import Any

import pytest

from platform_core import clock, signing
from platform_core.models import WebhookEndpoint
from tests import make
from tests.clients import QuickClient

PATH = "/sandbox/consumers/funnel/events"
BODY = b'{"type":"invoice.paid"}'


def told(body: bytes = BODY, message_id: str = "msg_1") -> Any:
    endpoint = WebhookEndpoint.objects.get()
    headers = signing.headers(endpoint.secrets.split(), "msg_1", "invoice.paid", BODY, clock.wall())
    headers["webhook-id"] = message_id
    return QuickClient(enforce_csrf_checks=True).post(PATH, body, content_type="application/json", headers=headers)


def test_what_is_signed_is_taken_and_nothing_else() -> None:
    make.consumer("funnel", url="http://127.0.0.1:9/")

    assert (told().status_code, told().json()) == (200, {"received": "msg_1"})
    assert told(b"{}").status_code == 401
    assert told(message_id="msg_2").status_code == 401
    assert QuickClient().get(PATH).status_code == 405


def test_there_is_none_for_others_and_beside_the_real_stripe(settings: pytest.FixtureRequest) -> None:
    assert QuickClient().post(PATH, BODY, content_type="application/json").status_code == 404
    make.consumer("funnel")
    assert QuickClient().post(PATH, BODY, content_type="application/json").status_code == 404
    settings.SANDBOX = False  # type: ignore[attr-defined]
    assert QuickClient().post(PATH, BODY, content_type="application/json").status_code == 404

"""One delivery, with what was said and what came back."""

from typing import Any

import pytest

from billing.services import outbound
from orgs.models import Organization
from platform_core.models import WebhookDelivery, WebhookEndpoint
from platform_core.services import outbox, webhook_endpoints
from tests import make
from tests.loopback import Reply, serve
from tests.pages import Browser


@pytest.fixture
def browser(organization: Organization) -> Browser:
    return Browser(make.person(organization))


@pytest.fixture
def delivery(organization: Organization) -> WebhookDelivery:
    webhook_endpoints.add(organization.pk, {"url": "https://hooks.harbour.test/"}, by=make.user())
    outbound.invoice_changed(outbound.INVOICE_PAID, make.invoice(make.subscription(organization), number="MS-7"))
    return WebhookDelivery.objects.get()


def tried(*replies: Reply) -> None:
    with serve(*replies) as server:
        WebhookEndpoint.objects.update(url=server.url, enrolled=True)
        assert outbox.deliver_one("test")


def test_body_tries_and_answers_are_shown(browser: Browser, delivery: WebhookDelivery) -> None:
    path = f"/settings/webhooks/deliveries/{delivery.pk}"
    assert "On its way" in browser.read(path).text

    tried(Reply(500, body=b"<b>out of order</b>"))

    page = browser.read(path)
    assert page.heading == "invoice.paid"
    assert '"number": "MS-7"' in page.text
    assert "<b>out of order</b>" in page.text
    assert "HTTP 500" in page.text
    assert delivery.webhook_id in page.text
    assert "webhook-signature" in page.text


def test_it_is_sent_once_more(browser: Browser, delivery: WebhookDelivery) -> None:
    path = f"/settings/webhooks/deliveries/{delivery.pk}"
    tried(Reply(204, body=b""))
    assert "Delivered" in browser.read(path).text

    assert browser.send(path).location == path
    assert "It is sent once more." in browser.read(path).text
    assert "It is being delivered already." in browser.read(browser.send(path).location).text
    delivery.refresh_from_db()
    assert delivery.status == "PENDING"


def test_a_strangers_delivery_is_not_there(delivery: WebhookDelivery) -> None:
    stranger: Any = Browser(make.person(make.organization()))
    path = f"/settings/webhooks/deliveries/{delivery.pk}"

    assert (stranger.read(path).status, stranger.send(path).status) == (404, 404)

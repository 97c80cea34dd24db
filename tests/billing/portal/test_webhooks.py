"""An organization's webhook endpoints, as people see and change them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from billing.services import outbound
from orgs.models import Organization
from orgs.roles import Role
from platform_core import clock
from platform_core.models import WebhookDelivery, WebhookEndpoint, WebhookMessage
from platform_core.services import webhook_endpoints
from tests import make
from tests.pages import Browser

URL = "https://hooks.harbour.test/in"


@pytest.fixture
def browser(organization: Organization) -> Browser:
    return Browser(make.person(organization))


def endpoint_of(organization: Organization, **given: Any) -> WebhookEndpoint:
    return webhook_endpoints.add(organization.pk, {"url": URL, **given}, by=make.user())[0]


def test_an_endpoint_is_made_and_its_secret_shown_once(browser: Browser, organization: Organization) -> None:
    assert "No endpoints yet" in browser.read("/settings/webhooks").text
    assert browser.read("/settings/webhooks/new").status == 200

    made = browser.send("/settings/webhooks/new", url=URL, name="Books", event_types="invoice.paid")

    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.name, endpoint.event_types, endpoint.in_order) == ("Books", ["invoice.paid"], False)
    assert endpoint.secrets in made.text
    for path in ("/settings/webhooks", f"/settings/webhooks/{endpoint.pk}"):
        page = browser.read(path)
        assert "Books" in page.text
        assert endpoint.secrets not in page.html


def test_what_is_wrong_is_said_at_its_field(browser: Browser) -> None:
    inside = browser.send("/settings/webhooks/new", url="https://10.0.0.1/")
    unknown = browser.send("/settings/webhooks/new", url=URL, event_types="order.made")

    assert (inside.status, unknown.status) == (400, 400)
    assert "The address must be one of the public internet." in inside.text
    assert "Select a valid choice" in unknown.text
    assert not WebhookEndpoint.objects.exists()


def test_there_are_not_too_many(browser: Browser, organization: Organization) -> None:
    for _ in range(webhook_endpoints.MOST):
        endpoint_of(organization)

    assert "at most 10 endpoints" in browser.send("/settings/webhooks/new", url=URL).text


def test_its_page_pauses_resumes_tests_renews_and_deletes(browser: Browser, organization: Organization) -> None:
    endpoint = endpoint_of(organization)
    path = f"/settings/webhooks/{endpoint.pk}"

    assert browser.send(path, do="test").location == path
    assert "webhook.test" in browser.read(path).text
    browser.send(path, do="pause")
    assert "Paused" in browser.read(path).text
    assert "The endpoint is paused." in browser.read(browser.send(path, do="test").location).text
    browser.send(path, do="resume")
    first = WebhookEndpoint.objects.get().secrets
    renewed = browser.send(path, do="secret")
    assert first not in renewed.html
    assert WebhookEndpoint.objects.get().secrets.split()[0] in renewed.text
    assert "Signs along until" in browser.read(path).text
    assert browser.send(path, do="delete").location == "/settings/webhooks"
    assert not WebhookEndpoint.objects.exists()


def test_it_is_changed(browser: Browser, organization: Organization) -> None:
    endpoint = endpoint_of(organization, event_types=["invoice.paid"])
    path = f"/settings/webhooks/{endpoint.pk}"

    refused = browser.send(path, url="http://hooks.harbour.test/")
    empty = browser.send(path, url="")
    changed = browser.send(path, url=URL + "/2", name="New", in_order="on")

    assert (refused.status, empty.status, changed.status) == (400, 400, 302)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.name, endpoint.event_types, endpoint.in_order) == (URL + "/2", "New", [], True)


def test_deliveries_are_listed_and_filtered(browser: Browser, organization: Organization) -> None:
    endpoint = endpoint_of(organization)
    invoice = make.invoice(make.subscription(organization), number="MS-1")
    outbound.invoice_changed(outbound.INVOICE_FINALIZED, invoice)
    outbound.invoice_changed(outbound.INVOICE_PAID, invoice)
    path = f"/settings/webhooks/{endpoint.pk}"

    both, one = browser.read(path), browser.read(path, event="invoice.paid")

    links = {f"/settings/webhooks/deliveries/{each.pk}": each.event for each in WebhookDelivery.objects.all()}
    assert set(links) <= set(both.links)
    assert [links[link] for link in one.links if link in links] == ["invoice.paid"]
    assert "Nothing was sent yet that fits." in browser.read(path, status="FAILED").text


def test_a_range_is_sent_again(browser: Browser, organization: Organization) -> None:
    endpoint = endpoint_of(organization)
    outbound.invoice_changed(outbound.INVOICE_PAID, make.invoice(make.subscription(organization)))
    WebhookDelivery.objects.update(status="DELIVERED", attempt=1)
    path = f"/settings/webhooks/{endpoint.pk}/replay"
    since = f"{clock.now() - timedelta(hours=1):%Y-%m-%dT%H:%M}"

    assert browser.read(path).status == 200
    backwards = browser.send(path, since=since, until=f"{clock.now() - timedelta(hours=2):%Y-%m-%dT%H:%M}")
    empty = browser.send(path, since="soon")
    sent = browser.send(path, since=since)

    assert (backwards.status, empty.status) == (400, 400)
    assert "The end must be after the beginning." in backwards.text
    assert "1 event will be sent once more." in browser.read(sent.location).text
    assert WebhookDelivery.objects.get().status == "PENDING"


def test_why_nothing_is_sent_is_said(browser: Browser, organization: Organization) -> None:
    endpoint = endpoint_of(organization)
    trouble = "Its receiver answered that it is gone (410)."
    WebhookEndpoint.objects.update(is_active=False, trouble=trouble)

    page = browser.read(f"/settings/webhooks/{endpoint.pk}")

    assert "Disabled" in page.text
    assert trouble in page.text


def test_a_strangers_endpoint_is_not_there(browser: Browser) -> None:
    other = endpoint_of(make.organization())

    for path in (f"/settings/webhooks/{other.pk}", f"/settings/webhooks/{uuid4()}"):
        assert browser.read(path).status == 404
        assert browser.send(path, do="delete").status == 404
        assert browser.send(f"{path}/replay", since="2026-01-01T00:00").status == 404
    assert WebhookEndpoint.objects.get() == other


def test_members_see_nothing_of_it(organization: Organization) -> None:
    endpoint = endpoint_of(organization)
    member = Browser(make.person(organization, Role.MEMBER))

    assert member.read("/settings/webhooks").status == 403
    assert member.send(f"/settings/webhooks/{endpoint.pk}", do="pause").status == 403
    assert "/settings/webhooks" not in member.read("/settings").links
    assert not WebhookMessage.objects.exists()

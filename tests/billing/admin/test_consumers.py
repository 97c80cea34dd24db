"""Consumers in the console."""

from typing import Any

from billing.models import Consumer
from platform_core.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from tests import make
from tests.clients import staff
from tests.pages import Browser

ALL = ("billing.view_consumer", "billing.add_consumer", "billing.change_consumer", "billing.view_consumertenant")
PATH = "/admin/billing/consumer/"
URL = "http://funnel.cs.lvh.me:8080/api/internal/payments/events"
INLINE = {f"tenants-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")}


def as_staff(*permissions: str) -> Browser:
    return Browser(staff(*(permissions or ALL)).user)


def test_a_consumer_is_made_and_its_secret_shown_once() -> None:
    browser = as_staff()

    made: Any = browser.post(f"{PATH}add/", {"key": "funnel", "name": "FunnelAI", "events_url": URL})

    consumer, endpoint = Consumer.objects.get(), WebhookEndpoint.objects.get()
    assert made.status_code == 200
    assert endpoint.secrets in made.content.decode()
    assert "no-store" in made.headers["Cache-Control"]
    assert (consumer.key, consumer.endpoint, endpoint.url, endpoint.enrolled) == ("funnel", endpoint, URL, True)
    page = browser.get(f"{PATH}{consumer.pk}/change/").content.decode()
    assert URL in page
    assert endpoint.secrets not in page + browser.get(PATH).content.decode()
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert actions == {"consumer.create", "consumer.update"}
    assert not [event for event in AuditEvent.objects.all() if endpoint.secrets in str(event.changes)]


def test_an_address_that_is_none_is_told_and_nothing_made() -> None:
    answer = as_staff().post(f"{PATH}add/", {"key": "funnel", "name": "F", "events_url": "ftp://funnel/"})

    assert answer.status_code == 200
    assert "An address that begins with http:// or https:// is wanted" in answer.content.decode()
    assert not Consumer.objects.exists()


def test_it_is_renamed_and_moves() -> None:
    consumer = make.consumer("funnel", url=URL)

    moved: Any = as_staff().post(
        f"{PATH}{consumer.pk}/change/", {"name": "Funnel", "events_url": URL + "/2", "key": "stolen", **INLINE}
    )

    consumer.refresh_from_db()
    assert moved.status_code == 302
    assert (consumer.name, consumer.key) == ("Funnel", "funnel")
    assert WebhookEndpoint.objects.get().url == URL + "/2"


def test_a_new_secret_is_the_answer_itself() -> None:
    consumer = make.consumer("funnel", url=URL)
    old = WebhookEndpoint.objects.get().secrets

    answer = as_staff().post(f"{PATH}{consumer.pk}/do/renew_secret/")

    new = WebhookEndpoint.objects.get().secrets.split()
    assert new[1:] == [old]
    assert new[0] in answer.content.decode()
    assert old not in answer.content.decode()
    assert as_staff("billing.view_consumer").post(f"{PATH}{consumer.pk}/do/renew_secret/").status_code == 403


def test_pausing_testing_and_suspending() -> None:
    consumer = make.consumer("funnel", url=URL)
    browser = as_staff()

    browser.post(f"{PATH}{consumer.pk}/do/test/")
    browser.post(f"{PATH}{consumer.pk}/do/pause/")
    assert WebhookEndpoint.objects.get().state == "paused"
    browser.post(f"{PATH}{consumer.pk}/do/resume/")
    browser.post(f"{PATH}{consumer.pk}/do/suspend/")

    consumer.refresh_from_db()
    assert (WebhookEndpoint.objects.get().state, consumer.status) == ("active", "suspended")
    assert WebhookDelivery.objects.get().event == "webhook.test"


def test_whoever_may_only_look_sees_it() -> None:
    consumer = make.consumer("funnel", url=URL)
    make.consumer_tenant(consumer, external_id="tenant_123")

    page = as_staff("billing.view_consumer", "billing.view_consumertenant").words(f"{PATH}{consumer.pk}/change/")

    assert URL in page
    assert "tenant_123" in page
    assert "New secret" not in page

"""The first page after signing in."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from billing.services.periods import mirror
from billing.services.usage import Bucket, record_buckets
from orgs.models import Organization
from orgs.roles import Role
from platform_core.services import audit
from tenants.models import Order, Server
from tests import make
from tests.clocks import at
from tests.pages import Browser

NOW = datetime(2026, 1, 4, 12, tzinfo=UTC)


@pytest.fixture
def browser(organization: Organization) -> Browser:
    return Browser(make.person(organization))


def test_with_nothing_it_says_what_to_do_first(browser: Browser) -> None:
    page = browser.read("/overview")

    assert page.heading == "Harbour Bakery"
    assert "Choose your first plan" in page.text
    assert "/plans" in page.links


def test_it_shows_plan_server_usage_and_renewal(browser: Browser, organization: Organization) -> None:
    subscription = make.subscription(organization, make.hosting_plan(name="Hosting Pro", tier="Build"))
    order = make.order(subscription=subscription, status=Order.Status.FULFILLED, domain="harbour.tenants.localhost")
    server = make.server(order, status=Server.Status.ONLINE, agent_version="1.0.3")
    period = mirror(subscription)
    assert period is not None
    with at(NOW):
        hour = NOW.replace(hour=9)
        record_buckets(subscription, order.pk, [Bucket("sales", "small", hour, tokens_input=250_000)])
        page = browser.read("/overview")

    assert "harbour.tenants.localhost Online" in page.text
    assert "250K of 1M tokens 25%" in page.text
    assert "Hosting Pro Active $29 a month Renews 1 Feb 2026" in page.text
    assert f"/servers/{server.pk}" in page.links
    assert "Choose your first plan" not in page.text


def test_an_order_under_way_leads_to_where_it_can_be_watched(browser: Browser, organization: Organization) -> None:
    order = make.order(organization, status=Order.Status.PROVISIONING)

    page = browser.read("/overview")

    assert "Setting up It is being set up. Watch it" in page.text
    assert f"/orders/{order.pk}" in page.links


def test_a_failed_order_says_why(browser: Browser, organization: Organization) -> None:
    make.order(organization, status=Order.Status.FAILED, failure="The disk is full.")

    assert "Failed The disk is full." in browser.read("/overview").text


def test_a_canceled_order_and_an_ended_subscription_are_not_news(browser: Browser, organization: Organization) -> None:
    order = make.order(organization, status=Order.Status.CANCELED)
    order.subscription.status = "canceled"
    order.subscription.save()

    page = browser.read("/overview")

    assert order.domain not in page.text
    assert "Choose your first plan" in page.text


def test_a_subscription_that_will_end_says_so(browser: Browser, organization: Organization) -> None:
    make.subscription(organization, cancel_at_period_end=True)

    assert "Ends 1 Feb 2026" in browser.read("/overview").text


@pytest.mark.parametrize(("role", "sees"), [(Role.OWNER, True), (Role.AUDITOR, True), (Role.BILLING, False)])
def test_activity_is_shown_to_roles_that_may_read_it(organization: Organization, role: Role, sees: bool) -> None:
    with transaction.atomic():
        audit.record("organization.update", organization, by=None)

    page = Browser(make.person(organization, role)).read("/overview")

    assert ("Changed Harbour Bakery" in page.text) is sees


def test_housekeeping_is_no_news_and_an_unknown_event_speaks_for_itself(
    browser: Browser, organization: Organization
) -> None:
    with transaction.atomic():
        audit.record("order.status", make.order(organization), by=None)
        audit.record("brand_new.thing", organization, by=None)

    page = browser.read("/overview")

    assert "Brand new thing" in page.text
    assert "Order status" not in page.text


def test_nothing_of_another_organization_is_on_it(browser: Browser) -> None:
    theirs = make.order(make.organization("Stranger Inc"))
    with transaction.atomic():
        audit.record("organization.update", theirs.organization, by=None)

    page = browser.read("/overview")

    assert "Stranger Inc" not in page.html
    assert theirs.domain not in page.html

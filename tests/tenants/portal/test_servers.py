"""Servers as their customers see them."""

from datetime import timedelta
from typing import Any

import pytest

from orgs.models import Organization
from platform_core import clock
from tenants.models import Order, Server, ServerStatus
from tests import make
from tests.pages import Browser

REPORT = {
    "agents": {"marketing": {"status": "active"}, "sales": {"status": "idle"}},
    "resources": {
        "cpuPercent": 23,
        "memoryUsedMb": 6144,
        "memoryTotalMb": 16384,
        "diskUsedGb": 45,
        "diskTotalGb": 320,
        "containersRunning": 18,
        "containersStopped": 2,
    },
}


@pytest.fixture
def browser(organization: Organization) -> Browser:
    return Browser(make.person(organization))


def running(organization: Organization, **fields: Any) -> Server:
    order = make.order(organization, status=Order.Status.FULFILLED, domain="harbour.tenants.localhost")
    server = make.server(order, status=Server.Status.ONLINE, agent_version="1.0.3", **fields)
    server.beat.last_seen_at = clock.now() - timedelta(minutes=2)
    server.beat.save()
    return server


def test_without_servers_the_list_says_how_to_get_one(browser: Browser) -> None:
    page = browser.read("/servers")

    assert "No servers yet" in page.text
    assert "/plans" in page.links


def test_the_list_leads_to_the_server_or_to_what_is_becoming_one(browser: Browser, organization: Organization) -> None:
    server = running(organization)
    coming = make.order(organization, status=Order.Status.PROVISIONING, domain="coming.tenants.localhost")

    page = browser.read("/servers")

    assert "harbour.tenants.localhost" in page.text
    assert "Online 2 minutes ago" in page.text
    assert "Setting up" in page.text
    assert {f"/servers/{server.pk}", f"/orders/{coming.pk}"} <= set(page.links)


def test_a_server_shows_what_it_last_reported(browser: Browser, organization: Organization) -> None:
    server = running(organization)
    ServerStatus.objects.create(server=server, body=REPORT, body_hash="x", updated_at=clock.now())

    page = browser.read(f"/servers/{server.pk}")

    for text in ("Online Last heartbeat 2 minutes ago", "Agent 1.0.3", "18 containers running, 2 stopped", "23%"):
        assert text in page.text
    assert "6,144 of 16,384 MB" in page.text
    assert "marketing Active" in page.text
    assert 'aria-label="Disk, gigabytes: 45 of 320, 14%"' in page.html


def test_a_server_that_has_not_reported_yet_says_when_it_will(browser: Browser, organization: Organization) -> None:
    page = browser.read(f"/servers/{running(organization).pk}")

    assert "It has not reported yet" in page.text


@pytest.mark.parametrize(
    ("status", "text"),
    [(Server.Status.LATE, "We have not heard from it for a while."), (Server.Status.OFFLINE, "It does not answer.")],
)
def test_a_server_that_worries_us_says_so(browser: Browser, organization: Organization, status: str, text: str) -> None:
    server = running(organization)
    Server.objects.update(status=status)

    assert text in browser.read(f"/servers/{server.pk}").text


def test_a_configuration_on_its_way_is_told(browser: Browser, organization: Organization) -> None:
    server = running(organization)
    server.beat.config_version, server.beat.seen_config_version = 4, 3
    server.beat.save()

    assert "Configuration 3, 4 is on its way" in browser.read(f"/servers/{server.pk}").text


def test_keys_are_nowhere_on_the_page(browser: Browser, organization: Organization) -> None:
    server = running(organization, key="hk_0123456789abcdef")

    page = browser.read(f"/servers/{server.pk}")

    assert "hk_" not in page.html
    assert server.key_digest not in page.html


def test_a_stranger_s_server_is_as_unknown_as_none(browser: Browser) -> None:
    theirs = running(make.organization())

    page = browser.read(f"/servers/{theirs.pk}")

    assert page.status == 404
    assert "harbour.tenants.localhost" not in page.html


def test_nobody_is_asked_to_sign_in(organization: Organization) -> None:
    path = f"/servers/{running(organization).pk}"

    assert Browser().read(path).location == f"/accounts/login/?next={path}"

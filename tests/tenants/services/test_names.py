"""Whether the names of an order point to its server."""

import pytest
from pytest_django import Settings

from platform_core.dns import FakeNames, Outcome
from tenants.models import DnsRecord, Server
from tenants.services import names
from tests import make, name_server

IP = "203.0.113.7"


@pytest.fixture
def server() -> Server:
    return make.server(make.order(domain="acme.test", tools=["ghost", "odoo"]), ip_address=IP)


def everywhere(server: Server) -> dict[str, list[str]]:
    """A zone in which every name of the server's order points to it."""
    return {name: [IP] for name in names.required(server.order)}


def test_every_name_must_point_to_the_server(server: Server) -> None:
    checked = names.check(
        server.order, server, FakeNames({"acme.test": [IP], "ghost.acme.test": "acme.test", "odoo.acme.test": [IP]})
    )

    assert checked.is_ready
    assert list(DnsRecord.objects.values_list("name", "expected", "seen", "outcome")) == [
        ("acme.test", IP, [IP], "MATCH"),
        ("ghost.acme.test", IP, [IP], "MATCH"),
        ("odoo.acme.test", IP, [IP], "MATCH"),
    ]


@pytest.mark.parametrize(
    ("seen", "outcome", "problem"),
    [
        (["192.0.2.1"], "MISMATCH", "acme.test points to 192.0.2.1, not to 203.0.113.7"),
        ([IP, "192.0.2.1"], "MISMATCH", "acme.test points to 192.0.2.1, 203.0.113.7, not to 203.0.113.7"),
        (Outcome.NXDOMAIN, "NXDOMAIN", "acme.test does not exist"),
        (Outcome.NODATA, "NODATA", "acme.test has no A record"),
        (Outcome.TIMEOUT, "TIMEOUT", "acme.test could not be looked up in time"),
        (Outcome.SERVFAIL, "SERVFAIL", "acme.test could not be looked up"),
    ],
)
def test_what_is_wrong_is_told(seen: list[str] | Outcome, outcome: str, problem: str) -> None:
    server = make.server(make.order(domain="acme.test", tools=[]), ip_address=IP)

    checked = names.check(server.order, server, FakeNames({"acme.test": seen}))

    assert not checked.is_ready
    assert checked.problem == problem
    assert DnsRecord.objects.get().outcome == outcome


def test_how_many_are_ready_is_told(server: Server) -> None:
    checked = names.check(server.order, server, FakeNames({"acme.test": [IP], "odoo.acme.test": [IP]}))

    assert checked.problem == "2 of 3 names are ready; ghost.acme.test does not exist"


def test_a_later_check_replaces_what_was_seen(server: Server) -> None:
    names.check(server.order, server, FakeNames({}))
    names.check(server.order, server, FakeNames(everywhere(server)))

    assert set(DnsRecord.objects.values_list("outcome", flat=True)) == {"MATCH"}
    assert DnsRecord.objects.count() == 3


def test_the_resolver_of_the_settings_is_asked(server: Server, settings: Settings) -> None:
    with name_server.serve(everywhere(server)) as asked:
        settings.DNS_NAMESERVERS = [asked.address]
        assert names.check(server.order, server).is_ready

    assert sorted(asked.asked) == ["acme.test", "ghost.acme.test", "odoo.acme.test"]

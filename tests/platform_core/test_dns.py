"""What names point to: one contract for the real resolver, asking a real server, and for the fake beside it."""

from collections.abc import Callable, Iterator

import pytest
from django.db import transaction
from pytest_django import Settings

from platform_core import dns
from platform_core.dns import Answer, FakeNames, NameServers, Outcome, Resolver
from platform_core.transactions import InsideTransaction
from tests import name_server
from tests.name_server import Zone

Ask = Callable[..., Resolver]
ADDRESS = "192.0.2.7"


@pytest.fixture(params=["fake", "resolving server", "server that does not follow aliases"])
def ask(request: pytest.FixtureRequest) -> Iterator[Ask]:
    """A resolver over a zone."""
    servers = []

    def make(zone: Zone, texts: Zone | None = None) -> Resolver:
        if request.param == "fake":
            return FakeNames(zone, texts=texts)
        serving = name_server.serve(zone, texts=texts, follows=request.param == "resolving server")
        servers.append(serving)
        # Long enough for every answer that comes, and short where none will.
        seconds = 0.05 if Outcome.TIMEOUT in (*zone.values(), *(texts or {}).values()) else 5.0
        return NameServers([serving.__enter__().address], seconds=seconds)

    yield make
    for serving in servers:
        serving.__exit__(None, None, None)


def test_the_whole_record_set_is_given_in_order(ask: Ask) -> None:
    resolver = ask({"acme.test": ["192.0.2.9", ADDRESS, "192.0.2.80"]})

    assert resolver.addresses("ACME.test.") == Answer(Outcome.FOUND, (ADDRESS, "192.0.2.80", "192.0.2.9"))


def test_aliases_are_followed(ask: Ask) -> None:
    resolver = ask({"a.test": "b.test", "b.test": "c.test", "c.test": [ADDRESS]})

    assert resolver.addresses("a.test") == Answer(Outcome.FOUND, (ADDRESS,))


def test_texts_are_given_whole_and_apart_from_addresses(ask: Ask) -> None:
    long = "v=" + "x" * 400
    resolver = ask({"acme.test": [ADDRESS]}, {"acme.test": [long, "a b"], "b.test": "acme.test"})

    assert resolver.texts("ACME.test.") == resolver.texts("b.test") == Answer(Outcome.FOUND, ("a b", long))
    assert resolver.addresses("acme.test") == Answer(Outcome.FOUND, (ADDRESS,))


@pytest.mark.parametrize("outcome", [Outcome.NXDOMAIN, Outcome.NODATA, Outcome.TIMEOUT, Outcome.SERVFAIL])
def test_so_is_what_goes_wrong_with_a_text(ask: Ask, outcome: Outcome) -> None:
    assert ask({}, {"a.test": outcome}).texts("a.test") == Answer(outcome)


@pytest.mark.parametrize("outcome", [Outcome.NXDOMAIN, Outcome.NODATA, Outcome.TIMEOUT, Outcome.SERVFAIL])
def test_what_goes_wrong_is_told(ask: Ask, outcome: Outcome) -> None:
    assert ask({"a.test": outcome}).addresses("a.test") == Answer(outcome)


def test_an_alias_to_nothing_is_nothing(ask: Ask) -> None:
    assert ask({"a.test": "b.test"}).addresses("a.test") == Answer(Outcome.NXDOMAIN)


def test_an_alias_that_leads_to_itself_has_no_end(ask: Ask) -> None:
    assert ask({"a.test": "b.test", "b.test": "a.test"}).addresses("a.test") == Answer(Outcome.SERVFAIL)


@pytest.mark.parametrize("name", ["localhost", "acme.tenants.localhost", "ACME.LOCALHOST."])
def test_names_of_this_machine_are_not_asked_for(ask: Ask, name: str) -> None:
    assert ask({name: [ADDRESS]}).addresses(name) == Answer(Outcome.FOUND, ("127.0.0.1",))


def test_nobody_is_asked_within_a_transaction(ask: Ask) -> None:
    resolver = ask({"a.test": [ADDRESS]})
    with transaction.atomic(), pytest.raises(InsideTransaction):
        resolver.addresses("a.test")


def test_a_name_that_cannot_be_is_not_found() -> None:
    assert NameServers(["127.0.0.1:9"]).addresses(f"{'a' * 64}.test") == Answer(Outcome.SERVFAIL)


def test_a_server_that_is_down_is_passed_over() -> None:
    with name_server.serve({"a.test": Outcome.SERVFAIL}) as broken, name_server.serve({"a.test": [ADDRESS]}) as good:
        resolver = NameServers([broken.address, good.address])

        assert resolver.addresses("a.test") == Answer(Outcome.FOUND, (ADDRESS,))
        assert good.asked == ["a.test"]


def test_the_time_for_a_name_is_for_all_its_aliases(monkeypatch: pytest.MonkeyPatch) -> None:
    with name_server.serve({"a.test": "b.test", "b.test": Outcome.TIMEOUT}, follows=False) as server:
        assert NameServers([server.address], seconds=0.1).addresses("a.test") == Answer(Outcome.TIMEOUT)
        assert NameServers([server.address], seconds=0.0).addresses("a.test") == Answer(Outcome.TIMEOUT)


@pytest.mark.parametrize(
    ("entry", "address", "port"),
    [
        ("192.0.2.1", "192.0.2.1", 53),
        ("192.0.2.1:5353", "192.0.2.1", 5353),
        ("2001:db8::1", "2001:db8::1", 53),
        ("[2001:db8::1]:5353", "2001:db8::1", 5353),
        ("[2001:db8::1]", "2001:db8::1", 53),
    ],
)
def test_servers_are_named_with_or_without_a_port(entry: str, address: str, port: int) -> None:
    server = dns._server(entry)
    assert str(server) == f"Do53:{address}@{port}"


def test_the_settings_say_who_is_asked(settings: Settings) -> None:
    with name_server.serve({"a.test": [ADDRESS]}) as server:
        settings.DNS_NAMESERVERS = [server.address]
        assert dns.resolver().addresses("a.test") == Answer(Outcome.FOUND, (ADDRESS,))

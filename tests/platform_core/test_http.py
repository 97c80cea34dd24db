"""Where outgoing calls may go."""

import socket
from typing import Any

import pytest
from django.db import transaction

from platform_core import http
from platform_core.errors import UpstreamError
from platform_core.transactions import InsideTransaction
from tests import network
from tests.loopback import Reply, serve

PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
REFUSED = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:101:101::1",
    "2001::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    assert http.refusal(address) is None


@pytest.mark.parametrize("address", REFUSED)
def test_other_addresses_are_not(address: str) -> None:
    assert http.refusal(address)


# What an attacker writes for 127.0.0.1, for this machine's own networks, and for a cloud's metadata.
DISGUISES = [
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://anything.localhost/",
    "http://user@127.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
]


@pytest.mark.parametrize("url", DISGUISES)
def test_a_disguise_does_not_help(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The resolver that reads 127.1 and 0x7f000001 as numbers; none of these is looked up elsewhere.
    monkeypatch.setattr(socket, "getaddrinfo", network._getaddrinfo)
    with http.client() as client, pytest.raises(http.AddressRefused):
        client.get(url)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """A resolver of our own."""
    known: dict[str, list[str]] = {}

    def answer(host: str, port: int, *options: object, **named: object) -> list[Any]:
        if host not in known and not host[0].isdigit():
            raise socket.gaierror("no such name")
        answers = known.get(host, [host])
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return known


def test_one_private_answer_among_public_ones_refuses_the_name(names: dict[str, list[str]]) -> None:
    names["mixed.example"] = ["1.1.1.1", "127.0.0.1"]

    with http.client() as client, pytest.raises(http.AddressRefused, match=r"mixed.example \(127.0.0.1\)"):
        client.get("http://mixed.example/")


def test_the_connection_goes_to_the_address_that_was_checked(names: dict[str, list[str]]) -> None:
    """A name that answers differently the second time is not asked a second time."""
    with serve() as server:
        port = int(server.url.rpartition(":")[2])
        names["rebinding.example"] = ["127.0.0.1"]
        with http.client(allow=["rebinding.example"]) as client:
            response = client.get(f"http://rebinding.example:{port}/x")

    assert response.status_code == 200
    assert [asked.headers["Host"] for asked in server.asked] == [f"rebinding.example:{port}"]


def test_a_name_without_an_address(names: dict[str, list[str]]) -> None:
    with (
        http.client() as client,
        pytest.raises(UpstreamError, match=r"nowhere.example could not be reached: it has no address"),
    ):
        client.get("http://nowhere.example/")


def test_an_enrolled_name_may_be_private(names: dict[str, list[str]]) -> None:
    with serve() as server, http.client(allow=["Bakery.tenants.localhost."]) as client:
        port = int(server.url.rpartition(":")[2])
        assert client.get(f"http://bakery.tenants.localhost:{port}").status_code == 200
        with pytest.raises(http.AddressRefused):
            client.get(f"http://other.tenants.localhost:{port}")


def test_an_address_that_does_not_answer_leaves_the_next_one(names: dict[str, list[str]]) -> None:
    with serve() as server, http.client(allow=["127.0.0.0/8"]) as client:
        names["two.example"] = ["127.0.0.2", "127.0.0.1"]
        port = int(server.url.rpartition(":")[2])
        assert client.get(f"http://two.example:{port}").status_code == 200


def test_an_enrolled_name_never_leads_to_a_clouds_metadata(names: dict[str, list[str]]) -> None:
    for address in ("169.254.169.254", "::ffff:a9fe:a9fe", "fd00:ec2::254", "100.100.100.200", "0.1.2.3"):
        names["enrolled.example"] = [address]
        with http.client(allow=["enrolled.example"]) as client, pytest.raises(http.AddressRefused):
            client.get("http://enrolled.example/")


def test_a_configured_network_is_reached_and_no_other(settings: Any, names: dict[str, list[str]]) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    names["private.example"] = ["10.0.0.1"]
    names["mapped.example"] = ["::ffff:127.0.0.1"]
    names["local.example"] = ["127.0.0.1"]
    with serve() as server, http.client() as client:
        port = int(server.url.rpartition(":")[2])
        assert client.get(f"http://local.example:{port}").status_code == 200
        with pytest.raises(http.AddressRefused):
            client.get(f"http://private.example:{port}")


def test_redirects_are_not_followed() -> None:
    with (
        serve(Reply(302, {"Location": "http://169.254.169.254/"})) as server,
        http.client(allow=["127.0.0.1"]) as client,
    ):
        assert client.get(server.url).status_code == 302
    assert len(server.asked) == 1


LOCAL = ["127.0.0.1"]


def test_a_long_answer_is_cut_off() -> None:
    with serve(Reply(body=b"x" * 2000)) as server:
        with http.client(allow=LOCAL, max_bytes=2000) as client:
            assert len(client.get(server.url).content) == 2000
        with (
            http.client(allow=LOCAL, max_bytes=1999) as client,
            pytest.raises(UpstreamError, match="too great a length"),
        ):
            client.get(server.url)


def test_a_compressed_answer_is_refused() -> None:
    """A small body that becomes a large one would pass the limit."""
    packed = Reply(headers={"Content-Encoding": "gzip"})
    with serve(packed) as server, http.client(allow=LOCAL) as client, pytest.raises(UpstreamError, match="coding"):
        client.get(server.url)
    assert server.asked[0].headers["Accept-Encoding"] == "identity"


def test_a_server_that_is_not_there() -> None:
    with (
        http.client(allow=LOCAL) as client,
        pytest.raises(UpstreamError, match=r"127\.0\.0\.1 could not be reached: Connection refused\."),
    ):
        client.get("http://127.0.0.1:9/")


def test_a_server_that_keeps_silent(settings: Any) -> None:
    settings.OUTBOUND_TIMEOUT_SECONDS = 0.05
    with socket.create_server(("127.0.0.1", 0)) as silent, http.client(allow=LOCAL) as client:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(UpstreamError, match="did not answer in time"):
            client.get(url)


def test_an_answer_that_breaks_off() -> None:
    broken = Reply(headers={"Content-Length": "10"}, body=b"12345")
    with serve(broken) as server, http.client(allow=LOCAL) as client, pytest.raises(UpstreamError) as error:
        client.get(server.url)
    assert "does not speak HTTP as it should" in error.value.message


def test_never_inside_a_transaction() -> None:
    with serve() as server, http.client(allow=LOCAL) as client:
        with transaction.atomic(), pytest.raises(InsideTransaction):
            client.get(server.url)
        assert server.asked == []

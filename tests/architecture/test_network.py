"""No test leaves this machine."""

import socket

import pytest

from tests import network
from tests.network import NetworkRefused

# Addresses that belong to documentation, and a name that belongs to nobody.
ELSEWHERE = [(socket.AF_INET, ("192.0.2.1", 80)), (socket.AF_INET6, ("2001:db8::1", 80))]


@pytest.mark.parametrize(("family", "address"), ELSEWHERE)
def test_no_socket_reaches_another_machine(family: socket.AddressFamily, address: tuple[str, int]) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as stream:
        with pytest.raises(NetworkRefused, match="loopback only"):
            stream.connect(address)
        with pytest.raises(NetworkRefused):
            stream.connect_ex(address)
    with socket.socket(family, socket.SOCK_DGRAM) as datagram, pytest.raises(NetworkRefused):
        datagram.sendto(b"?", address)


def test_no_name_is_looked_up_elsewhere() -> None:
    with pytest.raises(NetworkRefused, match="loopback's names"):
        socket.getaddrinfo("api.stripe.com", 443)
    with pytest.raises(NetworkRefused):
        socket.create_connection(("example.test", 80))


def test_loopback_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("localhost", port)) as client:
            assert client.getpeername() == ("127.0.0.1", port)
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", port)) == 0


def test_an_address_needs_no_lookup() -> None:
    assert socket.getaddrinfo("192.0.2.1", 80, type=socket.SOCK_STREAM)
    assert socket.getaddrinfo(b"127.0.0.1", 80)


def test_a_test_may_be_let_out_to_one_host_and_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent: what the guard lets through ends here."""
    asked: list[str] = []

    def look_up(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 443))]

    monkeypatch.setattr(network, "_getaddrinfo", look_up)
    monkeypatch.setattr(network, "_connect", lambda _, address: asked.append(address[0]))

    with socket.socket() as stream:
        with network.reaching("api.stripe.com"):
            with pytest.raises(NetworkRefused):
                stream.connect(("192.0.2.7", 443))
            socket.getaddrinfo("api.stripe.com", 443)
            stream.connect(("192.0.2.7", 443))
            with pytest.raises(NetworkRefused):
                stream.connect(("192.0.2.8", 443))
            with pytest.raises(NetworkRefused):
                socket.getaddrinfo("example.test", 443)
        with pytest.raises(NetworkRefused):
            stream.connect(("192.0.2.7", 443))
        with pytest.raises(NetworkRefused):
            socket.getaddrinfo("api.stripe.com", 443)
    assert asked == ["api.stripe.com", "192.0.2.7"]

"""Tests that begin at the same moment have servers of their own."""

import socket

from tenants.management.crashtest import surroundings


def test_each_has_a_port_that_only_its_server_listens_on() -> None:
    with surroundings.own_port() as one, surroundings.own_port() as other, socket.socket() as server:
        assert one != other
        # As web servers do.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", one))
        server.listen()
        with socket.create_connection(("127.0.0.1", one), timeout=5) as caller, surroundings.own_port() as third:
            assert caller.getpeername()[1] == one
            assert third not in {one, other}


def test_ports_are_given_back() -> None:
    for _ in range(surroundings.PORTS + 1):
        with surroundings.own_port():
            pass

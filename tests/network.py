"""No test leaves this machine: sockets connect to loopback only, and only loopback's names are looked up.

The provider's contract may, when it is given a key for it, and then reaches one host (`reaching`).
"""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_sendto = socket.socket.sendto
_getaddrinfo = socket.getaddrinfo
# The one host that `reaching` lets tests out to, and the addresses that its name stood for.
_reachable: set[str] = set()


class NetworkRefused(RuntimeError):
    """A test tried to reach another machine."""


def _is_local(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host or "localhost"
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _check(sock: socket.socket, address: Any) -> None:
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or address[0] in _reachable:
        return
    if not _is_local(address[0]):
        raise NetworkRefused(f"Tests reach loopback only, not {address[0]}.")


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _check(self, address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _check(self, address)
    return _connect_ex(self, address)


def _guarded_sendto(self: socket.socket, data: Any, *where: Any) -> int:
    _check(self, where[-1])
    return _sendto(self, data, *where)


def _guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    literal = host is not None and _is_address(host)
    if host in _reachable and not literal:
        found = _getaddrinfo(host, *args, **kwargs)
        _reachable.update(str(address[0]) for *_, address in found)
        return found
    if not literal and not _is_local(host):
        raise NetworkRefused(f"Tests look up loopback's names only, not {host!r}.")
    return _getaddrinfo(host, *args, **kwargs)


def _is_address(host: str | bytes) -> bool:
    try:
        ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return True


def forbid() -> None:
    """Put the guard in place for the rest of the process."""
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign, assignment]
    socket.socket.sendto = _guarded_sendto  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = _guarded_getaddrinfo


@contextmanager
def reaching(host: str) -> Iterator[None]:
    """Let the tests within reach this one host by its name, as those must that speak to a real provider."""
    _reachable.add(host)
    try:
        yield
    finally:
        _reachable.clear()

"""HTTP to addresses that others chose.

The guard sits where the connection is made: the name is resolved once, every answer is checked, and the socket goes
to an address that was checked, so a name that changes its answer in between gains nothing. No redirects, no
compression (a small answer must not become a large one), a limit on size and on time. Never inside a transaction.
"""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import cast

import httpcore
import httpx
from django.conf import settings

from platform_core import transactions
from platform_core.errors import UpstreamError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_BODY_BYTES = 1024 * 1024
# How many of a name's addresses are tried.
MAX_ADDRESSES = 3
# IPv6 addresses that stand for the IPv4 address in their last four bytes.
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Special by the registries of IANA, whatever this release of Python says of them; 6to4 and Teredo among them.
SPECIAL = [ipaddress.ip_network(text) for text in ("192.0.0.0/24", "64:ff9b:1::/48", "2001::/23", "2002::/16")]
# Where a host that we enrolled may live, but for what clouds keep there.
PRIVATE = [
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7")
]
METADATA = ("100.100.100.200", "fd00:ec2::254")


class AddressRefused(UpstreamError):
    """The name leads to an address that outgoing calls may not reach."""

    code = "ADDRESS_REFUSED"


def client(*, allow: Iterable[str] = (), max_bytes: int = MAX_BODY_BYTES) -> httpx.Client:
    """A client for one outside system. `allow` names hosts and networks (CIDR) that may be private."""
    transport = _Transport(_Guard([*allow, *settings.OUTBOUND_ALLOW]), max_bytes)
    return httpx.Client(
        transport=transport,
        timeout=settings.OUTBOUND_TIMEOUT_SECONDS,
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": settings.SITE_NAME, "Accept-Encoding": "identity"},
    )


def refusal(address: str) -> str | None:
    """Why an address is refused; None when it is a public one."""
    ip = _plain(ipaddress.ip_address(address.partition("%")[0]))
    special = ip.is_multicast or ip.is_reserved or any(ip in network for network in SPECIAL)
    return None if ip.is_global and not special else "is not a public address"


class _Guard(httpcore.NetworkBackend):
    """Resolves, checks, and connects to what was checked."""

    def __init__(self, allow: Iterable[str]) -> None:
        self._backend = httpcore.SyncBackend()
        self._hosts: set[str] = set()
        self._networks: list[Network] = []
        for entry in allow:
            try:
                self._networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                self._hosts.add(entry.lower().rstrip("."))

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = resolve(host, port)
        for address in addresses:
            self._check(host, address)
        *others, last = addresses[:MAX_ADDRESSES]
        for address in others:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
        return self._backend.connect_tcp(last, port, timeout, local_address, socket_options)

    def _check(self, host: str, address: str) -> None:
        """One bad answer among good ones refuses the name: which of them is taken is the resolver's whim."""
        reason = refusal(address)
        if reason is None or self._allowed(host, address):
            return
        raise AddressRefused(f"{host} ({address}) {reason}.")

    def _allowed(self, host: str, address: str) -> bool:
        """An allowed network is meant as it stands. An allowed name may be private, but never a cloud's metadata."""
        ip = _plain(ipaddress.ip_address(address.partition("%")[0]))
        if any(ip in network for network in self._networks):
            return True
        ordinary = any(ip in network for network in PRIVATE) and str(ip) not in METADATA
        return ordinary and host.lower().rstrip(".") in self._hosts


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name. Names under .localhost are this machine (RFC 6761), whatever a resolver says."""
    if f".{host}".lower().rstrip(".").endswith(".localhost"):
        return ["127.0.0.1"]
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("it has no address.") from error
    return [str(answer[4][0]) for answer in answers]


def _plain(ip: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip


@lru_cache
def _certificates() -> ssl.SSLContext:
    """Reading the trusted certificates takes longer than many a call."""
    return httpx.create_ssl_context(trust_env=False)


class _Transport(httpx.HTTPTransport):
    """httpx over the guarded backend; every failure is an UpstreamError."""

    def __init__(self, guard: _Guard, max_bytes: int) -> None:
        context = _certificates()
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=guard)
        self._max_bytes = max_bytes

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        transactions.outside()
        with _as_upstream(request):
            response = super().handle_request(request)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise UpstreamError(f"{request.url.host} answered in a coding that was not asked for.")
        stream = _Capped(cast("httpx.SyncByteStream", response.stream), request, self._max_bytes)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=stream, extensions=response.extensions
        )


class _Capped(httpx.SyncByteStream):
    """A body that may be neither too long nor too slow."""

    def __init__(self, stream: httpx.SyncByteStream, request: httpx.Request, max_bytes: int) -> None:
        self._stream = stream
        self._request = request
        self._left = max_bytes
        self._ends = time.monotonic() + 2 * float(settings.OUTBOUND_TIMEOUT_SECONDS)

    def __iter__(self) -> Iterator[bytes]:
        with _as_upstream(self._request):
            for chunk in self._stream:
                self._left -= len(chunk)
                if self._left < 0 or time.monotonic() > self._ends:
                    raise UpstreamError(f"{self._request.url.host} answered at too great a length.")
                yield chunk

    def close(self) -> None:
        self._stream.close()


@contextmanager
def _as_upstream(request: httpx.Request) -> Iterator[None]:
    """httpx's errors as ours."""
    try:
        yield
    except httpx.TransportError as error:
        raise UpstreamError(f"{request.url.host} {_what_went_wrong(error)}") from error


# In plain words, for whoever reads the log of their own endpoint.
_WORDS: dict[type[httpx.TransportError], str] = {
    httpx.ConnectTimeout: "did not accept a connection in time.",
    httpx.TimeoutException: "did not answer in time.",
    httpx.ConnectError: "could not be reached",
    httpx.UnsupportedProtocol: "cannot be asked",
    httpx.ProtocolError: "does not speak HTTP as it should",
    httpx.TransportError: "broke the connection off",
}
_OF_A_LIBRARY = re.compile(r"\[[A-Z][^\]]*\] ?| ?\(_ssl\.c:\d+\)")


def _what_went_wrong(error: httpx.TransportError) -> str:
    words = next(words for kind, words in _WORDS.items() if isinstance(error, kind))
    detail = _OF_A_LIBRARY.sub("", str(error)).strip().rstrip(".")
    if words.endswith(".") or not detail:
        return f"{words.rstrip('.')}."
    return f"{words}: {detail}."

"""What names point to and say, asked of real resolvers."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import dns.exception
import dns.name
import dns.nameserver
import dns.rdata
import dns.resolver
from django.conf import settings
from dns.rdtypes.ANY.TXT import TXT

from platform_core import transactions

LOOPBACK = "127.0.0.1"
DNS_PORT = 53
LONGEST_CHAIN = 8


class Outcome(StrEnum):
    """What came of asking."""

    FOUND = "FOUND"
    NXDOMAIN = "NXDOMAIN"
    NODATA = "NODATA"
    TIMEOUT = "TIMEOUT"
    SERVFAIL = "SERVFAIL"


@dataclass(frozen=True)
class Answer:
    """A name's whole record set of one type, sorted."""

    outcome: Outcome
    values: tuple[str, ...] = ()


class Resolver(Protocol):
    """Whoever can be asked."""

    def addresses(self, name: str) -> Answer:
        """The addresses (A) of a name, its aliases followed."""

    def texts(self, name: str) -> Answer:
        """The texts (TXT) of a name, its aliases followed; the strings of each joined."""


def is_local(name: str) -> bool:
    """Names under .localhost are this machine, and are never asked for (RFC 6761)."""
    plain = name.lower().rstrip(".")
    return plain == "localhost" or plain.endswith(".localhost")


class NameServers:
    """The name servers of the settings, or the system's. `seconds` is the time that one name may take."""

    def __init__(self, servers: Sequence[str] = (), *, seconds: float = 5.0) -> None:
        self._seconds = seconds
        self._resolver = dns.resolver.Resolver(configure=not servers)
        self._resolver.timeout = min(seconds, 2.0)
        if servers:
            self._resolver.nameservers = [_server(entry) for entry in servers]

    def addresses(self, name: str) -> Answer:
        """Asks each server in turn until one answers."""
        transactions.outside()
        if is_local(name):
            return Answer(Outcome.FOUND, (LOOPBACK,))
        return self._ask(name, "A")

    def texts(self, name: str) -> Answer:
        """Asks each server in turn until one answers."""
        transactions.outside()
        return self._ask(name, "TXT")

    def _ask(self, name: str, kind: str) -> Answer:
        try:
            return self._follow(dns.name.from_text(name), kind)
        except dns.resolver.NXDOMAIN:
            return Answer(Outcome.NXDOMAIN)
        except dns.resolver.NoNameservers:
            return Answer(Outcome.SERVFAIL)
        except dns.exception.Timeout:
            return Answer(Outcome.TIMEOUT)
        except dns.exception.DNSException:
            # A name that cannot be, or an alias that leads to itself.
            return Answer(Outcome.SERVFAIL)

    def _follow(self, name: dns.name.Name, kind: str) -> Answer:
        """A server that does not resolve for us answers with the alias only: ask on."""
        ends = time.monotonic() + self._seconds
        for _ in range(LONGEST_CHAIN):
            left = ends - time.monotonic()
            if left <= 0:
                return Answer(Outcome.TIMEOUT)
            answer = self._resolver.resolve(name, kind, raise_on_no_answer=False, lifetime=left, search=False)
            if answer.rrset is not None:
                return Answer(Outcome.FOUND, tuple(sorted(_value(record) for record in answer.rrset)))
            if answer.canonical_name == name:
                return Answer(Outcome.NODATA)
            name = answer.canonical_name
        return Answer(Outcome.SERVFAIL)


def _value(record: dns.rdata.Rdata) -> str:
    if isinstance(record, TXT):
        return b"".join(record.strings).decode("utf-8", "replace")
    return str(record)


def _server(entry: str) -> dns.nameserver.Nameserver:
    """`192.0.2.1`, or with a port `192.0.2.1:5353`, `[2001:db8::1]:5353`."""
    if entry.startswith("["):
        address, _, port = entry.removeprefix("[").partition("]")
    else:
        address, _, port = entry.partition(":") if entry.count(":") == 1 else (entry, "", "")
    return dns.nameserver.Do53Nameserver(address, int(port.removeprefix(":") or DNS_PORT))


class FakeNames:
    """Names as a test says they are: addresses, an alias, or what goes wrong. It does not model time or caches."""

    def __init__(
        self,
        names: Mapping[str, Sequence[str] | str | Outcome] | None = None,
        *,
        texts: Mapping[str, Sequence[str] | str | Outcome] | None = None,
    ) -> None:
        self._names, self._texts = _plain(names or {}), _plain(texts or {})

    def addresses(self, name: str) -> Answer:
        """As a resolver would answer."""
        transactions.outside()
        return Answer(Outcome.FOUND, (LOOPBACK,)) if is_local(name) else _found(self._names, name)

    def texts(self, name: str) -> Answer:
        """As a resolver would answer."""
        transactions.outside()
        return _found(self._texts, name)


def _plain(names: Mapping[str, Sequence[str] | str | Outcome]) -> dict[str, Sequence[str] | str | Outcome]:
    return {name.lower().rstrip("."): value for name, value in names.items()}


def _found(names: Mapping[str, Sequence[str] | str | Outcome], name: str) -> Answer:
    plain = name.lower().rstrip(".")
    for _ in range(LONGEST_CHAIN):
        value = names.get(plain, Outcome.NXDOMAIN)
        if isinstance(value, Outcome):
            return Answer(value)
        if not isinstance(value, str):
            return Answer(Outcome.FOUND, tuple(sorted(value)))
        plain = value.lower().rstrip(".")
    return Answer(Outcome.SERVFAIL)


def resolver() -> Resolver:
    """The one that the settings describe."""
    return NameServers(settings.DNS_NAMESERVERS)

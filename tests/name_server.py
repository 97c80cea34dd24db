"""A real DNS server on loopback UDP, whose zone a test writes."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from platform_core.dns import Outcome

Zone = Mapping[str, Sequence[str] | str | Outcome]
LONGEST_CHAIN = 8


@dataclass
class NameServer:
    """Addresses, an alias, or what goes wrong; and texts likewise. With `follows`, aliases are resolved as a resolver
    does.
    """

    zone: dict[str, Sequence[str] | str | Outcome]
    texts: dict[str, Sequence[str] | str | Outcome] = field(default_factory=dict)
    follows: bool = True
    asked: list[str] = field(default_factory=list)
    address: str = ""

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        name = query.question[0].name
        self.asked.append(name.to_text(omit_final_dot=True))
        response = dns.message.make_response(query, recursion_available=True)
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        outcome = self._fill(response, name, kind)
        if outcome == Outcome.TIMEOUT:
            return None
        response.set_rcode(
            {Outcome.NXDOMAIN: dns.rcode.NXDOMAIN, Outcome.SERVFAIL: dns.rcode.SERVFAIL}.get(outcome, dns.rcode.NOERROR)
        )
        return response.to_wire()

    def _fill(self, response: dns.message.Message, name: dns.name.Name, kind: str) -> Outcome:
        zone = self.texts if kind == "TXT" else self.zone
        for _ in range(LONGEST_CHAIN):
            value = zone.get(name.to_text(omit_final_dot=True).lower(), Outcome.NXDOMAIN)
            if isinstance(value, Outcome):
                return value
            if not isinstance(value, str):
                response.answer.append(
                    dns.rrset.from_text(
                        name, 60, "IN", kind, *(_quoted(each) if kind == "TXT" else each for each in value)
                    )
                )
                return Outcome.FOUND
            response.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", f"{value}."))
            name = dns.name.from_text(value)
            if not self.follows:
                return Outcome.FOUND
        return Outcome.SERVFAIL


def _quoted(text: str) -> str:
    """A text record holds strings of at most 255 bytes."""
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))


@contextlib.contextmanager
def serve(zone: Zone, *, texts: Zone | None = None, follows: bool = True) -> Iterator[NameServer]:
    """Answer until the block ends."""
    server = NameServer(dict(zone), dict(texts or {}), follows)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        server.address = f"127.0.0.1:{sock.getsockname()[1]}"
        over = threading.Event()
        thread = threading.Thread(target=_run, args=(server, sock, over), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            over.set()
            # It waits for a question.
            sock.sendto(b"", sock.getsockname())
            thread.join()


def _run(server: NameServer, sock: socket.socket, over: threading.Event) -> None:
    while True:
        wire, sender = sock.recvfrom(4096)
        if over.is_set():
            return
        answer = server.answer(wire)
        if answer is not None:
            sock.sendto(answer, sender)

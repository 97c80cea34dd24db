"""Whether the names of an order point to its server."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import transaction

from platform_core import clock, dns
from platform_core.dns import Answer, Resolver
from tenants.models import DnsRecord, Order, Server

REASONS = {
    DnsRecord.Outcome.NXDOMAIN: "does not exist",
    DnsRecord.Outcome.NODATA: "has no A record",
    DnsRecord.Outcome.TIMEOUT: "could not be looked up in time",
    DnsRecord.Outcome.SERVFAIL: "could not be looked up",
}


@dataclass(frozen=True)
class Checked:
    """What a check of all names found."""

    records: Sequence[DnsRecord]

    @property
    def is_ready(self) -> bool:
        """Every name points to the server, and nowhere else."""
        return all(record.outcome == DnsRecord.Outcome.MATCH for record in self.records)

    @property
    def problem(self) -> str:
        """The first name that is not ready, and how many are."""
        wrong = [record for record in self.records if record.outcome != DnsRecord.Outcome.MATCH]
        ready, first = len(self.records) - len(wrong), wrong[0]
        count = f"{ready} of {len(self.records)} names are ready; " if len(self.records) > 1 else ""
        if first.outcome == DnsRecord.Outcome.MISMATCH:
            return f"{count}{first.name} points to {', '.join(first.seen)}, not to {first.expected}"
        return f"{count}{first.name} {REASONS[DnsRecord.Outcome(first.outcome)]}"


def required(order: Order) -> list[str]:
    """The order's own name and one for each tool."""
    return [order.domain, *(f"{tool}.{order.domain}" for tool in order.tools)]


def check(order: Order, server: Server, resolver: Resolver | None = None) -> Checked:
    """Ask for every name at once, and keep what was seen."""
    names = required(order)
    asked = resolver or dns.resolver()
    with ThreadPoolExecutor(max_workers=len(names)) as pool:
        answers = list(pool.map(asked.addresses, names))
    records = [_record(order, server, name, answer) for name, answer in zip(names, answers, strict=True)]
    with transaction.atomic():
        DnsRecord.objects.bulk_create(
            records,
            update_conflicts=True,
            unique_fields=["order", "name"],
            update_fields=["expected", "seen", "outcome", "checked_at"],
        )
    return Checked(records)


def _record(order: Order, server: Server, name: str, answer: Answer) -> DnsRecord:
    return DnsRecord(
        order=order,
        name=name,
        expected=server.ip_address,
        seen=list(answer.values),
        outcome=_outcome(answer, server.ip_address),
        checked_at=clock.now(),
    )


def _outcome(answer: Answer, expected: str) -> DnsRecord.Outcome:
    """One address too many is a mismatch: some visitors would reach another machine."""
    if answer.outcome != dns.Outcome.FOUND:
        return DnsRecord.Outcome(answer.outcome.value)
    return DnsRecord.Outcome.MATCH if answer.values == (expected,) else DnsRecord.Outcome.MISMATCH

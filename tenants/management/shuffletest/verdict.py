"""What became of every life: nothing lost, nothing doubled, and the last state the one that arithmetic gives."""

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from billing.models import CheckoutSession, Invoice, Purchase, Subscription
from billing.providers.sandbox.models import Record
from platform_core.models import AuditEvent, Mail, ProviderEvent
from tenants.management.shuffletest.lives import Life
from tenants.management.shuffletest.nursery import READY
from tenants.management.shuffletest.story import Asked
from tenants.models import Order


class Kind(Enum):
    """What can be wrong."""

    LOST = "lost"
    DOUBLED = "doubled"
    DIFFERENT = "different"
    AT_ONCE = "held by two at once"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    kind: Kind
    text: str


def findings(lives: Sequence[Life], journal: Path) -> list[Finding]:
    """Everything that is wrong; nothing, when all is well."""
    return [*_events(), *_purchases(lives), *_states(lives), *_invoices(lives), *overlaps(journal)]


def each(what: str, found: Iterable[Hashable], wanted: Iterable[Hashable]) -> Iterator[Finding]:
    """As often as wanted: fewer is lost, more is doubled."""
    counted, expected = Counter(found), Counter(wanted)
    for key in sorted(expected.keys() | counted.keys(), key=str):
        if counted[key] < expected[key]:
            yield Finding(Kind.LOST, f"{what} {key}")
        elif counted[key] > expected[key]:
            yield Finding(Kind.DOUBLED, f"{what} {key}: {counted[key]} for {expected[key]}")


def _events() -> Iterator[Finding]:
    told = Record.objects.filter(kind="event").values_list("object_id", flat=True)
    yield from each("event", ProviderEvent.objects.values_list("external_id", flat=True), told)
    for event in ProviderEvent.objects.filter(status__in=("RECEIVED", "FAILED")):
        yield Finding(Kind.LOST, f"{event} is {event.status}: {event.error}")


def _purchases(lives: Sequence[Life]) -> Iterator[Finding]:
    """A purchase is completed once, whoever heard of it first, and brings what it brings once."""
    begun = [life.subscription_id for life in lives]
    yield from each("subscription", Subscription.objects.values_list("provider_subscription_id", flat=True), begun)
    wanted: list[Hashable] = [("subscription", life.bought_minor) for life in lives if life.bought_minor]
    wanted += [("one_off", asked.total_minor) for life in lives for asked in life.state.once]
    yield from each("purchase", Purchase.objects.values_list("kind", "amount_minor"), wanted)
    done = CheckoutSession.objects.filter(status="completed")
    bought = [life.subscription_id for life in lives if life.bought_minor]
    bought += [""] * sum(len(life.state.once) for life in lives)
    yield from each("checkout", done.values_list("provider_subscription_id", flat=True), bought)
    completed = AuditEvent.objects.filter(action="checkout.complete").values_list("target_id", flat=True)
    yield from each("completion", completed, (str(pk) for pk in done.values_list("pk", flat=True)))
    created = AuditEvent.objects.filter(action="subscription.create").values_list("target_id", flat=True)
    yield from each("beginning", created, (str(pk) for pk in Subscription.objects.values_list("pk", flat=True)))
    guests = [life.email for life in lives if life.organization is None]
    yield from each("welcome", Mail.objects.filter(template="identity/welcome").values_list("to", flat=True), guests)
    # Pages need no server.
    yield from each("order", Order.objects.values_list("pk", flat=True), ())


def _with_add_ons() -> Iterator[Subscription]:
    return Subscription.objects.select_related("plan").prefetch_related("add_ons").iterator(chunk_size=500)


def _states(lives: Sequence[Life]) -> Iterator[Finding]:
    rows = {row.provider_subscription_id: row for row in _with_add_ons()}
    for life in lives:
        row = rows.get(life.subscription_id)
        ours = row and (row.status, row.plan.code, row.quantity, sum(each.quantity for each in row.add_ons.all()))
        expected = (life.state.status, life.state.plan, life.state.seats, life.state.add_ons)
        if row and ours != expected:
            yield Finding(Kind.DIFFERENT, f"{life.subscription_id} is {ours}, expected {expected}")


def _invoices(lives: Sequence[Life]) -> Iterator[Finding]:
    """Each life's own: as many as were asked for, of these amounts, paid or not."""
    theirs: dict[str, list[Hashable]] = {life.subscription_id: [] for life in lives}
    for invoice in Invoice.objects.select_related("subscription").order_by("issued_at", "pk"):
        if invoice.discrepancy:
            yield Finding(Kind.DIFFERENT, f"invoice {invoice}: {invoice.discrepancy}")
        of = invoice.subscription.provider_subscription_id if invoice.subscription else ""
        theirs.setdefault(of, []).append((invoice.total_minor, invoice.paid_minor, invoice.status))
    for life in lives:
        yield from each(f"invoice of {life.subscription_id}", theirs[life.subscription_id], _told(life.state.invoices))
    once = [asked for life in lives for asked in life.state.once]
    yield from each("invoice of a single payment", theirs.get("", []), _told(once))
    ids = Counter(Invoice.objects.values_list("provider_invoice_id", flat=True))
    yield from each(
        "invoice", ids.elements(), Record.objects.filter(kind="invoice").values_list("object_id", flat=True)
    )


def _told(asked: Iterable[Asked]) -> list[Hashable]:
    return [(each.total_minor + each.void_minor, each.paid_minor, each.status) for each in asked]


def overlaps(journal: Path) -> Iterator[Finding]:
    """An owner that two workers held at the same time, by what they wrote down.

    One that was too slow, and so lost its lease, is no second holder: it was fenced, or killed, and wrote nothing.
    """
    holders: dict[str, int] = {}
    doubtful: dict[tuple[str, int], int] = {}
    lines = [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []
    for line in sorted(lines, key=lambda line: line["at"]):
        pid, owner = line["pid"], line.get("owner", "")
        if line["what"] == READY:
            continue
        if line["what"] == "killed":
            holders = {held: holder for held, holder in holders.items() if holder != pid}
            doubtful = {pair: other for pair, other in doubtful.items() if pair[1] != pid}
        elif line["what"] == "fenced":
            doubtful.pop((owner, pid), None)
        elif line["what"] == "left":
            holders = {held: holder for held, holder in holders.items() if (held, holder) != (owner, pid)}
        else:
            if holders.get(owner, pid) != pid:
                doubtful[owner, holders[owner]] = pid
            holders[owner] = pid
    for (owner, first), second in doubtful.items():
        yield Finding(Kind.AT_ONCE, f"{owner} by {first} and {second}")


def kills(journal: Path) -> int:
    """How many workers were killed."""
    return sum('"killed"' in line for line in journal.read_text().splitlines()) if journal.exists() else 0

"""Events of the payment provider: stored once when they come, acted upon by one worker for each owner at a time."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from billing.providers import provider
from billing.providers.protocol import Snapshot, VerifiedEvent
from billing.services import cycle, event_kinds, projection, tombstones
from platform_core import clock, context, leases, nudges, scoping, watchdog
from platform_core.errors import DomainError, InvalidInput
from platform_core.models import ProviderEvent, ProviderEventTry, ProviderObject
from platform_core.together import Together

logger = logging.getLogger(__name__)

# Reading a purchase takes a dozen calls, each of which may wait for its time-out.
READ_SECONDS = 600
# With back-off this is most of a day: longer than the provider's outages.
MAX_ATTEMPTS = 36
LARGEST_BODY = 256 * 1024
# So many that arrive at the same moment are stored by one statement.
ARRIVALS = 32
# So many events of one owner are settled in one go.
TOGETHER = 500
# How many owners that other workers take first are given up before looking again later.
RIVALS = 8
Outcome = ProviderEventTry.Outcome


class BodyTooLarge(InvalidInput):
    """Larger than any event: not worth the time to verify it."""

    status = 413
    code = "PAYLOAD_TOO_LARGE"


def receive(body: bytes, signature: str) -> None:
    """Verify and store an event; of one that came before, and of a false one, nothing is stored."""
    store(_verified(body, signature), source=ProviderEvent.Source.WEBHOOK)
    nudges.nudge_soon()


def receive_among_others(body: bytes, signature: str) -> None:
    """The same, stored in one commit with what other threads receive at this moment: outside any transaction."""
    event = _verified(body, signature)
    _arrivals.add(_row(event, source=ProviderEvent.Source.WEBHOOK))
    nudges.nudge_soon()


def _verified(body: bytes, signature: str) -> VerifiedEvent:
    if not signature:
        raise InvalidInput(
            "Missing Stripe-Signature header.", details={"Stripe-Signature": ["This header is required."]}
        )
    if len(body) > LARGEST_BODY:
        raise BodyTooLarge("The body is larger than 256 kB.")
    return provider().verify(body, signature)


def store(event: VerifiedEvent, *, source: ProviderEvent.Source) -> bool:
    """Keep an event, unless it is kept already; True where it was not."""
    return ProviderEvent.objects.keep([_row(event, source=source)]) == 1


def _row(event: VerifiedEvent, *, source: ProviderEvent.Source) -> ProviderEvent:
    """The event as it is kept. One that nothing follows from is settled."""
    is_news = event_kinds.route_of(event.kind).is_acted_upon
    return ProviderEvent(
        provider=provider().name,
        external_id=event.id,
        kind=event.kind,
        body=event.body,
        object_id=event.object_id,
        subject_id=event.subject_id,
        owner_id=event.owner_id,
        source=source,
        occurred_at=event.occurred_at,
        status=ProviderEvent.Status.RECEIVED if is_news else ProviderEvent.Status.IGNORED,
        processed_at=None if is_news else clock.now(),
    )


def _keep(arrived: Sequence[ProviderEvent]) -> None:
    ProviderEvent.objects.keep(arrived)


_arrivals = Together(_keep, most=ARRIVALS)


def process_one(worker: str) -> bool:
    """Act upon all that waits of one owner; False if nothing waits whose owner is free."""
    owner = _take(worker)
    if owner is None:
        return False
    with scoping.system():
        _work_off(owner, _gathered(owner))
    leases.settle(owner, run_after=clock.now(), attempt=0)
    return True


def _take(worker: str) -> ProviderObject | None:
    """The owner whose event has waited longest and that no other worker holds; of several callers one gets it."""
    for _ in range(RIVALS):
        event = _next()
        if event is None:
            return None
        owner = leases.claim(ProviderObject, worker=worker, pk=_owner_of(event).pk)
        if owner is not None:
            return owner
    return None


def _next() -> ProviderEvent | None:
    held = ProviderObject.objects.filter(
        Q(lease_until__gte=clock.wall()) | Q(run_after__gt=clock.now()),
        provider=OuterRef("provider"),
        external_id=OuterRef("owner_id"),
    )
    return ProviderEvent.objects.waiting().filter(~Exists(held)).only("provider", "owner_id").first()


def _owner_of(event: ProviderEvent) -> ProviderObject:
    named = {"provider": event.provider, "external_id": event.owner_id}
    found = ProviderObject.objects.filter(**named).first()
    if found is None:
        ProviderObject.objects.bulk_create([ProviderObject(**named)], ignore_conflicts=True)
        found = ProviderObject.objects.get(**named)
    return found


def _gathered(owner: ProviderObject) -> list[ProviderEvent]:
    """What waits of the owner, purchases first: a reading made from here on settles whatever it tells of."""
    theirs = ProviderEvent.objects.filter(provider=owner.provider, owner_id=owner.external_id)
    waiting = list(theirs.waiting().values_list("pk", flat=True)[:TOGETHER])
    # Written before anything is tried: should this process die, they come back by themselves, later each time.
    theirs.filter(pk__in=waiting).update(
        attempt=F("attempt") + 1, run_after=leases.backed_off(ProviderEvent), worker=owner.worker
    )
    events = theirs.filter(pk__in=waiting, status=ProviderEvent.Status.RECEIVED).defer("body")
    ordered = events.order_by("occurred_at", "pk")
    return sorted(ordered, key=lambda event: not event.kind.startswith(event_kinds.PURCHASES))


def _work_off(owner: ProviderObject, waiting: Sequence[ProviderEvent]) -> None:
    """Subject by subject, without those that an earlier reading told of."""
    while waiting:
        chosen = [event for event in waiting if _subject(event) == _subject(waiting[0])]
        done = _process(owner, chosen, [event for event in waiting if event not in chosen])
        waiting = [event for event in waiting if event not in done]


def _subject(event: ProviderEvent) -> str:
    return event.subject_id or event.object_id or str(event.pk)


class _Fenced(Exception):
    """Another worker took the owner over meanwhile: what this one did is rolled back."""


def _process(
    owner: ProviderObject, events: list[ProviderEvent], others: Sequence[ProviderEvent]
) -> list[ProviderEvent]:
    """Events of one subject; gives those that were dealt with. What goes wrong with them must not stop the others."""
    last, began = events[-1], time.monotonic()
    with context.working(f"{last.provider}:{last.external_id}", f"{last.provider} {last.kind}"):
        try:
            with watchdog.keep(owner, timeout=READ_SECONDS):
                snapshot = _read(events)
                if _moved(owner, events, snapshot):
                    return events
                events = [*events, *(other for other in others if _tells_of(snapshot, other))]
                _write(owner, events, snapshot, began)
            _bill(events)
        except _Fenced:
            logger.warning("%s was taken over by another worker.", owner)
        except (OperationalError, InterfaceError):
            raise  # the database, not the events
        except DomainError as error:
            _put_back(events, error.message, began)
        except Exception as error:
            logger.exception("%s could not be processed.", last)
            _put_back(events, f"{type(error).__name__}: {error}", began)
    return events


def _moved(owner: ProviderObject, events: Sequence[ProviderEvent], snapshot: Snapshot | None) -> bool:
    """A refund or a dispute does not say whose it is: once that was read, it waits with the other events of theirs."""
    customer_id = snapshot.customer.id if snapshot is not None and snapshot.customer is not None else ""
    if customer_id in ("", owner.external_id):
        return False
    _waiting(events).update(owner_id=customer_id, run_after=clock.now())
    return True


def _tells_of(snapshot: Snapshot | None, event: ProviderEvent) -> bool:
    route = event_kinds.route_of(event.kind)
    named = {event.object_id, event.subject_id}
    return snapshot is not None and route.reads and not route.buries and not named.isdisjoint(snapshot.holds)


def _read(events: Sequence[ProviderEvent]) -> Snapshot | None:
    """What the provider says now of their subject; None where none of them is a reason to look."""
    reasons = [event for event in events if event_kinds.route_of(event.kind).reads]
    gone = tombstones.among(reasons)
    reasons = [event for event in reasons if event.object_id not in gone]
    if not reasons:
        return None
    last = reasons[-1]
    if last.subject_id in ("", last.object_id):
        return provider().snapshot(last.kind, last.object_id)
    return provider().snapshot(event_kinds.PURCHASE, last.subject_id)


@transaction.atomic
def _write(owner: ProviderObject, events: Sequence[ProviderEvent], snapshot: Snapshot | None, began: float) -> None:
    """All that follows from a reading, in one transaction that holds the owner; nothing from one that was overtaken."""
    if snapshot is not None:
        # Later than what was written before, also where another machine's clock is ahead of ours.
        after = owner.observed_at + timedelta(microseconds=1)
        snapshot = replace(snapshot, observed_at=max(snapshot.observed_at, after))
        owner.observed_at = snapshot.observed_at
    ours = ProviderObject.objects.filter(pk=owner.pk, lease_token=owner.lease_token)
    if ours.update(applied_seq=F("lease_token"), observed_at=owner.observed_at) != 1:
        raise _Fenced
    known = snapshot is not None and projection.apply(snapshot)
    for event in events:
        if event_kinds.route_of(event.kind).buries:
            known = tombstones.bury(event.object_id) or known
    _settle(events, Outcome.PROCESSED if known else Outcome.IGNORED, began)


def _settle(events: Sequence[ProviderEvent], outcome: Outcome, began: float) -> None:
    _waiting(events).update(status=outcome.value, processed_at=clock.now(), error="")
    _remember(events, outcome, "", began)


def _bill(events: Sequence[ProviderEvent]) -> None:
    """The events are settled; what cannot be billed now, the billing cycle reports and tries again."""
    for event in events:
        if event_kinds.route_of(event.kind).bills:
            cycle.bill_renewal(event.object_id)


def _put_back(events: Sequence[ProviderEvent], error: str, began: float) -> None:
    """Again after the back-off that taking them set; after too many tries they are for staff to look at."""
    final = [event for event in events if event.attempt >= MAX_ATTEMPTS]
    with transaction.atomic():
        _waiting(events).update(error=error[:1000])
        _waiting(final).update(status=ProviderEvent.Status.FAILED)
        _remember(final, Outcome.FAILED, error, began)
        _remember([event for event in events if event not in final], Outcome.PUT_BACK, error, began)


def _waiting(events: Sequence[ProviderEvent]) -> QuerySet[ProviderEvent]:
    """Those of them that no other worker settled meanwhile."""
    return ProviderEvent.objects.filter(pk__in=[event.pk for event in events], status=ProviderEvent.Status.RECEIVED)


def _remember(events: Sequence[ProviderEvent], outcome: Outcome, detail: str, began: float) -> None:
    """One more try of each, for whoever asks what became of it."""
    ProviderEventTry.objects.bulk_create(
        ProviderEventTry(
            event=event,
            outcome=outcome,
            detail=detail[:1000],
            worker=event.worker,
            together_count=len(events),
            duration_ms=round((time.monotonic() - began) * 1000),
        )
        for event in events
    )

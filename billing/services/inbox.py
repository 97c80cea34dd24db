"""Events of the payment provider: stored once when they come, worked off by workers."""

import logging

from django.db import InterfaceError, OperationalError, transaction

from billing.providers import provider
from billing.providers.protocol import VerifiedEvent
from billing.services import cycle, projection
from platform_core import clock, context, leases, nudges, scoping, watchdog
from platform_core.errors import DomainError, InvalidInput
from platform_core.models import ProviderEvent

logger = logging.getLogger(__name__)

# Reading a purchase takes a dozen calls, each of which may wait for its time-out.
READ_SECONDS = 600
# With back-off this is most of a day: longer than the provider's outages.
MAX_ATTEMPTS = 36
LARGEST_BODY = 256 * 1024
# A draft takes additions for an hour: a renewal is billed as soon as we hear of it.
DRAFTED = "invoice.created"


class BodyTooLarge(InvalidInput):
    """Larger than any event: not worth the time to verify it."""

    status = 413
    code = "PAYLOAD_TOO_LARGE"


def receive(body: bytes, signature: str) -> None:
    """Verify and store an event; of one that came before, and of a false one, nothing is stored."""
    if not signature:
        raise InvalidInput(
            "Missing Stripe-Signature header.", details={"Stripe-Signature": ["This header is required."]}
        )
    if len(body) > LARGEST_BODY:
        raise BodyTooLarge("The body is larger than 256 kB.")
    event = provider().verify(body, signature)
    _store(event)
    nudges.nudge()


def _store(event: VerifiedEvent) -> None:
    row = ProviderEvent(
        provider=provider().name,
        external_id=event.id,
        kind=event.kind,
        object_id=event.object_id,
        occurred_at=event.occurred_at,
        payload=event.payload,
    )
    ProviderEvent.objects.bulk_create([row], ignore_conflicts=True)


def process_one(worker: str) -> bool:
    """Take one waiting event and act upon it; False if none waits."""
    event = leases.claim(ProviderEvent, worker=worker)
    if event is None:
        return False
    working = context.working(f"{event.provider}:{event.external_id}", f"{event.provider} {event.kind}")
    with scoping.system(), working:
        _process(event)
    return True


class _Fenced(Exception):
    """Another worker took the event over meanwhile: what this one did is rolled back."""


def _process(event: ProviderEvent) -> None:
    try:
        _act(event)
        if event.kind == DRAFTED:
            cycle.bill_renewal(event.object_id)
    except _Fenced:
        logger.warning("%s was taken over by another worker.", event)
    except (OperationalError, InterfaceError):
        raise  # the database, not the event
    except DomainError as error:
        _put_back(event, error.message)
    except Exception as error:
        # A poison event must not stop those behind it.
        logger.exception("%s could not be processed.", event)
        _put_back(event, f"{type(error).__name__}: {error}")


def _act(event: ProviderEvent) -> None:
    """Read outside any transaction, then write all that follows from it in one."""
    with watchdog.keep(event, timeout=READ_SECONDS):
        snapshot = provider().snapshot(event.kind, event.object_id)
    with transaction.atomic():
        known = snapshot is not None and projection.apply(snapshot)
        status = ProviderEvent.Status.PROCESSED if known else ProviderEvent.Status.IGNORED
        if not leases.settle(event, status=status, processed_at=clock.now(), error=""):
            raise _Fenced


def _put_back(event: ProviderEvent, error: str) -> None:
    """Try again after the back-off that claiming it set; after too many tries it is for staff to look at."""
    final = {"status": ProviderEvent.Status.FAILED} if event.attempt >= MAX_ATTEMPTS else {}
    leases.settle(event, error=error[:1000], **final)

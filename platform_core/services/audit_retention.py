"""For how long a record is kept. What is too old goes in whole segments, each ended by a signed checkpoint."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from platform_core import clock
from platform_core.errors import InvalidInput
from platform_core.models import AuditChain, AuditEvent, AuditStream
from platform_core.services import audit, audit_sealing

BATCH = 5000
SHORTEST_DAYS = 30
LONGEST_DAYS = 3650


@transaction.atomic
def change_policy(organization_id: UUID, given: Mapping[str, Any], *, by: audit.Person) -> AuditChain:
    """Set for how many days a record is kept (None: for good) and whether a hold keeps all of it meanwhile."""
    days = given.get("retention_days")
    if days is not None and not SHORTEST_DAYS <= days <= LONGEST_DAYS:
        message = f"A number of days from {SHORTEST_DAYS} to {LONGEST_DAYS} is wanted."
        raise InvalidInput(message, details={"retention_days": [message]})
    chain = AuditChain.objects.select_for_update().get(pk=audit_sealing.chain_of(organization_id).pk)
    changes = {name: [getattr(chain, name), value] for name, value in given.items() if getattr(chain, name) != value}
    if changes:
        for name, (_, value) in changes.items():
            setattr(chain, name, value)
        chain.save(update_fields=list(changes))
        audit.record("audit_log.configure", chain, by=by, changes=changes)
    return chain


def remove_old() -> dict[str, int]:
    """Remove from each chain the segments that are wholly too old. Runs by the clock."""
    kept_for_a_time = AuditChain.objects.exclude(retention_days=None).filter(legal_hold=False)
    return {"removed": sum(_remove(chain.pk) for chain in kept_for_a_time)}


def _remove(chain_id: UUID) -> int:
    with transaction.atomic():
        _raise_floor(AuditChain.objects.select_for_update().get(pk=chain_id))
    removed = 0
    # Below the floor nothing is looked at any more: a process that dies here leaves the rest to the next.
    while count := _remove_batch(chain_id):
        removed += count
    return removed


def _remove_batch(chain_id: UUID) -> int:
    with transaction.atomic():
        chain = AuditChain.objects.select_for_update().get(pk=chain_id)
        if chain.legal_hold:
            return 0
        below = AuditEvent.objects.filter(chain=chain, sequence__lte=chain.floor_sequence)
        last = below.order_by("sequence").values_list("sequence", flat=True)[:BATCH]
        sequences = list(last)
        if sequences:
            AuditEvent.objects.filter(chain=chain, sequence__lte=sequences[-1]).delete()
    return len(sequences)


def _raise_floor(chain: AuditChain) -> None:
    """To the last checkpoint before the first event that is still to be kept, or that a stream still has to send."""
    if chain.retention_days is None or chain.legal_hold:
        return
    kept = AuditEvent.objects.filter(
        chain=chain,
        sequence__gt=chain.floor_sequence,
        created_at__gte=clock.now() - timedelta(days=chain.retention_days),
    )
    first = kept.order_by("sequence").values_list("sequence", flat=True).first()
    end = chain.sequence if first is None else first - 1
    streams = AuditStream.objects.filter(organization_id=chain.pk, status=AuditStream.Status.ACTIVE)
    end = min([end, *streams.values_list("cursor_sequence", flat=True)])
    found = chain.checkpoints.filter(sequence__gt=chain.floor_sequence, sequence__lte=end).order_by("-sequence").first()
    if found is None:
        return
    audit.record("audit_log.expire", chain, by=None, changes={"through": found.sequence, "after": chain.floor_sequence})
    chain.floor_sequence, chain.floor_hash = found.sequence, found.hash
    chain.save(update_fields=["floor_sequence", "floor_hash"])

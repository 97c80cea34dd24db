"""Giving committed events their place: sequence and hash, chain by chain, and a signed checkpoint for each day.

Events are written without a lock on anything they share. Whoever seals holds the chain's row, so that of several one
goes on where the other stopped; a process that dies in between has sealed nothing or everything of its batch.
"""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import connections, router, transaction
from django.db.models import F, Field, Max, Q

from platform_core import clock, sealing
from platform_core.models import PLATFORM, AuditChain, AuditCheckpoint, AuditEvent, AuditKey, AuditStream

BATCH = 500
SEALED = ("chain", "sequence", "hash", "proofs", "id")
SEAL = "UPDATE platform_core_auditevent SET chain_id = %s, sequence = %s, hash = %s, proofs = %s WHERE id = %s"


def seal_one(worker: str) -> bool:
    """Seal a batch of one chain; False when nothing waits."""
    waiting = AuditEvent.objects.unsealed().order_by("organization_id").values_list("organization_id", flat=True)
    found = list(waiting[:1])
    return bool(found) and seal(found[0] or PLATFORM) > 0


def seal_all() -> int:
    """Seal whatever is committed; how many events that were."""
    total = 0
    for organization_id in (
        AuditEvent.objects.unsealed().order_by().values_list("organization_id", flat=True).distinct()
    ):
        while count := seal(organization_id or PLATFORM):
            total += count
    return total


def chain_of(organization_id: UUID | None) -> AuditChain:
    """The record of an organization, or of the platform, begun when it is first asked for."""
    chain, _ = AuditChain.objects.get_or_create(
        pk=organization_id or PLATFORM, defaults={"organization_id": organization_id}
    )
    return chain


@transaction.atomic
def seal(chain_id: UUID) -> int:
    """Seal the next batch of a chain, in the order in which its events were made; how many they were."""
    pk = chain_of(None if chain_id == PLATFORM else chain_id).pk
    chain = AuditChain.objects.select_for_update().get(pk=pk)
    # Locked too: a person named there may be in the middle of being erased.
    waiting = AuditEvent.objects.unsealed().of_chain(chain_id).select_for_update().order_by("pk")
    rows = list(waiting.values(*sealing.FIELDS)[:BATCH])
    if rows:
        _write([_sealed(chain, row) for row in rows])
        chain.sealed_at = clock.now()
        chain.save(update_fields=["sequence", "hash", "sealed_at"])
        # A stream's organization has the id of its chain.
        streams = AuditStream.objects.filter(organization_id=chain.pk, status=AuditStream.Status.ACTIVE)
        streams.filter(failure_count=0).update(run_after=clock.now())
    return len(rows)


def _sealed(chain: AuditChain, row: Mapping[str, Any]) -> dict[str, Any]:
    proofs = sealing.new_proofs(row)
    chain.sequence += 1
    chain.hash = sealing.link(chain.hash, chain.sequence, row, proofs)
    return {"chain": chain.pk, "sequence": chain.sequence, "hash": chain.hash, "proofs": proofs, "id": row["id"]}


def _write(sealed: list[dict[str, Any]]) -> None:
    """One statement for all of them: the engine prepares it once."""
    connection = connections[router.db_for_write(AuditEvent)]
    fields = [cast("Field[Any, Any]", AuditEvent._meta.get_field(name)) for name in SEALED]
    values = [[field.get_db_prep_save(row[field.name], connection) for field in fields] for row in sealed]
    with connection.cursor() as cursor:
        cursor.executemany(SEAL, values)


# --- checkpoints ---
def _signing_key() -> AuditKey:
    key = AuditKey.objects.order_by("-created_at", "-pk").first()
    if key is None:
        key = AuditKey.objects.create(private_key=Ed25519PrivateKey.generate().private_bytes_raw().hex())
    return key


def public_key(key: AuditKey) -> Ed25519PublicKey:
    """Follows from the private half, which nobody without FIELD_ENCRYPTION_KEYS can have put there."""
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.private_key)).public_key()


def signed_text(chain_id: UUID, sequence: int, digest: str) -> bytes:
    """What a checkpoint's signature is over."""
    return f"mainstay audit checkpoint\n{chain_id}\n{sequence}\n{digest}".encode()


def checkpoint_all() -> dict[str, int]:
    """Sign where each chain stands that went on since its last checkpoint. Runs by the clock."""
    grown = AuditChain.objects.annotate(signed=Max("checkpoints__sequence"))
    chains = list(grown.filter(Q(signed=None) | Q(signed__lt=F("sequence")), sequence__gt=0))
    for chain in chains:
        checkpoint(chain)
    return {"signed": len(chains)}


def checkpoint(chain: AuditChain) -> AuditCheckpoint:
    """Sign where a chain stands; of several who do so one makes the row."""
    key = _signing_key()
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.private_key))
    signature = private.sign(signed_text(chain.pk, chain.sequence, chain.hash)).hex()
    made, _ = AuditCheckpoint.objects.get_or_create(
        chain=chain, sequence=chain.sequence, defaults={"hash": chain.hash, "key": key, "signature": signature}
    )
    return made

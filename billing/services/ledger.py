"""Posting facts to the ledger: each once, whoever tells of it and however often."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection, models

from billing.models import LedgerAccount, LedgerEntry, LedgerTransaction
from platform_core import clock, scoping
from platform_core.models import new_id

Kind = LedgerTransaction.Kind
Account = LedgerAccount.Kind
AccountKey = tuple[UUID | None, str, str]
BATCH = 1_000


class Unbalanced(ValueError):
    """Entries of a transaction that do not sum to zero: a mistake of ours, never of the input."""


class Rewritten(ValueError):
    """A fact that was posted before, with other amounts: what is posted never changes."""


class OutsideTransaction(RuntimeError):
    """What a fact does to the books commits with the fact, or not at all."""


@dataclass(frozen=True)
class Posting:
    """One fact: what it does to each account in one currency, positive for a debit."""

    key: str
    kind: Kind
    source: models.Model
    organization_id: UUID
    currency: str
    amounts: Mapping[Account, int]
    occurred_at: datetime = field(default_factory=clock.now)

    @property
    def entries(self) -> dict[AccountKey, int]:
        """What is not nothing, by account."""
        return {self._account(kind): amount for kind, amount in self.amounts.items() if amount}

    def _account(self, kind: Account) -> AccountKey:
        owned = kind in LedgerAccount.OWNED
        return (self.organization_id if owned else None, kind.value, self.currency)


def post(posting: Posting) -> bool:
    """Post one fact; False if it was posted before, or moves nothing."""
    return post_all([posting]) == 1


def post_all(postings: Sequence[Posting]) -> int:
    """Post many facts in the caller's transaction; gives how many were new. Those that move nothing leave no trace."""
    if not connection.in_atomic_block:
        raise OutsideTransaction(", ".join(posting.key for posting in postings))
    moving = {posting.key: posting for posting in postings if posting.entries}
    for posting in moving.values():
        if sum(posting.entries.values()):
            raise Unbalanced(f"{posting.key}: {dict(posting.entries)}")
    if not moving:
        return 0
    # The company's own accounts are in no organization's scope.
    with scoping.system():
        return _insert(moving)


def _insert(moving: Mapping[str, Posting]) -> int:
    rows = [_transaction(posting) for posting in moving.values()]
    # Whoever posts the same fact at the same moment is waited for; then one of the two is there already.
    LedgerTransaction.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    stored = dict(
        LedgerTransaction.objects.filter(idempotency_key__in=list(moving)).values_list("idempotency_key", "pk")
    )
    new = [row for row in rows if stored[row.idempotency_key] == row.pk]
    known = moving.keys() - {row.idempotency_key for row in new}
    if known:
        _hold_to_what_is_posted({key: moving[key] for key in known})
    accounts = _accounts(key for row in new for key in moving[row.idempotency_key].entries)
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(transaction=row, account_id=accounts[key], currency=key[2], amount_minor=amount)
            for row in new
            for key, amount in moving[row.idempotency_key].entries.items()
        ],
        batch_size=BATCH,
    )
    return len(new)


def _transaction(posting: Posting) -> LedgerTransaction:
    return LedgerTransaction(
        pk=new_id(),
        organization_id=posting.organization_id,
        kind=posting.kind,
        idempotency_key=posting.key,
        occurred_at=posting.occurred_at,
        source_type=posting.source._meta.label_lower,
        source_id=posting.source.pk,
    )


def _hold_to_what_is_posted(repeated: Mapping[str, Posting]) -> None:
    posted: dict[str, dict[AccountKey, int]] = {key: {} for key in repeated}
    rows = LedgerEntry.objects.filter(transaction__idempotency_key__in=list(repeated))
    for key, owner, kind, currency, amount in rows.values_list(
        "transaction__idempotency_key", "account__organization", "account__kind", "account__currency", "amount_minor"
    ):
        posted[key][owner, kind, currency] = amount
    for key, posting in repeated.items():
        if posted[key] != posting.entries:
            raise Rewritten(f"{key}: posted as {posted[key]}, told as {posting.entries}")


def _accounts(keys: Iterable[AccountKey]) -> dict[AccountKey, UUID]:
    """The ids of these accounts, those that are new made first."""
    wanted = set(keys)
    found = _found(wanted)
    missing = [
        LedgerAccount(organization_id=owner, kind=kind, currency=currency)
        for owner, kind, currency in sorted(wanted - found.keys(), key=repr)
    ]
    if not missing:
        return found
    LedgerAccount.objects.bulk_create(missing, ignore_conflicts=True, batch_size=BATCH)
    return _found(wanted)


def _found(wanted: set[AccountKey]) -> dict[AccountKey, UUID]:
    owners = {owner for owner, _, _ in wanted if owner}
    theirs = LedgerAccount.objects.filter(models.Q(organization=None) | models.Q(organization__in=owners))
    rows = theirs.values_list("organization", "kind", "currency", "pk")
    return {(owner, kind, currency): pk for owner, kind, currency, pk in rows if (owner, kind, currency) in wanted}


def balance(kind: Account, currency: str, organization_id: UUID | None = None) -> int:
    """What an account holds now: debits less credits."""
    with scoping.system():
        entries = LedgerEntry.objects.filter(account__kind=kind, account__currency=currency)
        total = entries.filter(account__organization=organization_id).aggregate(total=models.Sum("amount_minor"))
        return int(total["total"] or 0)

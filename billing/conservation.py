"""What was invoiced is what was paid, is open, was credited or written off: for each organization and currency.

The left side is summed from invoices, the right side from payments, refunds, credit notes and write-offs, and both are
held against the ledger, which was posted fact by fact.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, F, Q, QuerySet, Sum, When

from billing.models import CreditNote, Invoice, LedgerEntry, Payment, Refund, WalletGrant, WalletMovement
from orgs.models import Organization

Key = tuple[UUID, str]


@dataclass(frozen=True)
class Conservation:
    """The sums of one organization in one currency."""

    organization_id: UUID
    organization: str
    currency: str
    invoiced_minor: int
    # What came, less what went back to the card or into the wallet; with what credits paid.
    paid_minor: int
    open_minor: int
    credited_minor: int
    written_off_minor: int
    # Credit that the provider keeps for the customer's next invoices: negative, or nothing.
    carried_minor: int
    # What the ledger says is owed.
    receivable_minor: int

    @property
    def difference_minor(self) -> int:
        """What is neither paid nor open, credited, written off or carried; nothing, unless something is wrong."""
        settled = self.paid_minor + self.credited_minor + self.written_off_minor
        return self.invoiced_minor - settled - self.open_minor - self.carried_minor

    @property
    def holds(self) -> bool:
        """Whether all of it is accounted for, and the ledger says the same."""
        owed = self.open_minor + self.carried_minor
        return self.difference_minor == 0 and self.carried_minor <= 0 and self.receivable_minor == owed


def report(organization_id: UUID | None = None) -> list[Conservation]:
    """Every organization with anything invoiced or paid, or this one; those that do not hold first."""
    chosen = Q(organization=organization_id) if organization_id else Q()
    invoices = _invoices(chosen)
    paid = _paid(organization_id)
    credited = _sums(CreditNote.objects.issued().filter(chosen), total=Sum("total_minor"))
    receivable = {
        (owner, currency): total
        for (owner, kind, currency), total in LedgerEntry.objects.filter(account__kind="receivable").balances().items()
        if owner and organization_id in (None, owner)
    }
    keys = invoices.keys() | paid.keys() | credited.keys() | receivable.keys()
    names = dict(Organization.objects.filter(pk__in={owner for owner, _ in keys}).values_list("pk", "name"))
    rows = []
    for owner, currency in keys:
        of = invoices[owner, currency]
        row = Conservation(
            organization_id=owner,
            organization=names[owner],
            currency=currency,
            invoiced_minor=of["total"],
            paid_minor=paid[owner, currency],
            open_minor=of["open"],
            credited_minor=credited[owner, currency]["total"],
            written_off_minor=of["written_off"],
            carried_minor=of["carried"],
            receivable_minor=receivable.get((owner, currency), 0),
        )
        rows.append(row)
    return sorted(rows, key=lambda row: (row.holds, row.organization, row.currency))


def _sums(rows: object, **sums: Sum) -> Mapping[Key, dict[str, int]]:
    found: dict[Key, dict[str, int]] = defaultdict(lambda: dict.fromkeys(sums, 0))
    for row in rows.values("organization", "currency").annotate(**sums).order_by():  # type: ignore[attr-defined]
        found[row["organization"], row["currency"]] = {name: row[name] or 0 for name in sums}
    return found


SETTLED = F("paid_minor") + F("wallet_minor") + F("credited_minor") + F("written_off_minor") - F("returned_minor")
# An open one has used of it what it says; of the others it is what nothing else settled.
CARRIED = Case(When(status="open", then=F("carried_minor")), default=F("total_minor") - SETTLED)


def carried(organization_id: UUID, currency: str) -> list[int]:
    """What the provider carried over from each of an organization's invoices (negative) or to it, oldest first."""
    theirs = _standing().filter(organization=organization_id, currency=currency)
    return list(theirs.order_by("issued_at", "pk").values_list(CARRIED, flat=True))


def _standing() -> QuerySet[Invoice]:
    return Invoice.objects.exclude(status__in=("draft", "void"))


def _invoices(chosen: Q) -> Mapping[Key, dict[str, int]]:
    return _sums(
        _standing().filter(chosen),
        total=Sum("total_minor"),
        written_off=Sum("written_off_minor"),
        open=Sum(F("total_minor") - SETTLED - F("carried_minor"), filter=Q(status="open")),
        carried=Sum(CARRIED),
    )


def _paid(organization_id: UUID | None) -> Mapping[Key, int]:
    """Payments less refunds, and what credits paid less what credit notes put into the wallet."""
    found: dict[Key, int] = defaultdict(int)
    whose = Q(organization=organization_id) if organization_id else Q()
    owned = Q(wallet__organization=organization_id) if organization_id else Q()
    given = Q(grant__wallet__organization=organization_id) if organization_id else Q()
    sources = (
        (1, Payment.objects.succeeded().filter(whose), "organization", "currency"),
        (-1, Refund.objects.filter(whose, status__in=Refund.MOVED), "organization", "currency"),
        (
            1,
            WalletMovement.objects.filter(given, Q(kind="burn") | Q(kind="return") & ~Q(grant__kind="promotion")),
            "grant__wallet__organization",
            "grant__wallet__currency",
        ),
        (
            -1,
            WalletMovement.objects.filter(given, kind="restore"),
            "grant__wallet__organization",
            "grant__wallet__currency",
        ),
        (-1, WalletGrant.objects.filter(owned).exclude(kind="promotion"), "wallet__organization", "wallet__currency"),
    )
    for sign, rows, owner, currency in sources:
        sums = rows.values_list(owner, currency).annotate(total=Sum("amount_minor")).order_by()
        for whom, unit, total in sums:
            found[whom, unit] += sign * total
    return found

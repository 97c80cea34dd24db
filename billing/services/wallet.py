"""Prepaid credits: granted, used in order, expired, given back. Whoever changes a wallet holds its row.

Used first is what has the lower priority, then what expires first, then what is oldest. What is here pays invoices of
our own; what stands at the provider (see `placing`) pays whatever the provider asks for, and comes back to expire.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from billing.models import BillingAccount, Invoice, Wallet, WalletGrant, WalletMovement
from billing.services import bookkeeping, ledger
from identity.models import User
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit

Kind = WalletMovement.Kind
# More than any invoice, and far from where a BIGINT ends.
LARGEST_MINOR = 10**12
CREDITED = "credit-note:"


class KeyReused(Conflict):
    """A key that stood for something else before."""

    status = 422
    code = "IDEMPOTENCY_CONFLICT"


@dataclass(frozen=True)
class Terms:
    """What is granted: an amount, why, and in which turn and until when it is used."""

    amount_minor: int
    reason: str
    kind: WalletGrant.Kind = WalletGrant.Kind.PROMOTION
    priority: int = 50
    expires_at: datetime | None = None


def _positive(amount_minor: int, name: str = "amountMinor") -> None:
    if not 0 < amount_minor <= LARGEST_MINOR:
        raise InvalidInput("This amount cannot be used.", details={name: [f"Between 1 and {LARGEST_MINOR:,}."]})


def _check(terms: Terms, currency: str) -> None:
    _positive(terms.amount_minor)
    if not terms.reason.strip():
        raise InvalidInput("Say why.", details={"reason": ["This field is required."]})
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha() or not currency.islower():  # noqa: PLR2004
        raise InvalidInput("Unknown currency.", details={"currency": ["Three small letters, such as usd."]})
    if terms.expires_at is not None and terms.expires_at <= clock.now():
        raise InvalidInput("This is over already.", details={"expiresAt": ["A time to come."]})


def held(organization_id: UUID, currency: str) -> Wallet:
    """The organization's wallet in the currency, made if need be, held until the transaction ends."""
    Wallet.objects.get_or_create(organization_id=organization_id, currency=currency)
    return Wallet.objects.select_for_update().get(organization_id=organization_id, currency=currency)


@transaction.atomic
def grant(organization_id: UUID, currency: str, terms: Terms, *, key: str, by: User | None) -> WalletGrant:
    """Put credits into a wallet. Granting again with the same key gives the same grant."""
    _check(terms, currency)
    wallet = held(organization_id, currency)
    known = WalletGrant.objects.filter(idempotency_key=key).select_related("wallet").first()
    if known is not None:
        if (known.wallet_id, known.amount_minor) != (wallet.pk, terms.amount_minor):
            raise KeyReused("This key was used for another grant.")
        return known
    made = WalletGrant.objects.create(
        wallet=wallet,
        kind=terms.kind,
        amount_minor=terms.amount_minor,
        remaining_minor=terms.amount_minor,
        priority=terms.priority,
        expires_at=terms.expires_at,
        reason=terms.reason.strip(),
        granted_by=by,
        idempotency_key=key,
    )
    wallet.balance_minor += terms.amount_minor
    wallet.save(update_fields=["balance_minor"])
    bookkeeping.post(bookkeeping.granted(made))
    changes = {"kind": terms.kind, "amount_minor": terms.amount_minor, "currency": currency, "reason": terms.reason}
    audit.record("wallet.grant", wallet, by=by, changes=changes)
    return made


def key_of(credit_note_id: UUID) -> str:
    """Under which key a credit note fills a wallet."""
    return f"{CREDITED}{credit_note_id}"


def _take(wallet: Wallet, amount_minor: int, reference: str, invoice: Invoice) -> None:
    """Take from grants in order. The caller holds the wallet and knows that there is enough."""
    movements: list[WalletMovement] = []
    left = amount_minor
    for one in wallet.grants.in_order():
        if not left:
            break
        taken = min(left, one.remaining_minor)
        movements.append(_movement(one, Kind.BURN, taken, reference, invoice))
        left -= taken
    _settle(wallet, movements)


def _movement(
    one: WalletGrant, kind: Kind, amount_minor: int, reference: str, invoice: Invoice | None = None
) -> WalletMovement:
    movement = WalletMovement(grant=one, kind=kind, amount_minor=amount_minor, reference=reference, invoice=invoice)
    one.remaining_minor -= movement.taken_minor
    one.save(update_fields=["remaining_minor"])
    return movement


def _settle(wallet: Wallet, movements: Sequence[WalletMovement]) -> None:
    """The wallet, its history and the books follow what was taken from its grants."""
    if not movements:
        return
    WalletMovement.objects.bulk_create(movements)
    for movement in movements:
        movement.grant.wallet = wallet
    ledger.post_all([bookkeeping.moved(movement) for movement in movements])
    wallet.balance_minor -= sum(movement.taken_minor for movement in movements)
    wallet.save(update_fields=["balance_minor", "placed_minor"])


def apply_to(invoices: Iterable[Invoice]) -> None:
    """Let credits pay what invoices that become final come to; what is wholly covered is paid. The caller saves."""
    due = [invoice for invoice in invoices if invoice.due_minor > 0]
    owners = {(invoice.organization_id, invoice.currency) for invoice in due}
    wallets = Wallet.objects.select_for_update().filter(organization__in={owner for owner, _ in owners}).order_by("pk")
    found = {(wallet.organization_id, wallet.currency): wallet for wallet in wallets}
    for wallet in found.values():
        _expire(wallet)
    for invoice in due:
        owned = found.get((invoice.organization_id, invoice.currency))
        if owned is not None and owned.available_minor:
            covered = min(invoice.due_minor, owned.available_minor)
            _take(owned, covered, f"invoice:{invoice.pk}", invoice)
            invoice.wallet_minor = covered
    for invoice in invoices:
        if invoice.status == Invoice.Status.OPEN and not invoice.due_minor:
            invoice.status, invoice.paid_at = Invoice.Status.PAID, clock.now()


# --- at the provider ---
def follow_balance(invoice: Invoice, used_minor: int | None, *, customer_id: str) -> None:
    """What an invoice used of a customer's balance at the provider, where our credits stand; None: nothing yet.

    Decided once, when it is heard of first: what stood there by then is the wallet's, the rest was carried. A void
    invoice gives it back: of a customer who was made again there since, what stood with the former one is here. The
    caller holds the invoice and saves it.
    """
    if used_minor is None or used_minor == (invoice.balance_minor or 0):
        return
    theirs = BillingAccount.objects.filter(organization=invoice.organization_id)
    stands_there = theirs.filter(provider_customer_id=customer_id).exists()
    if used_minor:
        taken = _use_there(invoice, used_minor, stands_there=stands_there)
        invoice.carried_minor = used_minor - taken
    else:
        taken = -_restore(invoice, stands_there=stands_there)
        invoice.carried_minor = 0
    invoice.wallet_minor += taken
    invoice.balance_minor = used_minor


def _reference_there(invoice: Invoice) -> str:
    return f"invoice:{invoice.pk}:there"


def _use_there(invoice: Invoice, used_minor: int, *, stands_there: bool) -> int:
    theirs = Wallet.objects.select_for_update().filter(organization=invoice.organization_id, currency=invoice.currency)
    wallet = theirs.first()
    if wallet is None:
        return 0
    amount_minor = min(used_minor, max(0, wallet.placed_minor if stands_there else wallet.available_minor))
    if stands_there:
        wallet.placed_minor -= amount_minor
    _take(wallet, amount_minor, _reference_there(invoice), invoice)
    return amount_minor


def _restore(invoice: Invoice, *, stands_there: bool) -> int:
    """Onto the grants that it was taken from. What expired meanwhile expires when somebody looks next."""
    found = WalletMovement.objects.filter(invoice=invoice, reference=_reference_there(invoice))
    used = list(found.select_related("grant"))
    if not used:
        return 0
    wallet = Wallet.objects.select_for_update().get(pk=used[0].grant.wallet_id)
    grants = wallet.grants.in_bulk([each.grant_id for each in used])
    movements = [
        _movement(grants[each.grant_id], Kind.RESTORE, each.amount_minor, f"invoice:{invoice.pk}:void", invoice)
        for each in used
    ]
    restored = sum(movement.amount_minor for movement in movements)
    if stands_there:
        wallet.placed_minor += restored
    _settle(wallet, movements)
    return restored


# --- by the clock ---


def _expire(wallet: Wallet) -> int:
    """Take the credits whose time is over, as far as they are here; gives how much expired."""
    movements, free = [], wallet.available_minor
    for grant in wallet.grants.expired(clock.now()):
        taken = min(grant.remaining_minor, free)
        if taken:
            reference = f"expiry:{grant.pk}:{grant.remaining_minor}"
            movements.append(_movement(grant, Kind.EXPIRY, taken, reference))
            free -= taken
    _settle(wallet, movements)
    return sum(movement.amount_minor for movement in movements)


def expire_all() -> dict[str, int]:
    """Whatever has run out and is here, in every wallet. Runs by the clock."""
    over = Wallet.objects.filter(grants__remaining_minor__gt=0, grants__expires_at__lte=clock.now())
    return {"expired_minor": sum(expire(pk) for pk in over.distinct().values_list("pk", flat=True))}


@transaction.atomic
def expire(pk: UUID) -> int:
    """The same for one wallet."""
    wallet = Wallet.objects.select_for_update().get(pk=pk)
    expired = _expire(wallet)
    if expired:
        audit.record("wallet.expire", wallet, by=None, changes={"amount_minor": expired})
    return expired


# --- what was not used ---


@transaction.atomic
def take_back(grant: WalletGrant, *, by: User | None) -> int:
    """Take out what is left of a grant; gives how much. What was bought in advance is then owed to the customer."""
    # Held before the wallet, as by whoever credits it.
    invoice = _credited(grant)
    wallet = Wallet.objects.select_for_update().get(pk=grant.wallet_id)
    _expire(wallet)
    one = WalletGrant.objects.get(pk=grant.pk)
    amount = min(one.remaining_minor, wallet.available_minor)
    if not amount:
        raise Conflict("Nothing of it is left, or what is left is just being used.")
    _settle(wallet, [_movement(one, Kind.RETURN, amount, f"return:{one.pk}:{one.remaining_minor}")])
    if invoice is not None:
        invoice.returned_minor -= amount
        invoice.save(update_fields=["returned_minor"])
    changes = {"amount_minor": amount, "currency": wallet.currency, "reason": one.reason}
    audit.record("wallet.return", wallet, by=by, changes=changes)
    return amount


def _credited(grant: WalletGrant) -> Invoice | None:
    """The invoice whose credit note the credits came from, held."""
    if grant.kind != WalletGrant.Kind.CREDIT_NOTE:
        return None
    named = UUID(grant.idempotency_key.removeprefix(CREDITED))
    return Invoice.objects.select_for_update(of=("self",)).get(credit_notes=named)

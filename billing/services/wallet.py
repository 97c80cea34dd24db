"""Prepaid credits: granted, used in order, held, expired, given back. Whoever changes a wallet holds its row.

Used first is what has the lower priority, then what expires first, then what is oldest. What is held for something is
neither used for anything else nor does it expire meanwhile.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from billing.models import Invoice, Wallet, WalletGrant, WalletHold, WalletMovement
from billing.services import bookkeeping, ledger
from identity.models import User
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit

HOLD = timedelta(minutes=15)
# More than any invoice, and far from where a BIGINT ends.
LARGEST_MINOR = 10**12


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


def _take(wallet: Wallet, amount_minor: int, reference: str, invoice: Invoice | None) -> list[WalletMovement]:
    """Take from grants in order. The caller holds the wallet and knows that there is enough."""
    movements: list[WalletMovement] = []
    left = amount_minor
    for one in wallet.grants.in_order():
        if not left:
            break
        taken = min(left, one.remaining_minor)
        movements.append(_movement(one, WalletMovement.Kind.BURN, taken, reference, invoice))
        left -= taken
    _settle(wallet, movements)
    return movements


def _movement(
    one: WalletGrant, kind: WalletMovement.Kind, amount_minor: int, reference: str, invoice: Invoice | None = None
) -> WalletMovement:
    one.remaining_minor -= amount_minor
    one.save(update_fields=["remaining_minor"])
    return WalletMovement(grant=one, kind=kind, amount_minor=amount_minor, reference=reference, invoice=invoice)


def _settle(wallet: Wallet, movements: Sequence[WalletMovement]) -> None:
    """The wallet, its history and the books follow what was taken from its grants."""
    if not movements:
        return
    WalletMovement.objects.bulk_create(movements)
    for movement in movements:
        movement.grant.wallet = wallet
    ledger.post_all([bookkeeping.moved(movement) for movement in movements])
    wallet.balance_minor -= sum(movement.amount_minor for movement in movements)
    wallet.save(update_fields=["balance_minor", "held_minor"])


@transaction.atomic
def burn(organization_id: UUID, currency: str, amount_minor: int, *, reference: str) -> int:
    """Use up to so much of what is available; gives how much it was. The same reference uses it once."""
    _positive(amount_minor)
    wallet = held(organization_id, currency)
    used = _used(wallet, reference)
    if used:
        return used
    _expire(wallet)
    usable = min(amount_minor, wallet.available_minor)
    _take(wallet, usable, reference, None)
    return usable


def _used(wallet: Wallet, reference: str) -> int:
    known = WalletMovement.objects.filter(grant__wallet=wallet, reference=reference)
    return sum(known.values_list("amount_minor", flat=True))


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


# --- holds ---


@transaction.atomic
def hold(organization_id: UUID, currency: str, amount_minor: int, *, reason: str, key: str) -> WalletHold:
    """Set credits aside, where there are so many. Holding again with the same key gives the same hold."""
    _positive(amount_minor)
    wallet = held(organization_id, currency)
    known = WalletHold.objects.filter(idempotency_key=key).first()
    if known is not None:
        if (known.wallet_id, known.amount_minor) != (wallet.pk, amount_minor):
            raise KeyReused("This key was used for another hold.")
        return known
    _expire(wallet)
    if wallet.available_minor < amount_minor:
        raise Conflict(f"Only {wallet.available_minor} are available.")
    wallet.held_minor += amount_minor
    wallet.save(update_fields=["held_minor"])
    return WalletHold.objects.create(
        wallet=wallet, amount_minor=amount_minor, reason=reason, expires_at=clock.now() + HOLD, idempotency_key=key
    )


@transaction.atomic
def capture(hold: WalletHold, amount_minor: int) -> WalletHold:
    """Use up to what was held; the rest is free again. Capturing again changes nothing."""
    wallet, one = _held_with(hold)
    if one.status == WalletHold.Status.CAPTURED:
        return one
    if one.status == WalletHold.Status.RELEASED:
        raise Conflict("This hold was released.")
    if not 0 <= amount_minor <= one.amount_minor:
        raise InvalidInput("More than was held.", details={"amountMinor": [f"At most {one.amount_minor}."]})
    wallet.held_minor -= one.amount_minor
    wallet.save(update_fields=["held_minor"])
    _take(wallet, amount_minor, f"hold:{one.pk}", None)
    return _end(one, WalletHold.Status.CAPTURED)


@transaction.atomic
def release(hold: WalletHold) -> WalletHold:
    """Free what was held. Releasing again changes nothing."""
    wallet, one = _held_with(hold)
    if one.status == WalletHold.Status.CAPTURED:
        raise Conflict("What was held has been used.")
    if one.status == WalletHold.Status.HELD:
        wallet.held_minor -= one.amount_minor
        wallet.save(update_fields=["held_minor"])
    return _end(one, WalletHold.Status.RELEASED)


def _held_with(hold: WalletHold) -> tuple[Wallet, WalletHold]:
    wallet = Wallet.objects.select_for_update().get(pk=hold.wallet_id)
    return wallet, WalletHold.objects.get(pk=hold.pk)


def _end(one: WalletHold, status: WalletHold.Status) -> WalletHold:
    one.status = status
    one.save(update_fields=["status"])
    return one


# --- by the clock ---


def _expire(wallet: Wallet) -> int:
    """Free the holds and take the credits whose time is over; gives how much expired."""
    now = clock.now()
    for one in wallet.holds.filter(status=WalletHold.Status.HELD, expires_at__lte=now):
        wallet.held_minor -= one.amount_minor
        wallet.save(update_fields=["held_minor"])
        _end(one, WalletHold.Status.RELEASED)
    movements, free = [], wallet.available_minor
    for grant in wallet.grants.expired(now):
        taken = min(grant.remaining_minor, free)
        if taken:
            reference = f"expiry:{grant.pk}:{grant.remaining_minor}"
            movements.append(_movement(grant, WalletMovement.Kind.EXPIRY, taken, reference))
            free -= taken
    _settle(wallet, movements)
    return sum(movement.amount_minor for movement in movements)


def expire_all() -> dict[str, int]:
    """Whatever has run out, in every wallet. Runs by the clock."""
    now = clock.now()
    over = Q(grants__remaining_minor__gt=0, grants__expires_at__lte=now)
    over |= Q(holds__status=WalletHold.Status.HELD, holds__expires_at__lte=now)
    return {
        "expired_minor": sum(
            _expire_one(pk) for pk in Wallet.objects.filter(over).distinct().values_list("pk", flat=True)
        )
    }


@transaction.atomic
def _expire_one(pk: UUID) -> int:
    wallet = Wallet.objects.select_for_update().get(pk=pk)
    expired = _expire(wallet)
    if expired:
        audit.record("wallet.expire", wallet, by=None, changes={"amount_minor": expired})
    return expired


# --- what was not used ---


@transaction.atomic
def take_back(grant: WalletGrant, *, by: User | None) -> int:
    """Take out what is left of a grant; gives how much. What was bought in advance is then owed to the customer."""
    wallet = Wallet.objects.select_for_update().get(pk=grant.wallet_id)
    _expire(wallet)
    one = WalletGrant.objects.get(pk=grant.pk)
    amount = min(one.remaining_minor, wallet.available_minor)
    if not amount:
        raise Conflict("Nothing of it is left, or what is left is held.")
    _settle(wallet, [_movement(one, WalletMovement.Kind.RETURN, amount, f"return:{one.pk}:{one.remaining_minor}")])
    changes = {"amount_minor": amount, "currency": wallet.currency, "reason": one.reason}
    audit.record("wallet.return", wallet, by=by, changes=changes)
    return amount

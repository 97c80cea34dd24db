"""A customer's balance at the provider beside what it should be, and one click that makes the two the same.

It should be what stands there of the wallet's credits, and what the provider carried over from the customer's invoices:
that is the customer's own, and nobody's to take. Whatever is beyond that was entered by hand, or got lost.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from billing import conservation
from billing.conservation import Conservation
from billing.models import BillingAccount, Wallet, WalletTransfer
from billing.providers import provider
from billing.providers.protocol import BalanceSpec
from billing.services import placing, wallet
from billing.services.wallet import Terms
from platform_core import transactions
from platform_core.errors import Conflict

if TYPE_CHECKING:
    from identity.models import User

WHY = "Credit that was entered at the payment provider."


@dataclass(frozen=True)
class Balance:
    """Credit of one of the provider's customers, in minor units: what it should be, and what it is."""

    customer_id: str
    currency: str
    ours_minor: int
    theirs_minor: int


def expected_minor(organization_id: UUID, currency: str) -> int:
    """What stands there of the wallet, and the customer's own; where the books do not add up, the wallet's alone."""
    placed = Wallet.objects.filter(organization=organization_id, currency=currency).values_list(
        "placed_minor", flat=True
    )
    books = _books(organization_id, currency)
    return sum(placed) + sum(max(0, -row.carried_minor) for row in books if _adds_up(row))


def _books(organization_id: UUID, currency: str) -> list[Conservation]:
    return [row for row in conservation.report(organization_id) if row.currency == currency]


def _adds_up(row: Conservation) -> bool:
    """Whether invoices, payments and ledger say the same: else what was carried over is not known."""
    return row.difference_minor == 0 and row.receivable_minor == row.open_minor + row.carried_minor


def send(organization_id: UUID, *, key: str) -> None:
    """The provider's balance becomes ours; once, however often it is asked for under a key."""
    now = _present(organization_id)
    if now.ours_minor == now.theirs_minor:
        return
    amount_minor = now.ours_minor - now.theirs_minor
    spec = BalanceSpec(now.customer_id, amount_minor, now.currency, "Correction", {"correction": key})
    provider().move_balance(spec, key=f"{key}:{amount_minor}")


def take(organization_id: UUID, *, key: str, by: "User") -> None:
    """What is there beyond ours are credits from now on, which stand there already. Runs outside any transaction."""
    now = _present(organization_id)
    amount_minor = now.theirs_minor - now.ours_minor
    if amount_minor < 0:
        raise Conflict("The provider has less than it should: send ours, or leave it as it is.")
    if amount_minor:
        _granted(organization_id, now.currency, Terms(amount_minor, WHY), key=key, by=by)


@transaction.atomic
def _granted(organization_id: UUID, currency: str, terms: Terms, *, key: str, by: "User") -> None:
    held = wallet.held(organization_id, currency)
    if held.grants.filter(idempotency_key=key).exists():
        return
    wallet.grant(organization_id, currency, terms, key=key, by=by)
    held.refresh_from_db()
    held.placed_minor += terms.amount_minor
    held.save(update_fields=["placed_minor"])


def _present(organization_id: UUID) -> Balance:
    """As both sides are now. What an invoice used and we have not heard of counts as there."""
    transactions.outside()
    if WalletTransfer.objects.filter(
        wallet__organization=organization_id, status=WalletTransfer.Status.REQUESTED
    ).exists():
        raise Conflict("Credits are on their way just now. Look at it again in a minute.")
    account = BillingAccount.objects.get(organization=organization_id)
    fact = provider().customer(account.provider_customer_id)
    if not all(_adds_up(row) for row in _books(organization_id, fact.currency)):
        raise Conflict("The books of this customer do not add up: settle what differs of invoices and payments first.")
    theirs_minor = placing.unheard_minor(provider().balance_used(fact.id)) - fact.balance_minor
    return Balance(fact.id, fact.currency, expected_minor(organization_id, fact.currency), theirs_minor)

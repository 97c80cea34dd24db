"""A customer's balance at the provider beside what it should be, and one click that makes the two the same.

It should be what stands there of the wallet's credits, and what the provider carried over from the customer's invoices:
that is the customer's own, and nobody's to take. Whatever is beyond that was entered by hand, or got lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from billing import conservation
from billing.conservation import Conservation
from billing.models import BillingAccount, Invoice, Subscription, Wallet, WalletTransfer
from billing.providers import provider
from billing.providers.protocol import BalanceSpec
from billing.services import placing, wallet
from billing.services.wallet import Terms
from platform_core import transactions
from platform_core.errors import Conflict
from platform_core.models import ProviderEvent

if TYPE_CHECKING:
    from identity.models import User

WHY = "Credit that was entered at the payment provider."
MOVING = "Credits are on their way just now. Look at it again in a minute."


@dataclass(frozen=True)
class Balance:
    """Credit of one of the provider's customers, in minor units: what it should be, and what it is."""

    customer_id: str
    currency: str
    ours_minor: int
    theirs_minor: int


def expected_minor(organization_id: UUID, currency: str, theirs_minor: int) -> int:
    """What stands there of the wallet, and the customer's own; where the books do not add up, the wallet's alone.

    A customer who owes there may owe what was too small to collect: that was carried over as well.
    """
    wallets = Wallet.objects.filter(organization=organization_id, currency=currency)
    placed_minor = sum(wallets.values_list("placed_minor", flat=True))
    if not all(_adds_up(row) for row in _books(organization_id, currency)):
        return placed_minor
    carried = conservation.carried(organization_id, currency)
    owing_minor = placed_minor - sum(carried)
    return theirs_minor if theirs_minor == owing_minor < 0 else placed_minor + _own_minor(carried)


def _own_minor(carried: Sequence[int]) -> int:
    """What is left of what was carried over. What was used before there was any, was entered by hand, and is gone."""
    own_minor = 0
    for each in carried:
        own_minor = max(0, own_minor - each)
    return own_minor


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


def is_billed_now(organization_id: UUID) -> bool:
    """Of an invoice that used credits an event may yet tell."""
    theirs = Subscription.objects.filter(organization=organization_id).values("provider_subscription_id")
    unsold = Invoice.objects.filter(organization=organization_id, subscription=None).values("provider_invoice_id")
    waiting = ProviderEvent.objects.filter(status=ProviderEvent.Status.RECEIVED)
    return waiting.filter(Q(subject_id__in=theirs) | Q(subject_id__in=unsold)).exists()


def _present(organization_id: UUID) -> Balance:
    """As both sides are now: one look takes a while, and only what two of them see alike was so at one moment."""
    transactions.outside()
    account = BillingAccount.objects.get(organization=organization_id)
    seen = _seen(organization_id, account.provider_customer_id)
    if seen != _seen(organization_id, account.provider_customer_id):
        raise Conflict(MOVING)
    return seen


def _seen(organization_id: UUID, customer_id: str) -> Balance:
    """What an invoice used and we have not heard of counts as there."""
    requested = WalletTransfer.objects.filter(status=WalletTransfer.Status.REQUESTED)
    if requested.filter(wallet__organization=organization_id).exists() or is_billed_now(organization_id):
        raise Conflict(MOVING)
    fact = provider().customer(customer_id)
    if not all(_adds_up(row) for row in _books(organization_id, fact.currency)):
        raise Conflict("The books of this customer do not add up: settle what differs of invoices and payments first.")
    theirs_minor = placing.unheard_minor(provider().balance_used(fact.id)) - fact.balance_minor
    return Balance(fact.id, fact.currency, expected_minor(organization_id, fact.currency, theirs_minor), theirs_minor)

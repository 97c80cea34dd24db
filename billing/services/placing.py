"""Credits at the provider: what a wallet holds stands as the customer's balance there, so that whatever the provider
asks for (a renewal, a proration, the first invoice of a checkout) uses it before anything is charged.

The wallet is the truth, and each unit is in one place: it counts as there from before the provider is asked to take it
until the provider has given it back. A transfer is a row before it is a request, one at a time; one that got no answer
is asked for again, and acts once. What expires is fetched first; what an invoice had used by then is used, and as
much goes back.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Sum

from billing.models import CheckoutSession, Invoice, Price, Subscription, Wallet, WalletGrant, WalletTransfer
from billing.providers import provider
from billing.providers.protocol import BalanceSpec, ProviderError, ProviderRefused
from billing.services import wallet
from identity.models import User
from platform_core import clock, transactions
from platform_core.services import audit

log = logging.getLogger(__name__)
Status = WalletTransfer.Status
# What the provider refused (a customer who pays in another currency) it refuses again; until then credits stay here.
REST = timedelta(days=1)
GONE = "The provider has this customer no more."


def place_all() -> dict[str, int]:
    """Bring every wallet's credits to where they pay. Runs by the clock."""
    moved = failed = 0
    for pk in _uneven():
        try:
            moved += place(pk)
        except ProviderRefused as error:
            log.warning("The credits of wallet %s were refused: %s", pk, error.message)
            failed += 1
        except ProviderError:
            log.exception("The credits of wallet %s could not be moved.", pk)
            failed += 1
    return {"moved": moved, "failed": failed}


def _uneven() -> Sequence[UUID]:
    """Those of the provider's customers with credits here, on their way, or over."""
    now = clock.now()
    wallets = Wallet.objects.filter(organization__billing_account__provider=provider().name)
    over = Q(grants__remaining_minor__gt=0, grants__expires_at__lte=now)
    here = ~Q(balance_minor=F("placed_minor")) & _needed()
    moving = here | Q(transfers__status=Status.REQUESTED) | over
    refused = WalletTransfer.objects.filter(
        status=Status.FAILED,
        created_at__gt=now - REST,
        provider_customer_id=F("wallet__organization__billing_account__provider_customer_id"),
    )
    found = wallets.filter(moving).exclude(pk__in=refused.values("wallet"))
    return list(found.distinct().order_by("pk").values_list("pk", flat=True))


def _needed() -> Q:
    """Wallets in a currency that the customer pays in or is about to; before that, in the only one on sale.

    What comes first decides a customer's currency at the provider: that is not for credits to do.
    """
    theirs = {"organization": OuterRef("organization")}
    subscriptions, invoices = Subscription.objects.filter(**theirs), Invoice.objects.filter(**theirs)
    begun = CheckoutSession.objects.filter(**theirs, status=CheckoutSession.Status.OPEN)
    same = {"currency": OuterRef("currency")}
    priced = {"price__currency": OuterRef("currency")}
    paid_in = Exists(subscriptions.filter(**priced)) | Exists(invoices.filter(**same)) | Exists(begun.filter(**priced))
    sold_in = set(Price.objects.on_sale().order_by().values_list("currency", flat=True).distinct())
    if len(sold_in) > 1:
        return Q(paid_in)
    undecided = ~Exists(subscriptions) & ~Exists(invoices) & ~Exists(begun)
    return Q(paid_in) | Q(undecided) & Q(currency__in=sold_in)


def place(wallet_id: UUID) -> bool:
    """Fetch what is over, or else send what is here; False if there is nothing to move."""
    transactions.outside()
    wallet.expire(wallet_id)
    over = WalletGrant.objects.filter(wallet=wallet_id).expired(clock.now())
    over_minor = over.order_by().aggregate(total=Sum("remaining_minor"))["total"] or 0
    if over_minor:
        _fetch(wallet_id, over_minor)
        return wallet.expire(wallet_id) > 0
    is_needed = Wallet.objects.filter(_needed(), pk=wallet_id).exists()
    return _move(wallet_id, None if is_needed else 0)


def take_back(grant: WalletGrant, *, by: User | None) -> int:
    """Take out what is left of a grant, also where it stands at the provider; gives how much."""
    transactions.outside()
    one = WalletGrant.objects.select_related("wallet").get(pk=grant.pk)
    elsewhere_minor = one.remaining_minor - one.wallet.available_minor
    if elsewhere_minor > 0:
        _fetch(one.wallet_id, elsewhere_minor)
    return wallet.take_back(grant, by=by)


def _fetch(wallet_id: UUID, amount_minor: int) -> None:
    """No more than is there now and is ours: the rest is credit of the customer's own."""
    for waiting in WalletTransfer.objects.filter(wallet=wallet_id, status=Status.REQUESTED):
        _send(waiting)
    customer_id = _customer_of(wallet_id)
    # In this order: what is used or heard of meanwhile makes it less, never more.
    balance_minor = -provider().customer(customer_id).balance_minor
    unheard = unheard_minor(provider().balance_used(customer_id))
    ours_minor = Wallet.objects.values_list("placed_minor", flat=True).get(pk=wallet_id) - unheard
    there_minor = min(amount_minor, balance_minor, ours_minor)
    if there_minor > 0:
        _move(wallet_id, -there_minor)


def unheard_minor(used: Mapping[str, int]) -> int:
    """Of what invoices used there, what we have not heard of: of our credits first."""
    rows = Invoice.objects.filter(provider=provider().name, provider_invoice_id__in=used)
    heard = dict(rows.values_list("provider_invoice_id", "balance_minor"))
    return sum(max(0, used_minor - (heard.get(invoice_id) or 0)) for invoice_id, used_minor in used.items())


def _move(wallet_id: UUID, amount_minor: int | None) -> bool:
    row = _requested(wallet_id, amount_minor)
    if row is not None:
        _send(row)
    return row is not None


@transaction.atomic
def _requested(wallet_id: UUID, amount_minor: int | None) -> WalletTransfer | None:
    """The one on its way, or a new one: so much, or all that is here."""
    held = Wallet.objects.select_for_update().get(pk=wallet_id)
    waiting = held.transfers.filter(status=Status.REQUESTED).first()
    if waiting is not None:
        return waiting
    amount = held.balance_minor - held.placed_minor if amount_minor is None else max(amount_minor, -held.placed_minor)
    if not amount:
        return None
    if amount > 0:
        _count(held, amount)
    return _begun(held, amount, _customer_of(wallet_id))


def _begun(held: Wallet, amount_minor: int, customer_id: str) -> WalletTransfer:
    row = WalletTransfer.objects.create(
        wallet=held, amount_minor=amount_minor, provider=provider().name, provider_customer_id=customer_id
    )
    audit.record("wallet.transfer", held, by=None, changes={"amount_minor": amount_minor})
    return row


def _count(held: Wallet, amount_minor: int) -> None:
    held.placed_minor += amount_minor
    held.save(update_fields=["placed_minor"])


def forget(organization_id: UUID) -> None:
    """The customer is gone there, with the credits: all of them are here again. The caller is in a transaction."""
    for held in Wallet.objects.select_for_update().filter(organization=organization_id).order_by("pk"):
        stopped = held.transfers.filter(status=Status.REQUESTED).update(status=Status.FAILED, failure=GONE)
        changes = {"placed_minor": [held.placed_minor, 0]}
        if held.placed_minor or stopped:
            held.placed_minor = 0
            held.save(update_fields=["placed_minor"])
            audit.record("wallet.forget", held, by=None, changes=changes)


def _customer_of(wallet_id: UUID) -> str:
    return Wallet.objects.values_list("organization__billing_account__provider_customer_id", flat=True).get(
        pk=wallet_id
    )


def _send(row: WalletTransfer) -> None:
    spec = BalanceSpec(
        customer_id=row.provider_customer_id,
        amount_minor=row.amount_minor,
        currency=row.wallet.currency,
        description="Credits",
        metadata={"wallet_transfer": str(row.pk)},
    )
    try:
        entry_id = provider().move_balance(spec, key=f"wallet-transfer:{row.pk}")
    except ProviderRefused as error:
        _answered(row, Status.FAILED, failure=error.message[:300])
        raise
    # An invoice that became final since the balance was looked at had used of it before we could fetch it.
    used = provider().balance_used(row.provider_customer_id, before=entry_id) if row.amount_minor < 0 else None
    too_much = _answered(row, Status.DONE, used=used, provider_transfer_id=entry_id)
    if too_much is not None:
        _send(too_much)


@transaction.atomic
def _answered(
    row: WalletTransfer, status: Status, *, used: Mapping[str, int] | None = None, **told: str
) -> WalletTransfer | None:
    """What came back is here again, and what was refused never left. Of two who hear it, the first writes it down.

    Gives what is to go there again: what was fetched beyond our credits is the customer's own.
    """
    held = Wallet.objects.select_for_update().get(pk=row.wallet_id)
    if not WalletTransfer.objects.filter(pk=row.pk, status=Status.REQUESTED).update(status=status, **told):
        return None
    too_much_minor = _beyond_ours(held, row, used) if used is not None else 0
    if (status == Status.DONE) == (row.amount_minor < 0):
        _count(held, -abs(row.amount_minor))
    if not too_much_minor:
        return None
    _count(held, too_much_minor)
    return _begun(held, too_much_minor, row.provider_customer_id)


def _beyond_ours(held: Wallet, row: WalletTransfer, used: Mapping[str, int]) -> int:
    ours_minor = max(0, held.placed_minor - unheard_minor(used))
    return max(0, -row.amount_minor - ours_minor)

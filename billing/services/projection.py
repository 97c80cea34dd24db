"""From a provider's snapshot to our rows, whichever event was the reason to look."""

from uuid import UUID

from billing.models import CheckoutSession
from billing.providers.protocol import Snapshot
from billing.services import accounts, alone, payment_methods, payments, subscriptions
from billing.services.checkout import complete_checkout
from orgs.models import Organization


def apply(snapshot: Snapshot) -> bool:
    """Bring our rows to the snapshot; False where it concerns nobody we know (yet). Runs in the caller's transaction.

    The checkout row is held throughout, so two events of one purchase are applied one after the other.
    """
    if snapshot.checkout is not None and snapshot.checkout.mode == "setup":
        return payment_methods.completed(snapshot.checkout)
    purchase = _purchase_of(snapshot)
    was_open = purchase is not None and purchase.status == CheckoutSession.Status.OPEN
    is_news = purchase is not None and was_open and complete_checkout(purchase, snapshot)
    organization = purchase.organization if purchase is not None else _organization_of(snapshot)
    if organization is None:
        return is_news
    if snapshot.subscription is None:
        return alone.record(snapshot, organization) or is_news
    if was_open:
        # Its completion recorded it; before that it is no purchase.
        return is_news
    subscriptions.record_purchase(snapshot, organization=organization)
    return True


def _purchase_of(snapshot: Snapshot) -> CheckoutSession | None:
    """Our checkout that the provider's objects name, held; not if they were copied from another one's."""
    reference = _uuid(_reference(snapshot))
    if reference is None:
        return None
    purchase = CheckoutSession.objects.select_for_update().filter(pk=reference).first()
    theirs = snapshot.checkout.id if snapshot.checkout else ""
    return purchase if purchase and _same(purchase.provider_session_id, theirs) else None


def _reference(snapshot: Snapshot) -> str:
    if snapshot.checkout is not None:
        return snapshot.checkout.reference
    return snapshot.subscription.metadata.get("checkout", "") if snapshot.subscription else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _same(ours: str, theirs: str) -> bool:
    """Equal, or one side does not know."""
    return not ours or not theirs or ours == theirs


def _organization_of(snapshot: Snapshot) -> Organization | None:
    """Whose it is that did not begin with one of our checkouts: by the customer, else by what we know of it already."""
    if snapshot.subscription is not None:
        return accounts.owner_of(snapshot.subscription.customer_id)
    by_customer = accounts.owner_of(snapshot.customer.id) if snapshot.customer else None
    return by_customer or payments.owner_of(snapshot.payments) or payment_methods.owner_of(snapshot)

"""From a provider's snapshot to our rows, whichever event was the reason to look."""

from uuid import UUID

from billing.models import BillingAccount, CheckoutSession
from billing.providers.protocol import Snapshot
from billing.services import payment_methods, subscriptions
from billing.services.checkout import complete_checkout
from orgs.models import Organization


def apply(snapshot: Snapshot) -> bool:
    """Bring our rows to the snapshot; False where it concerns nobody we know (yet). Runs in the caller's transaction.

    The checkout row is held throughout, so two events of one purchase are applied one after the other.
    """
    if snapshot.checkout is not None and snapshot.checkout.mode == "setup":
        return payment_methods.completed(snapshot.checkout)
    purchase = _purchase_of(snapshot)
    if purchase is not None and purchase.status == CheckoutSession.Status.OPEN:
        return complete_checkout(purchase, snapshot)
    organization = purchase.organization if purchase is not None else _organization_of(snapshot)
    if organization is None or snapshot.subscription is None:
        return False
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
    """Whose customer it is, for a subscription that did not begin with one of our checkouts."""
    if snapshot.subscription is None:
        return None
    customer_id = snapshot.subscription.customer_id
    account = BillingAccount.objects.select_for_update().filter(provider_customer_id=customer_id).first()
    return account.organization if account else None

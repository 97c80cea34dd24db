"""What belongs to no subscription, as the provider tells it. Runs in the transaction of whoever has read it."""

from dataclasses import replace

from billing.providers.protocol import Snapshot
from billing.services import accounts, invoices, payment_methods, payments
from orgs.models import Organization


def record(snapshot: Snapshot, organization: Organization) -> bool:
    """A single payment with its invoice, what went back of it, how somebody pays; True where there was any of it."""
    seen = snapshot.observed_at
    for invoice in snapshot.invoices:
        invoices.apply(invoice, organization=organization, observed_at=seen)
    tried = payments.tried(snapshot.payments)
    payments.record(replace(snapshot, payments=tried), organization=organization)
    is_theirs = snapshot.customer is not None and accounts.owner_of(snapshot.customer.id) == organization
    if is_theirs:
        payment_methods.observe(snapshot, organization)
    gone = payment_methods.detached(snapshot)
    return bool(snapshot.invoices or tried) or is_theirs or gone

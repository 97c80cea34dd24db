"""What billing does in the background."""

from datetime import timedelta
from typing import Any

from billing import personal_data
from billing.models import BillingProfile, ConsumerTenant, PaymentMethod, PaymentMethodSetup
from billing.services import (
    changes,
    checkout,
    crediting,
    cycle,
    dunning,
    gaps,
    inbox,
    payment_methods,
    placing,
    plan_migrations,
    reconciliation,
    refunding,
    report_kinds,
    trials,
    wallet,
)
from platform_core.purged import Purged
from platform_core.schedule import Periodic

BILLING_CYCLE = "billing-cycle"
WALLET_EXPIRY = "wallet-expiry"
REQUESTED_REFUNDS = "requested-refunds"


def run_billing_cycle() -> dict[str, Any]:
    """Bill what is due, and tell what was done."""
    return cycle.run_billing_cycle().as_json()


WORK = [inbox.process_one, changes.settle_one, payment_methods.finish_one, dunning.advance_one]
WORKFLOWS = [plan_migrations.MIGRATE_PLAN]
REPORTS = report_kinds.KINDS

# Renewals are billed as soon as the provider tells of them; this finds whatever was not told of.
SCHEDULE = [
    Periodic(BILLING_CYCLE, every=timedelta(minutes=1), run=run_billing_cycle),
    # A renewal's draft is final an hour after it is made: by then what was credited before stands where it is used.
    Periodic("wallet-placing", every=timedelta(minutes=1), run=placing.place_all),
    Periodic(WALLET_EXPIRY, every=timedelta(minutes=10), run=wallet.expire_all),
    # Whose answer was lost: asking again with the same key tells what became of them.
    Periodic(REQUESTED_REFUNDS, every=timedelta(minutes=5), run=refunding.settle_requested),
    Periodic("requested-credit-notes", every=timedelta(minutes=5), run=crediting.settle_requested),
    Periodic("billing.fill_gaps", every=timedelta(minutes=10), run=gaps.fill),
    Periodic("billing.reconcile", timedelta(days=1), reconciliation.run, offset=timedelta(hours=3), timeout=6 * 3600),
    Periodic("billing.end_checkouts", every=timedelta(hours=1), run=checkout.end_stale),
    Periodic("trial-endings", every=timedelta(hours=1), run=trials.tell_of_endings),
]
PERSONAL_DATA = personal_data.PARTS
# Each invoice keeps whom it was made out to, as it was then.
PURGED = [
    Purged(BillingProfile),
    Purged(PaymentMethod),
    Purged(PaymentMethodSetup),
    # What was bought names it, and the consumer knows it by its own id.
    Purged(ConsumerTenant, emptied={"name": "Deleted organization", "legal_name": "", "billing_email": ""}),
]

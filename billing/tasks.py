"""What billing does in the background."""

from datetime import timedelta
from typing import Any

from billing import personal_data
from billing.services import cycle, inbox, report_kinds
from platform_core.schedule import Periodic

BILLING_CYCLE = "billing-cycle"


def run_billing_cycle() -> dict[str, Any]:
    """Bill what is due, and tell what was done."""
    return cycle.run_billing_cycle().as_json()


WORK = [inbox.process_one]
REPORTS = report_kinds.KINDS

# Renewals are billed as soon as the provider tells of them; this finds whatever was not told of.
SCHEDULE = [Periodic(BILLING_CYCLE, every=timedelta(minutes=1), run=run_billing_cycle)]
PERSONAL_DATA = personal_data.PARTS

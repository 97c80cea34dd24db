"""Servers that should run and do not."""

import logging
from collections import Counter
from datetime import timedelta

from platform_core.errors import UpstreamError
from tenants.clients.provisioner import Phase, Provisioner, provisioner
from tenants.models import Order
from tenants.services.provisioning_set_up import plan_of

logger = logging.getLogger(__name__)

REVIVE_EVERY = timedelta(minutes=1)


def revive() -> dict[str, int]:
    """Agents of customers' servers that do not run are started again; one that cannot be keeps no other waiting."""
    back_end = provisioner()
    theirs = Order.objects.filter(status=Order.Status.FULFILLED, server__provider=back_end.name)
    outcomes = Counter(_revive(back_end, order) for order in theirs)
    return {"started": outcomes["started"], "failed": outcomes["failed"]}


def _revive(back_end: Provisioner, order: Order) -> str:
    """Only what was set up: a server that is not there at all is for a person to look at."""
    try:
        progress = back_end.progress(order.pk)
        wanted = progress.phase == Phase.DONE and not progress.agent_running
        return "started" if wanted and back_end.start(plan_of(order)) else "left"
    except UpstreamError:
        logger.exception("The agent of %s could not be started again.", order)
        return "failed"

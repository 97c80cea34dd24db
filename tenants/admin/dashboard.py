"""The console's first page."""

from typing import Any

from django.http import HttpRequest

from billing.revenue import summary
from billing.selectors import inbox_state
from platform_core import clock, months
from platform_core.models import AuditChain, AuditEvent
from tenants import selectors
from tenants.models import Order, Server

SHOWN = 8
WORRYING = (Server.Status.LATE, Server.Status.OFFLINE)


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold asks for it before it renders the index; the page shows each part to those who may open what it names."""
    worrying = Server.objects.filter(status__in=WORRYING).select_related("order", "beat")
    stats, this_month = selectors.platform_stats(), months.months(months.month_of(clock.now()))
    return {
        **context,
        "stats": stats,
        "payments": summary.payments(this_month),
        "this_month": this_month,
        "inbox": inbox_state(),
        "orders": [(status, stats.orders_by_status[status]) for status in Order.Status],
        "server_count": sum(stats.servers_by_status.values()),
        "broken_chains": list(AuditChain.objects.exclude(problem="").order_by("-verified_at")[:SHOWN]),
        "failing_jobs": selectors.failing_jobs(SHOWN),
        "worrying_servers": list(worrying.order_by("beat__last_seen_at")[:SHOWN]),
        "changes": list(AuditEvent.objects.order_by("-created_at")[:SHOWN]),
    }

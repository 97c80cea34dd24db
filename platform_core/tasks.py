"""The platform's own waiting work, and what the broker's messages call."""

from datetime import timedelta

from celery import shared_task

from platform_core import nudges, ratelimit, schedule, worker
from platform_core.models import AuditExport, WebhookEndpoint
from platform_core.purged import Purged
from platform_core.services import (
    audit_exports,
    audit_retention,
    audit_sealing,
    audit_streams,
    audit_verification,
    daily_counts,
    idempotency,
    inbox,
    mail,
    outbox,
    webhook_endpoints,
    webhook_messages,
)
from platform_core.workflow import engine

WORKFLOWS = [audit_exports.EXPORT_AUDIT_EVENTS, audit_verification.VERIFY_AUDIT_CHAIN]
WORK = [engine.run_one, outbox.deliver_one, mail.send_one, audit_sealing.seal_one, audit_streams.stream_one]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SCHEDULE = [
    schedule.Periodic("platform_core.forget_counters", HOUR, ratelimit.forget_old, timeout=600),
    schedule.Periodic("platform_core.forget_requests", HOUR, idempotency.forget_old, timeout=600),
    schedule.Periodic("platform_core.end_audit_exports", HOUR, audit_exports.end_expired, timeout=600),
    schedule.Periodic("platform_core.sign_audit_chains", DAY, audit_sealing.checkpoint_all, timeout=600),
    schedule.Periodic(
        "platform_core.verify_audit_chains", DAY, audit_verification.verify_nightly, 2 * HOUR, timeout=4 * 3600
    ),
    schedule.Periodic("platform_core.forget_provider_events", DAY, inbox.forget_old, HOUR),
    schedule.Periodic("platform_core.forget_webhook_secrets", HOUR, webhook_endpoints.forget_old_secrets, timeout=600),
    schedule.Periodic("platform_core.forget_webhooks", DAY, webhook_messages.forget_old, HOUR),
    schedule.Periodic("platform_core.forget_daily_counts", DAY, daily_counts.forget_old, HOUR, timeout=600),
    schedule.Periodic("platform_core.expire_audit_events", DAY, audit_retention.remove_old, HOUR),
]
# Its streams and what was to be delivered go with the endpoints.
PURGED = [Purged(WebhookEndpoint), Purged(AuditExport, files="file")]

# How long a worker that was told of work goes on looking for more of it.
ROUNDS = 20


@shared_task(name=nudges.SWEEP, ignore_result=True)
def sweep() -> None:
    """Do what waits. Sent after each commit that makes work, and every second for what no message told of."""
    for _ in range(ROUNDS):
        if not worker.round(worker.name()):
            return


@shared_task(name="platform_core.run_periodic", ignore_result=True)
def run_periodic(name: str) -> None:
    """Run the present slot of a periodic task, unless somebody has."""
    with worker.unit():
        schedule.run(schedule.find(name), worker.name())

"""Mechanisms' rows: audit, jobs, inbox, outbox, schedule."""

from platform_core.models.audit import (
    GENESIS,
    PLATFORM,
    AuditChain,
    AuditCheckpoint,
    AuditEvent,
    AuditExport,
    AuditKey,
    AuditStream,
)
from platform_core.models.cache import CacheEntry
from platform_core.models.daily_counts import DailyCount
from platform_core.models.idempotency import IdempotentRequest
from platform_core.models.inbox import ProviderCursor, ProviderEvent, ProviderEventTry, ProviderObject
from platform_core.models.jobs import Effect, Job, JobLog, StepRun
from platform_core.models.leases import Leased
from platform_core.models.limits import RateCounter
from platform_core.models.outbox import Mail, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookMessage
from platform_core.models.rows import Row, Unchanging, new_id
from platform_core.models.schedule import CronRun

__all__ = [
    "GENESIS",
    "PLATFORM",
    "AuditChain",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditExport",
    "AuditKey",
    "AuditStream",
    "CacheEntry",
    "CronRun",
    "DailyCount",
    "Effect",
    "IdempotentRequest",
    "Job",
    "JobLog",
    "Leased",
    "Mail",
    "ProviderCursor",
    "ProviderEvent",
    "ProviderEventTry",
    "ProviderObject",
    "RateCounter",
    "Row",
    "StepRun",
    "Unchanging",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookMessage",
    "new_id",
]

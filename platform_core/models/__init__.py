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
from platform_core.models.inbox import ProviderEvent
from platform_core.models.jobs import Effect, Job, JobLog, StepRun
from platform_core.models.leases import Leased
from platform_core.models.limits import RateCounter
from platform_core.models.outbox import Mail, WebhookDelivery, WebhookEndpoint
from platform_core.models.rows import Row, new_id
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
    "Effect",
    "Job",
    "JobLog",
    "Leased",
    "Mail",
    "ProviderEvent",
    "RateCounter",
    "Row",
    "StepRun",
    "WebhookDelivery",
    "WebhookEndpoint",
    "new_id",
]

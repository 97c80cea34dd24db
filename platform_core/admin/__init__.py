"""The staff console: its site, the base of its pages, and the pages of the mechanisms."""

from platform_core.admin import audit, inbox, jobs, libraries, outbox, schedule

__all__ = ["audit", "inbox", "jobs", "libraries", "outbox", "schedule"]

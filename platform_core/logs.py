"""Log records carry the request id of the unit of work they belong to, and no secrets."""

import logging

from platform_core import context, redaction


class ContextFilter(logging.Filter):
    """Adds `request_id` to every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        current = context.current()
        record.request_id = current.request_id if current else "-"
        return True


class RedactingFormatter(logging.Formatter):
    """A line, and the traceback below it, without what looks like a credential: mailed links are paths, and logged."""

    def format(self, record: logging.LogRecord) -> str:
        return redaction.redact(super().format(record))

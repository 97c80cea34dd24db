"""An event as others read it: JSON for exports and streams, a line of CSV that no spreadsheet takes for a formula."""

import csv
import io
import json
from typing import Any

from platform_core.models import AuditEvent

COLUMNS = (
    "sequence",
    "id",
    "createdAt",
    "action",
    "product",
    "actorType",
    "actorId",
    "actorLabel",
    "impersonatorId",
    "impersonatorLabel",
    "entityType",
    "entityId",
    "entityLabel",
    "changes",
    "requestId",
    "ipAddress",
    "hash",
)
# What a spreadsheet begins to compute with; some do so behind a blank too.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CONTROL = {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)]} | {9: "\\t", 10: "\\n", 13: "\\r"}


def as_json(event: AuditEvent) -> dict[str, Any]:
    """Every field, by the names of the API."""
    impersonator = {"type": "staff", "id": event.impersonator_id, "label": event.impersonator_label}
    return {
        "id": str(event.pk),
        "createdAt": event.created_at.isoformat().replace("+00:00", "Z"),
        "action": event.action,
        "product": event.product,
        "actor": {"type": event.actor_type, "id": event.actor_id, "label": event.actor_label},
        "impersonator": impersonator if event.impersonator_id else None,
        "entityType": event.target_type,
        "entityId": event.target_id,
        "entityLabel": event.target_label,
        "changes": event.changes,
        "requestId": event.request_id,
        "ipAddress": event.ip_address,
        "sequence": event.sequence,
        "hash": event.hash,
    }


def json_line(event: AuditEvent) -> str:
    """One line; whatever a terminal might obey is escaped."""
    return json.dumps(as_json(event), separators=(",", ":"), ensure_ascii=True) + "\n"


def cell(value: Any) -> str:
    """Text that stays text: control characters are spelled out, and a formula begins with an apostrophe."""
    text = "" if value is None else str(value)
    harmless = not text.lstrip(" ").startswith(FORMULA)
    return (text if harmless else f"'{text}").translate(CONTROL)


def csv_header() -> str:
    """The names of the columns."""
    return _csv_row(COLUMNS)


def csv_line(event: AuditEvent) -> str:
    """One event."""
    data = as_json(event)
    impersonator = data["impersonator"] or {"id": "", "label": ""}
    values = {
        **data,
        "actorType": event.actor_type,
        "actorId": event.actor_id,
        "actorLabel": event.actor_label,
        "impersonatorId": impersonator["id"],
        "impersonatorLabel": impersonator["label"],
        "changes": json.dumps(event.changes, ensure_ascii=False) if event.changes else "",
    }
    return _csv_row([cell(values[name]) for name in COLUMNS])


def _csv_row(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue()

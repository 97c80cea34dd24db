"""When the clock has something to do with an object by itself."""

from billing.providers.sandbox.shapes import Json

HOUR = 3600
DAY = 24 * HOUR
# A first payment that nobody completes is given up after this long.
INCOMPLETE_SECONDS = 23 * HOUR
# A renewal's draft stays open for additions this long.
DRAFT_SECONDS = HOUR
RENEWING = ("active", "past_due")


def due_at(obj: Json) -> int | None:
    """The next moment at which this object changes although nobody asks for it."""
    moment = {"subscription": _subscription, "invoice": _invoice, "checkout.session": _session}.get(obj["object"])
    return moment(obj) if moment else None


def _subscription(obj: Json) -> int | None:
    if obj["status"] in RENEWING:
        return int(obj["_period_end"])
    return int(obj["created"]) + INCOMPLETE_SECONDS if obj["status"] == "incomplete" else None


def _invoice(obj: Json) -> int | None:
    waits_for = {"draft": "automatically_finalizes_at", "open": "next_payment_attempt"}.get(obj["status"])
    return obj[waits_for] if waits_for else None


def _session(obj: Json) -> int | None:
    return int(obj["expires_at"]) if obj["status"] == "open" else None

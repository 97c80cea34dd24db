"""When the clock has something to do with an object by itself."""

from collections.abc import Callable

from billing.providers.sandbox.shapes import Json

HOUR = 3600
DAY = 24 * HOUR
# A first payment that nobody completes is given up after this long.
INCOMPLETE_SECONDS = 23 * HOUR
# A renewal's draft stays open for additions this long.
DRAFT_SECONDS = HOUR
RENEWING = ("active", "past_due")


# A trial's end is told of so long before.
TOLD_BEFORE_SECONDS = 3 * DAY


def due_at(obj: Json) -> int | None:
    """The next moment at which this object changes although nobody asks for it."""
    moment = MOMENTS.get(obj["object"])
    return moment(obj) if moment else None


def _subscription(obj: Json) -> int | None:
    update, moment = obj["pending_update"], _next_period(obj)
    if update and moment is not None:
        return min(int(update["expires_at"]), moment)
    return moment


def _next_period(obj: Json) -> int | None:
    if obj["status"] == "trialing" and not obj["_trial_told"]:
        # A shorter trial is told of at once.
        return max(int(obj["trial_end"]) - TOLD_BEFORE_SECONDS, int(obj["trial_start"]))
    if obj["status"] in (*RENEWING, "trialing"):
        return int(obj["_period_end"])
    return int(obj["created"]) + INCOMPLETE_SECONDS if obj["status"] == "incomplete" else None


def _invoice(obj: Json) -> int | None:
    waits_for = {"draft": "automatically_finalizes_at", "open": "next_payment_attempt"}.get(obj["status"])
    return obj[waits_for] if waits_for else None


def _session(obj: Json) -> int | None:
    return int(obj["expires_at"]) if obj["status"] == "open" else None


def _settling(obj: Json) -> int | None:
    """A debit, or a refund, whose outcome the bank will tell."""
    return obj.get("_settles_at")


def _dispute(obj: Json) -> int | None:
    return int(obj["evidence_details"]["due_by"]) if obj["status"] in ("needs_response", "under_review") else None


def _schedule(obj: Json) -> int | None:
    return int(obj["current_phase"]["end_date"]) if obj["status"] == "active" else None


MOMENTS: dict[str, Callable[[Json], int | None]] = {
    "subscription": _subscription,
    "invoice": _invoice,
    "checkout.session": _session,
    "payment_intent": _settling,
    "refund": _settling,
    "dispute": _dispute,
    "subscription_schedule": _schedule,
}

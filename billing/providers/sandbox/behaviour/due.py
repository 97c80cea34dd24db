"""What happens by itself: everything that falls due by a moment, in order, each step at its own time."""

from collections.abc import Callable
from datetime import UTC, datetime

from billing.providers.sandbox import books, clock
from billing.providers.sandbox.behaviour import (
    charging,
    closing,
    debits,
    disputing,
    invoicing,
    refunding,
    scheduling,
    subscribing,
    trials,
)
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.models import Record
from billing.providers.sandbox.shapes import Json, copied
from billing.providers.sandbox.timetable import due_at


def run_until(moment: int, *, moving_clock: bool = False) -> int:
    """Do everything due by this moment; gives how many steps it took. With `moving_clock`, time follows the steps."""
    steps = 0
    while _step(moment, moving_clock=moving_clock):
        steps += 1
    return steps


def next_moment(kind: str) -> int | None:
    """When the next object of a kind falls due."""
    return (
        Record.objects.filter(kind=kind, due_at__isnull=False)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )


def _step(moment: int, *, moving_clock: bool) -> bool:
    """The earliest thing due, in one transaction; False if there is none."""
    with books.writing() as account:
        record = Record.objects.filter(due_at__lte=moment).order_by("due_at", "sequence").first()
        if record is None or record.due_at is None:
            return False
        account.now = record.due_at
        if moving_clock:
            clock.reach(datetime.fromtimestamp(account.now, UTC))
        ACTIONS[record.kind](account, copied(record.data))
        if Record.objects.filter(pk=record.pk, due_at=account.now).exists():
            raise RuntimeError(f"{record} is still due at {account.now} after what was due was done.")
        return True


def _subscription(account: Books, subscription: Json) -> None:
    update = subscription["pending_update"]
    if update and update["expires_at"] <= account.now:
        closing.discard(account, subscription)
        moment = due_at(subscription)
        if moment is None or moment > account.now:
            return
    if subscription["status"] == "incomplete":
        subscribing.expire(account, subscription)
    elif subscription["status"] == "trialing":
        trials.advance(account, subscription)
    else:
        subscribing.renew(account, _as_scheduled(account, subscription))


def _as_scheduled(account: Books, subscription: Json) -> Json:
    """A phase that begins with this renewal begins before it."""
    schedule = account.find("subscription_schedule", subscription["schedule"] or "")
    if schedule is None or not schedule["current_phase"] or schedule["current_phase"]["end_date"] > account.now:
        return subscription
    scheduling.advance(account, schedule)
    return account.get("subscription", subscription["id"])


def _invoice(account: Books, invoice: Json) -> None:
    if invoice["status"] == "draft":
        invoicing.finalize(account, invoice)
    if invoice["status"] == "open":
        invoice["next_payment_attempt"] = None
        charging.collect(account, invoice, automatic=True)


def _session(account: Books, session: Json) -> None:
    session.update(status="expired", url=None)
    account.change(session)
    account.announce("checkout.session.expired", session)


ACTIONS: dict[str, Callable[[Books, Json], None]] = {
    "subscription": _subscription,
    "invoice": _invoice,
    "checkout.session": _session,
    "payment_intent": debits.settle,
    "refund": refunding.settle,
    "dispute": disputing.lapse,
    "subscription_schedule": scheduling.advance,
}

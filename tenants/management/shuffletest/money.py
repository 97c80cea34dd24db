"""Whether the money came out right: payments and what went back, the ledger, and what a month brings."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from django.db.models import Sum

from billing import conservation
from billing.models import CreditNote, Dispute, LedgerEntry, MrrMovement, Payment, Refund
from billing.services import mrr
from tenants.management.shuffletest.lives import Life
from tenants.management.shuffletest.story import DISPUTE_FEE, State
from tenants.management.shuffletest.verdict import Finding, Kind, each


def findings(lives: Sequence[Life]) -> list[Finding]:
    """Everything that is wrong with it."""
    states = [life.state for life in lives]
    return [*_payments(states), *_given_back(states), *_ledger(states), *_movements(lives)]


def _payments(states: Sequence[State]) -> Iterator[Finding]:
    """One for each invoice with something due, however often it was tried."""
    asked = [asked for state in states for asked in (*state.invoices, *state.once)]
    wanted = [asked.payment for asked in asked if asked.payment]
    yield from each("payment", Payment.objects.values_list("amount_minor", "status"), wanted)


def _given_back(states: Sequence[State]) -> Iterator[Finding]:
    """A refund has its credit note; a dispute what was decided of it."""
    refunds = [amount for state in states for amount in state.refunds]
    wanted: list[Hashable] = [(amount, "succeeded") for amount in refunds]
    yield from each("refund", Refund.objects.values_list("amount_minor", "status"), wanted)
    notes = CreditNote.objects.values_list("total_minor", "status", "refund__amount_minor")
    yield from each("credit note", notes, [(amount, "issued", amount) for amount in refunds])
    disputes = [dispute for state in states for dispute in state.disputes]
    yield from each("dispute", Dispute.objects.values_list("amount_minor", "status"), disputes)


def _ledger(states: Sequence[State]) -> Iterator[Finding]:
    """Every account holds what the stories come to, which sums to zero, and all of it is accounted for."""
    ours: Counter[str] = Counter()
    for (_, kind, _), total in LedgerEntry.objects.balances().items():
        ours[kind] += total
    expected = _balances(states)
    for kind in sorted(ours.keys() | expected.keys()):
        if ours[kind] != expected[kind]:
            yield Finding(Kind.DIFFERENT, f"account {kind} holds {ours[kind]}, expected {expected[kind]}")
    for found in conservation.report():
        if not found.holds:
            yield Finding(Kind.DIFFERENT, f"not all is accounted for: {found}")


def _balances(states: Sequence[State]) -> Counter[str]:
    asked = [asked for state in states for asked in (*state.invoices, *state.once)]
    total, paid = sum(each.total_minor for each in asked), sum(each.paid_minor for each in asked)
    refunded = sum(amount for state in states for amount in state.refunds)
    disputes = [dispute for state in states for dispute in state.disputes]
    lost = [amount for amount, outcome in disputes if outcome == "lost"]
    fees = sum(each.fee_minor for each in asked) + DISPUTE_FEE * len(lost)
    return Counter(
        receivable=total - paid,
        revenue=refunded - total,
        provider_clearing=paid - refunded - sum(lost) - fees,
        fees=fees,
        bad_debt=sum(lost),
    )


def _movements(lives: Sequence[Life]) -> Iterator[Finding]:
    """Of each subscription the movements sum to what it brings a month, and each of them is of the right kind."""
    named = MrrMovement.objects.order_by().values_list("subscription__provider_subscription_id")
    moved = dict(named.annotate(total=Sum("amount_minor")))
    for life in lives:
        ours = moved.get(life.subscription_id, 0)
        if ours != life.state.mrr_minor:
            text = f"{life.subscription_id} moved by {ours} a month, expected {life.state.mrr_minor}"
            yield Finding(Kind.DIFFERENT, text)
    for text in (*mrr.disagreements(), *mrr.misplaced()):
        yield Finding(Kind.DIFFERENT, text)

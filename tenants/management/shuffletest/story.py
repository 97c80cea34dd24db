"""What happens to a subscription, month by month, and what it must come to: plain arithmetic, nothing of the product's.

A story is decided before it is lived. The only thing it takes from the provider are the moments at which something
was done, without which nobody could say what part of a period was left.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

MONTHS = 7
# How often in a month something may be done.
TURNS = 2
# What a month costs, in minor units. It stands here a second time on purpose.
PRICES: Mapping[str, int] = {"pages-team": 6_500, "pages-business": 15_000}
SMALL, LARGE = PRICES
MOST_SEATS = 5
# What is sold beside the plans: once, and by the month, each up to so many units so much.
EXTRA = 1_900
TIERS = ((2, 700), (None, 450))
MOST_ADD_ONS = 4
# What the provider keeps: of a card payment, of a bank debit, and for a dispute that is lost. They stand here a second
# time too.
CARD_FEE, DEBIT_FEE, DISPUTE_FEE = (29, 30), (8, 500), 1_500


class Act(Enum):
    """What may be done in a month."""

    NOTHING = "nothing"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    SEATS = "seats"
    # The bank wants the payment of more seats confirmed: it is, or is not in time.
    CONFIRMED = "seats, confirmed"
    LAPSED = "seats, not confirmed"
    MORE_ADD_ONS = "more add-ons"
    NO_ADD_ONS = "no add-ons"
    BREAK_CARD = "break card"
    MEND_CARD = "mend card"
    GIVE_NOTICE = "give notice"
    RESUME = "resume"
    CANCEL = "cancel"
    REFUND = "refund"
    WIN_DISPUTE = "dispute, won"
    LOSE_DISPUTE = "dispute, lost"
    BUY_ONCE = "buy once"


class TrialEnd(Enum):
    """What a trial ends in; the last two where nobody said how to pay."""

    CHARGE = "charge"
    PAUSE = "pause"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Moment:
    """When something was done within a period, in the provider's seconds."""

    at: int
    period_start: int
    period_end: int


@dataclass(frozen=True)
class Asked:
    """One invoice: how it came about, what it comes to, what of that was paid, and what was left to be paid."""

    reason: str
    total_minor: int
    paid_minor: int
    left_minor: int = 0
    # A bank account is debited: the outcome is known days later.
    by_debit: bool = False
    # What it would come to, and nobody owes.
    void_minor: int = 0

    @property
    def status(self) -> str:
        """An invoice of which nothing is left is paid."""
        return "void" if self.void_minor else "open" if self.left_minor else "paid"

    @property
    def payment(self) -> tuple[int, str] | None:
        """What was tried to collect, and what came of it; None where nothing was due."""
        if self.void_minor:
            return self.void_minor, "canceled"
        due = self.paid_minor + self.left_minor
        outcome = "succeeded" if not self.left_minor else "pending" if self.by_debit else "failed"
        return (due, outcome) if due else None

    @property
    def fee_minor(self) -> int:
        """What the provider kept of it."""
        per_mille, flat = DEBIT_FEE if self.by_debit else CARD_FEE
        share = (self.paid_minor * per_mille + 500) // 1000
        return 0 if not self.paid_minor else min(share, flat) if self.by_debit else share + flat


@dataclass
class State:
    """A subscription as it must be, and everything it was asked to pay."""

    plan: str
    seats: int = 1
    status: str = "active"
    notice: bool = False
    card_works: bool = True
    # Pays from a bank account instead.
    by_debit: bool = False
    trial: TrialEnd | None = None
    # Who is known to us before they buy can buy something else too.
    is_known: bool = False
    # What this period, or what is left of it since the last change, was billed at, and from when on (None: its start).
    billed_minor: int = 0
    billed_from: int | None = None
    # A smaller plan than it was billed at: until the period is over, more seats may cost nothing.
    lowered: bool = False
    # The same of what is beside the plan.
    add_ons: int = 0
    beside_minor: int = 0
    beside_from: int | None = None
    # What an invoice gave back, for the next ones.
    credit_minor: int = 0
    invoices: list[Asked] = field(default_factory=list)
    # What was bought once, what went back, and the payments that a bank took back: the amount, and who won.
    once: list[Asked] = field(default_factory=list)
    refunds: list[int] = field(default_factory=list)
    disputes: list[tuple[int, str]] = field(default_factory=list)
    # How many invoices there were when something was last done with one's payment.
    touched: int = 0

    @property
    def price(self) -> int:
        """What a month costs now."""
        return PRICES[self.plan] * self.seats

    @property
    def beside(self) -> int:
        """What a month of what is beside the plan costs: each of the first two so much, the others less."""
        (first, dear), (_, cheap) = TIERS
        return min(self.add_ons, first or 0) * dear + max(0, self.add_ons - (first or 0)) * cheap

    @property
    def mrr_minor(self) -> int:
        """What it brings in a month."""
        return self.price + self.beside if self.status in ("active", "past_due") else 0

    def begin_period(self, reason: str) -> None:
        """Ask for a whole month."""
        self.bill(reason, self.price + self.beside)
        self.billed_minor, self.billed_from, self.lowered = self.price, None, False
        self.beside_minor, self.beside_from = self.beside, None

    def bill(self, reason: str, total: int) -> None:
        """Ask for an amount."""
        due = max(0, total - self.credit_minor)
        self.credit_minor = max(0, self.credit_minor - total)
        paid, left = (due, 0) if self.card_works and not self.by_debit else (0, due)
        self.invoices.append(Asked(reason, total, paid, left, by_debit=self.by_debit and due > 0))

    def begin_trial(self, end: TrialEnd) -> None:
        """A month for nothing, of which there is an invoice all the same."""
        self.trial, self.status, self.card_works = end, "trialing", end is TrialEnd.CHARGE
        self.invoices.append(Asked("subscription_create", 0, 0))

    def debits_arrive(self, *reasons: str) -> None:
        """The bank has paid what it was asked for, four days ago or longer."""
        self.invoices = [
            replace(asked, paid_minor=asked.left_minor, left_minor=0)
            if asked.by_debit and asked.left_minor and asked.reason in reasons
            else asked
            for asked in self.invoices
        ]

    @property
    def at_hand_minor(self) -> int:
        """What the last invoice's payment brought by card and nobody has taken back yet."""
        last = self.invoices[-1]
        untouched = self.touched < len(self.invoices) and not last.by_debit and not last.left_minor
        return last.paid_minor if untouched else 0

    def act(self, act: Act, moment: Moment | None = None, seats: int = 0) -> None:
        """Do what was decided for the month."""
        match act:
            case Act.UPGRADE | Act.SEATS | Act.CONFIRMED | Act.LAPSED:
                make = self._lapse if act is Act.LAPSED else self._change
                make(LARGE if act is Act.UPGRADE else self.plan, seats or self.seats, moment)
            case Act.MORE_ADD_ONS | Act.NO_ADD_ONS:
                self._add(self.add_ons + 1 if act is Act.MORE_ADD_ONS else 0, moment)
            case Act.DOWNGRADE:
                self.plan, self.lowered = SMALL, True
            case Act.BREAK_CARD:
                self.card_works = False
            case Act.MEND_CARD:
                self._mend()
            case Act.GIVE_NOTICE | Act.RESUME:
                self.notice = act is Act.GIVE_NOTICE
            case Act.CANCEL:
                self.status = "canceled"
            case _:
                self._move_money(act)

    def _move_money(self, act: Act) -> None:
        match act:
            case Act.BUY_ONCE:
                self.once.append(Asked("manual", EXTRA, EXTRA))
            case Act.REFUND:
                self.refunds.append(half(self.at_hand_minor))
                self.touched = len(self.invoices)
            case Act.WIN_DISPUTE | Act.LOSE_DISPUTE:
                self.disputes.append((self.at_hand_minor, "won" if act is Act.WIN_DISPUTE else "lost"))
                self.touched = len(self.invoices)

    def _change(self, plan: str, seats: int, moment: Moment | None) -> None:
        if moment is None:
            raise ValueError("A change in the middle of a period has a moment.")
        left, whole = moment.period_end - moment.at, moment.period_end - moment.period_start
        since = moment.period_start if self.billed_from is None else self.billed_from
        credit = _part(self.billed_minor, left, moment.period_end - since)
        self.plan, self.seats = plan, seats
        charge = _part(self.price, left, whole)
        self.bill("subscription_update", charge - credit)
        self.billed_minor, self.billed_from, self.lowered = charge, moment.at, False

    def _lapse(self, plan: str, seats: int, moment: Moment | None) -> None:
        """Asked for and not paid: nothing is left of it but the invoice."""
        before = replace(self)
        self._change(plan, seats, moment)
        asked = self.invoices.pop()
        self.seats, self.billed_minor, self.billed_from = before.seats, before.billed_minor, before.billed_from
        self.invoices.append(Asked(asked.reason, 0, 0, void_minor=asked.total_minor))

    def _add(self, count: int, moment: Moment | None) -> None:
        """Where all go, nothing is paid back."""
        if not count:
            self.add_ons = 0
            return
        if moment is None:
            raise ValueError("A change in the middle of a period has a moment.")
        left, whole = moment.period_end - moment.at, moment.period_end - moment.period_start
        since = moment.period_start if self.beside_from is None else self.beside_from
        credit = _part(self.beside_minor, left, moment.period_end - since) if self.add_ons else 0
        self.add_ons = count
        charge = _part(self.beside, left, whole)
        self.bill("subscription_update", charge - credit)
        self.beside_minor, self.beside_from = charge, moment.at

    def _mend(self) -> None:
        last = self.invoices[-1]
        self.invoices[-1] = replace(last, paid_minor=last.left_minor, left_minor=0)
        self.card_works, self.status = True, "active"

    def end_month(self) -> None:
        """The period is over: it ends, goes on, or has been given up because nobody paid."""
        self.debits_arrive("subscription_cycle", "subscription_update")
        if self.status == "trialing":
            self._end_trial()
        elif self.status == "past_due":
            # Asked four times within a fortnight.
            self.status = "canceled"
        elif self.status == "active" and self.notice:
            self.status = "canceled"
        elif self.status == "active":
            self.begin_period("subscription_cycle")
            self.status = "active" if self.card_works else "past_due"

    def _end_trial(self) -> None:
        if self.trial is TrialEnd.CHARGE:
            self.status = "active"
            self.begin_period("subscription_cycle")
        else:
            self.status = "paused" if self.trial is TrialEnd.PAUSE else "canceled"


def half(amount: int) -> int:
    """Of an odd amount the larger part."""
    return (amount + 1) // 2


def _part(amount: int, part: int, whole: int) -> int:
    """A part of an amount, halves upwards."""
    return (2 * amount * part + whole) // (2 * whole)


def choose(state: State, chance: random.Random) -> tuple[Act, int]:
    """What happens this month, and to how many seats it leads; only what makes sense in the state."""
    if state.status == "past_due":
        return chance.choice([Act.MEND_CARD, Act.MEND_CARD, Act.NOTHING]), 0
    if state.status != "active":
        return Act.NOTHING, 0
    if state.notice:
        return chance.choice([Act.RESUME, Act.NOTHING]), 0
    if not state.card_works:
        return Act.NOTHING, 0
    acts = [*_changes(state), *_money(state)] + ([Act.CANCEL] if chance.random() < 1 / 6 else [])
    act = chance.choice(acts)
    return (act, state.seats + 1) if act in (Act.SEATS, Act.CONFIRMED, Act.LAPSED) else (act, 0)


def _changes(state: State) -> list[Act]:
    acts = [Act.NOTHING] * 5 + [Act.GIVE_NOTICE]
    acts += [Act.UPGRADE] * 2 if state.plan == SMALL else [Act.DOWNGRADE]
    acts += [Act.MORE_ADD_ONS] if state.add_ons < MOST_ADD_ONS else []
    acts += [Act.NO_ADD_ONS] if state.add_ons else []
    more = [Act.SEATS] if state.seats < MOST_SEATS else []
    # What the provider owes them, or was paid for the larger plan, could pay for it, and then no bank is asked.
    free = state.credit_minor or state.lowered
    asked = [Act.CONFIRMED, Act.LAPSED] if more and not state.by_debit and not free else []
    return acts + more + asked


def _money(state: State) -> list[Act]:
    """A bank account pays, if late; of a card everything may come."""
    if state.by_debit:
        return []
    acts = [Act.BREAK_CARD]
    if state.at_hand_minor:
        acts += [Act.REFUND, Act.REFUND, Act.WIN_DISPUTE, Act.LOSE_DISPUTE]
    # What the provider owes them would pay for it first.
    return acts + ([Act.BUY_ONCE] if state.is_known and not state.credit_minor else [])

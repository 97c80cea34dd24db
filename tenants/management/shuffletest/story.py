"""What happens to a subscription, month by month, and what it must come to: plain arithmetic, nothing of the product's.

A story is decided before it is lived. The only thing it takes from the provider are the moments at which something
was done, without which nobody could say what part of a period was left.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

MONTHS = 7
# How often in a month something may be done.
TURNS = 2
# What a month costs, in minor units. It stands here a second time on purpose.
PRICES: Mapping[str, int] = {"pages-team": 6_500, "pages-business": 15_000}
SMALL, LARGE = PRICES
MOST_SEATS = 5


class Act(Enum):
    """What may be done in a month."""

    NOTHING = "nothing"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    SEATS = "seats"
    BREAK_CARD = "break card"
    MEND_CARD = "mend card"
    GIVE_NOTICE = "give notice"
    RESUME = "resume"
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

    @property
    def status(self) -> str:
        """An invoice of which nothing is left is paid."""
        return "open" if self.left_minor else "paid"


@dataclass
class State:
    """A subscription as it must be, and everything it was asked to pay."""

    plan: str
    seats: int = 1
    status: str = "active"
    notice: bool = False
    card_works: bool = True
    # What this period, or what is left of it since the last change, was billed at, and from when on (None: its start).
    billed_minor: int = 0
    billed_from: int | None = None
    # What an invoice gave back, for the next ones.
    credit_minor: int = 0
    invoices: list[Asked] = field(default_factory=list)

    @property
    def price(self) -> int:
        """What a month costs now."""
        return PRICES[self.plan] * self.seats

    @property
    def mrr_minor(self) -> int:
        """What it brings in a month."""
        return self.price if self.status in ("active", "past_due") else 0

    def begin_period(self, reason: str) -> None:
        """Ask for a whole month."""
        self.bill(reason, self.price)
        self.billed_minor, self.billed_from = self.price, None

    def bill(self, reason: str, total: int) -> None:
        """Ask for an amount."""
        due = max(0, total - self.credit_minor)
        self.credit_minor = max(0, self.credit_minor - total)
        paid, left = (due, 0) if self.card_works else (0, due)
        self.invoices.append(Asked(reason, total, paid, left))

    def act(self, act: Act, moment: Moment | None = None, seats: int = 0) -> None:
        """Do what was decided for the month."""
        match act:
            case Act.UPGRADE:
                self._change(LARGE, self.seats, moment)
            case Act.SEATS:
                self._change(self.plan, seats, moment)
            case Act.DOWNGRADE:
                self.plan = SMALL
            case Act.BREAK_CARD:
                self.card_works = False
            case Act.MEND_CARD:
                self._mend()
            case Act.GIVE_NOTICE | Act.RESUME:
                self.notice = act is Act.GIVE_NOTICE
            case Act.CANCEL:
                self.status = "canceled"

    def _change(self, plan: str, seats: int, moment: Moment | None) -> None:
        if moment is None:
            raise ValueError("A change in the middle of a period has a moment.")
        left, whole = moment.period_end - moment.at, moment.period_end - moment.period_start
        since = moment.period_start if self.billed_from is None else self.billed_from
        credit = _part(self.billed_minor, left, moment.period_end - since)
        self.plan, self.seats = plan, seats
        charge = _part(self.price, left, whole)
        self.bill("subscription_update", charge - credit)
        self.billed_minor, self.billed_from = charge, moment.at

    def _mend(self) -> None:
        last = self.invoices[-1]
        self.invoices[-1] = Asked(last.reason, last.total_minor, last.left_minor)
        self.card_works, self.status = True, "active"

    def end_month(self) -> None:
        """The period is over: it ends, goes on, or has been given up because nobody paid."""
        if self.status == "past_due":
            # Asked four times within a fortnight.
            self.status = "canceled"
        elif self.status == "active" and self.notice:
            self.status = "canceled"
        elif self.status == "active":
            self.begin_period("subscription_cycle")
            self.status = "active" if self.card_works else "past_due"


def _part(amount: int, part: int, whole: int) -> int:
    """A part of an amount, halves upwards."""
    return (2 * amount * part + whole) // (2 * whole)


def choose(state: State, chance: random.Random) -> tuple[Act, int]:
    """What happens this month, and to how many seats it leads; only what makes sense in the state."""
    if state.status == "canceled":
        return Act.NOTHING, 0
    if state.status == "past_due":
        return chance.choice([Act.MEND_CARD, Act.MEND_CARD, Act.NOTHING]), 0
    if state.notice:
        return chance.choice([Act.RESUME, Act.NOTHING]), 0
    if not state.card_works:
        return Act.NOTHING, 0
    acts = [Act.NOTHING] * 5 + [Act.BREAK_CARD, Act.GIVE_NOTICE]
    acts += [Act.UPGRADE] * 2 if state.plan == SMALL else [Act.DOWNGRADE]
    acts += [Act.SEATS] if state.seats < MOST_SEATS else []
    acts += [Act.CANCEL] if chance.random() < 1 / 6 else []
    act = chance.choice(acts)
    return (act, state.seats + 1) if act is Act.SEATS else (act, 0)

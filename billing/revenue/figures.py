"""What is told of recurring revenue, and by which formula.

Rates are in basis points (1/10,000), rounded half up; None where nothing is there to divide by. Whatever is said of a
month holds for its end, or for now where it is not over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from billing.services.mrr import half_up
from platform_core.months import MONTHS_A_YEAR, Months, after

WHOLE = 10_000


def share(part: int, whole: int) -> int | None:
    """The part in basis points of the whole."""
    return half_up(part * WHOLE, whole) if whole > 0 else None


@dataclass(frozen=True)
class MonthOfRevenue:
    """One month in one currency: `opening_minor` and the movements sum to `mrr_minor`."""

    month: date
    opening_minor: int
    # Of what customers brought at its beginning: what the same customers brought at its end (net), and that without
    # what any of them brought more (gross).
    kept_net_minor: int
    kept_gross_minor: int
    new_minor: int
    expansion_minor: int
    contraction_minor: int
    churn_minor: int
    reactivation_minor: int

    @property
    def mrr_minor(self) -> int:
        """MRR(t) = MRR(t-1) + the movements of t."""
        moved = self.new_minor + self.expansion_minor + self.reactivation_minor
        return self.opening_minor + moved + self.contraction_minor + self.churn_minor

    @property
    def arr_minor(self) -> int:
        """Twelve times the MRR."""
        return self.mrr_minor * MONTHS_A_YEAR

    @property
    def nrr(self) -> int | None:
        """Net revenue retention: what the month's first customers bring at its end / at its beginning."""
        return share(self.kept_net_minor, self.opening_minor)

    @property
    def grr(self) -> int | None:
        """Gross revenue retention: the same, each customer counted for no more than at the beginning."""
        return share(self.kept_gross_minor, self.opening_minor)


@dataclass(frozen=True)
class MonthOfCustomers:
    """One month of paying customers, whatever their currency."""

    month: date
    opening_count: int
    new_count: int
    reactivated_count: int
    churned_count: int

    @property
    def count(self) -> int:
        """How many pay at its end."""
        return self.opening_count + self.new_count + self.reactivated_count - self.churned_count

    @property
    def churn(self) -> int | None:
        """Logo churn: customers who stopped paying / customers at the beginning."""
        return share(self.churned_count, self.opening_count)


@dataclass(frozen=True)
class CohortMonth:
    """What is left of a cohort so many months after it began."""

    month: date
    age: int
    customer_count: int
    retained: int | None
    mrr_minor: Mapping[str, int]


@dataclass(frozen=True)
class Cohort:
    """The customers who began to pay in one month."""

    cohort: date
    customer_count: int
    months: Sequence[CohortMonth]


@dataclass(frozen=True)
class Retention:
    """Of whole months: the customers who paid at their beginning, and what of it was there at their end."""

    opening_minor: int = 0
    net_minor: int = 0
    gross_minor: int = 0

    @property
    def nrr(self) -> int | None:
        """Net revenue retention of the months together."""
        return share(self.net_minor, self.opening_minor)

    @property
    def grr(self) -> int | None:
        """Gross revenue retention of the months together."""
        return share(self.gross_minor, self.opening_minor)


@dataclass(frozen=True)
class CurrencyRevenue:
    """Everything in one currency; nothing is converted."""

    currency: str
    months: Sequence[MonthOfRevenue]
    retention: Retention
    # Customers who bring something in this currency now.
    customer_count: int
    ltv_minor: int | None

    @property
    def mrr_minor(self) -> int:
        """At the end of the last month."""
        return self.months[-1].mrr_minor

    @property
    def arr_minor(self) -> int:
        """Twelve times the MRR."""
        return self.mrr_minor * MONTHS_A_YEAR

    @property
    def arpa_minor(self) -> int | None:
        """Average revenue per account: MRR / paying customers, both of this currency and of the last month's end."""
        return half_up(self.mrr_minor, self.customer_count) if self.customer_count else None


@dataclass(frozen=True)
class Trials:
    """Trials that began in the months, and are over."""

    began_count: int
    ended_count: int
    converted_count: int

    @property
    def conversion(self) -> int | None:
        """Trials that came to be paid for / trials that are over."""
        return share(self.converted_count, self.ended_count)


@dataclass(frozen=True)
class PaymentCount:
    """Tries to collect money and what came of them: one row of `Payment` is one try, and its last answer counts."""

    succeeded_count: int
    failed_count: int

    @property
    def attempt_count(self) -> int:
        """Those that were answered; what the bank has not decided, and a page that nobody paid on, is no try yet."""
        return self.succeeded_count + self.failed_count

    @property
    def success(self) -> int | None:
        """Payment success rate: tries that succeeded / tries."""
        return share(self.succeeded_count, self.attempt_count)


@dataclass(frozen=True)
class CurrencyPayments(PaymentCount):
    """The tries in one currency."""

    currency: str


@dataclass(frozen=True)
class MonthOfPayments(CurrencyPayments):
    """The tries of one month in one currency."""

    month: date

    @property
    def ends(self) -> date:
        """The first day after it."""
        return after(self.month)


@dataclass(frozen=True)
class Payments(PaymentCount):
    """The tries that were made in the months, in whichever currency."""

    currencies: Sequence[CurrencyPayments] = ()
    # Those in which there were any.
    months: Sequence[MonthOfPayments] = ()


@dataclass(frozen=True)
class Revenue:
    """Recurring revenue over some months."""

    span: Months
    currencies: Sequence[CurrencyRevenue]
    customers: Sequence[MonthOfCustomers]
    cohorts: Sequence[Cohort]
    trials: Trials
    payments: Payments

    @property
    def churn(self) -> int | None:
        """Logo churn over the months: all who stopped paying / the customers at each month's beginning, summed."""
        return share(
            sum(each.churned_count for each in self.customers), sum(each.opening_count for each in self.customers)
        )

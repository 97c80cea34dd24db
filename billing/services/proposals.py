"""What another plan or quantity would mean for a subscription: from when on, and what it costs. Nothing is changed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from billing.models import Invoice, InvoiceLine, Plan, Price, Subscription, SubscriptionChange
from billing.providers import provider
from billing.providers.protocol import ChangeSpec, InvoiceLineFact
from billing.services import periods, plans
from billing.services.proration import CHARGE, CREDIT, TAX, Billed, ProratedLine, base_minor, begin_anew, prorate
from billing.services.rating import Terms
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput

if TYPE_CHECKING:
    from identity.models import User

Kind = SubscriptionChange.Kind
Timing = SubscriptionChange.Timing
Status = Subscription.Status
# What was shown is charged for as long as somebody may take to read it.
SHOWN_FOR = timedelta(minutes=30)
OPEN_TO_CHANGES = (Status.TRIALING, Status.ACTIVE)
RUNNING = (*Subscription.LIVE, Status.PAUSED, Status.UNPAID)


@dataclass(frozen=True)
class Proposal:
    """A change that could be asked for."""

    subscription: Subscription
    kind: Kind
    timing: Timing
    price: Price
    quantity: int
    # The moment from which the rest of the period is counted; none where nothing is charged or given back for it,
    # as in a trial, which goes on as it is.
    prorated_at: datetime | None
    effective_at: datetime
    lines: tuple[ProratedLine, ...]
    due_minor: int
    # What each period costs from then on, before usage and taxes.
    period_minor: int

    @property
    def currency(self) -> str:
        """Of all its amounts."""
        return self.price.currency


@dataclass(frozen=True)
class Asked:
    """Who wants a change, why, and under which key of theirs."""

    by: "User | None"
    reason: str = ""
    digest: str = ""


def running(organization: Organization, *, product: str = "", subscription_id: UUID | None = None) -> Subscription:
    """The subscription that is meant: the one named, that of the product, or the only one there is."""
    found = Subscription.objects.filter(organization=organization, status__in=RUNNING)
    found = found.filter(pk=subscription_id) if subscription_id else found
    found = found.filter(plan__product__code=product) if product else found
    rows = list(found.select_related("organization", "plan__product", "price")[:2])
    if not rows:
        raise Conflict("There is no running subscription here. Buy a plan first.")
    if len(rows) > 1:
        raise InvalidInput(
            "There are several subscriptions: say which one.", details={"product": ["Name the product of one."]}
        )
    return rows[0]


def target(
    subscription: Subscription, *, plan: str, quantity: int | None, direction: Kind, interval: str = ""
) -> tuple[Price, int]:
    """The price and the quantity that are meant; without any of the three, the next plan in that direction."""
    if plan:
        wanted = plans.named(subscription.plan.product.code, plan)
    elif quantity is not None or interval:
        wanted = subscription.plan
    else:
        wanted = _neighbour(subscription.plan, direction)
    return _price(subscription, wanted, interval), quantity or subscription.quantity


def _neighbour(plan: Plan, direction: Kind) -> Plan:
    siblings = Plan.objects.on_sale().filter(product=plan.product_id).select_related("product")
    up = direction == Kind.UPGRADE
    found = siblings.filter(rank__gt=plan.rank) if up else siblings.filter(rank__lt=plan.rank).reverse()
    wanted = found.first()
    if wanted is None:
        raise Conflict(f"{plan.name} is the {'highest' if up else 'lowest'} plan.")
    return wanted


def _price(subscription: Subscription, plan: Plan, interval: str) -> Price:
    """Whoever keeps their plan and interval keeps their price; another one is had at what it is sold at now."""
    present = subscription.price
    interval = interval or present.interval
    if (plan.pk, interval) == (subscription.plan_id, present.interval):
        return present
    return plans.price_of(plan, interval=interval, currency=present.currency)


def propose(
    subscription: Subscription,
    price: Price,
    quantity: int,
    *,
    at: datetime | None = None,
    timing: Timing | None = None,
    prorates: bool = True,
) -> Proposal:
    """What the change would mean if it was asked for at that moment; a conflict where it cannot be made.

    Unless it is said otherwise, more is in force at once and less with the next period, and what is in force at once
    is charged, or given back, for the rest of the period.
    """
    _refuse_where_impossible(subscription, price, quantity)
    kind = direction_of(subscription, price, quantity)
    timing = timing or (Timing.NOW if kind == Kind.UPGRADE else Timing.RENEWAL)
    after = periods.terms_for(subscription, price, quantity)
    found = Proposal(
        subscription, kind, timing, price, quantity, None, subscription.current_period_end, (), 0, base_minor(after)
    )
    if timing == Timing.RENEWAL:
        return found
    if subscription.status == Status.TRIALING or not prorates:
        return replace(found, effective_at=clock.now())
    moment = _moment(subscription, at)
    lines = _prorated(subscription, price, after, moment)
    due = sum(line.amount_minor for line in lines)
    return replace(found, prorated_at=moment, effective_at=moment, lines=lines, due_minor=due)


def _prorated(subscription: Subscription, price: Price, after: Terms, moment: datetime) -> tuple[ProratedLine, ...]:
    billed = _billed(subscription, moment)
    starts_at, ends_at = subscription.current_period_start, subscription.current_period_end
    if price.interval == subscription.price.interval:
        return prorate(billed, after, starts_at=starts_at, ends_at=ends_at, at=moment)
    until = periods.add_months(moment, periods.months_of(price))
    return begin_anew(billed, after, starts_at=starts_at, ends_at=ends_at, at=moment, until=until)


def _billed(subscription: Subscription, at: datetime) -> Billed:
    """What was billed for the rest of the period last: at its beginning, or with the last change in it."""
    lines = InvoiceLine.objects.filter(
        invoice__subscription=subscription,
        kind=InvoiceLine.Kind.BASE,
        amount_minor__gte=0,
        period_end=subscription.current_period_end,
        period_start__lte=at,
    ).exclude(invoice__status=Invoice.Status.VOID)
    # Of two changes in one second the later's: it took back what the earlier had charged.
    found = list(lines.order_by("-period_start", "-invoice__issued_at", "-invoice_id"))
    last = [line for line in found if line.invoice_id == found[0].invoice_id]
    if last:
        return Billed(sum(line.amount_minor for line in last), subscription.quantity, last[0].period_start)
    whole = base_minor(periods.terms_for(subscription, subscription.price, subscription.quantity))
    return Billed(whole, subscription.quantity, subscription.current_period_start)


def at_provider(proposal: Proposal) -> Proposal:
    """Held against what the provider would bill: its discounts and taxes are shown, for they are charged."""
    if proposal.prorated_at is None:
        return proposal
    fact = provider().preview_change(spec_of(proposal), at=proposal.prorated_at)
    if fact.total_minor == proposal.due_minor:
        return proposal
    lines = [_told(line) for line in fact.lines]
    if fact.tax_minor:
        lines.append(ProratedLine(TAX, 1, fact.tax_minor, proposal.prorated_at, lines[0].ends_at))
    return replace(proposal, lines=tuple(lines), due_minor=fact.total_minor)


def _told(line: InvoiceLineFact) -> ProratedLine:
    kind = CREDIT if line.amount_minor < 0 else CHARGE
    net = line.amount_minor - line.discount_minor
    return ProratedLine(kind, line.quantity, net, line.period_start, line.period_end)


def spec_of(proposal: Proposal) -> ChangeSpec:
    """The change in the provider's words."""
    return ChangeSpec(
        subscription_id=proposal.subscription.provider_subscription_id,
        price_id=proposal.price.provider_price_id,
        quantity=proposal.quantity,
        prorate="now" if proposal.prorated_at else "none",
        from_price_id=proposal.subscription.price.provider_price_id,
    )


def direction_of(subscription: Subscription, price: Price, quantity: int) -> Kind:
    """Up is a higher plan, more of the same, or the same for longer at once; never what is paid for shorter."""
    longer = periods.months_of(price) - periods.months_of(subscription.price)
    present = (subscription.plan.rank, subscription.quantity, 0)
    is_up = longer >= 0 and (price.plan.rank, quantity, longer) > present
    return Kind.UPGRADE if is_up else Kind.DOWNGRADE


def hold_to(proposal: Proposal, due_minor: int | None) -> None:
    """Refuse what would cost something else than was shown."""
    if due_minor is not None and due_minor != proposal.due_minor:
        raise Conflict("The amount has changed since it was shown. Look at the preview again.")


def _refuse_where_impossible(subscription: Subscription, price: Price, quantity: int) -> None:
    if (price.pk, quantity) == (subscription.price_id, subscription.quantity):
        raise Conflict(f"{subscription.organization} has {subscription.plan} already.")
    if subscription.status not in OPEN_TO_CHANGES:
        raise Conflict(
            f"The subscription is {subscription.get_status_display().lower()}. Pay what is due first: "
            "change the payment method, or pay the open invoice."
        )
    if subscription.cancel_at_period_end:
        raise Conflict("The subscription ends with its period. Resume it first.")
    if price.interval != subscription.price.interval and subscription.add_ons.exists():
        raise Conflict("What is sold beside it is paid by the same interval: it cannot be changed alone.")


def _moment(subscription: Subscription, at: datetime | None) -> datetime:
    """Whole seconds, as the provider counts. One that was shown a while ago, or in another period, is now."""
    now = clock.now().replace(microsecond=0)
    if at is None:
        return now
    oldest = max(now - SHOWN_FOR, subscription.current_period_start)
    return at.replace(microsecond=0) if oldest <= at <= now else now

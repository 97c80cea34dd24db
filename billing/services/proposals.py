"""What another plan, quantity or add-on would mean for a subscription: from when on, and what it costs.

Nothing is changed.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q

from billing.models import Invoice, InvoiceLine, Plan, Price, Subscription, SubscriptionChange
from billing.providers import provider
from billing.providers.protocol import ChangeSpec, InvoiceFact, InvoiceLineFact, ItemSpec
from billing.services import add_on_wishes, add_ons, periods, plans, schemes
from billing.services.add_on_wishes import Beside
from billing.services.proration import CHARGE, CREDIT, TAX, Billed, ProratedLine, base_minor, begin_anew, prorate
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput, NotFound

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
class Wish:
    """What a subscription is to be for, and from when on."""

    subscription: Subscription
    kind: Kind
    timing: Timing
    price: Price
    quantity: int
    # What changes beside the plan.
    beside: tuple[Beside, ...]


@dataclass(frozen=True)
class Proposal(Wish):
    """A change that could be asked for."""

    # The moment from which the rest of the period is counted; none where nothing is charged or given back for it,
    # as in a trial, which goes on as it is.
    prorated_at: datetime | None
    effective_at: datetime
    lines: tuple[ProratedLine, ...]
    due_minor: int
    # What each period costs from then on with all that is beside the plan, before usage and taxes.
    period_minor: int
    # How much of what is due the customer's credits at the provider pay.
    credits_minor: int = 0
    # Whoever asks for it was shown what it costs.
    is_shown: bool = False

    @property
    def payable_minor(self) -> int:
        """What is asked for now, after credits; nothing where more is given back than charged."""
        return max(0, self.due_minor) - self.credits_minor

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
    # Staff may take back what staff decided; and what they decide may be the customer's to take back, or not.
    is_staff: bool = False
    is_binding: bool = False
    # It may cost nothing else than what they were shown.
    is_shown: bool = False


def running(
    organization: Organization, *, product: str = "", subscription_id: UUID | None = None, newest: bool = False
) -> Subscription:
    """The subscription that is meant: the one named, that of the product, or the only one there is, or the newest."""
    found = Subscription.objects.filter(organization=organization, status__in=RUNNING)
    found = found.filter(pk=subscription_id) if subscription_id else found
    found = found.filter(plan__product__code=product) if product else found
    related = found.select_related("organization", "plan__product", "price")
    rows = list(related.prefetch_related(add_ons.fetched())[:2])
    if subscription_id and not rows and not _is_theirs(organization, subscription_id):
        raise NotFound("There is no such subscription.")
    if not rows:
        raise Conflict("There is no running subscription here. Buy a plan first.")
    if len(rows) > 1 and not newest:
        raise InvalidInput(
            "There are several subscriptions: say which one.", details={"product": ["Name the product of one."]}
        )
    return rows[0]


def _is_theirs(organization: Organization, subscription_id: UUID) -> bool:
    """Of somebody else's it is told what is told of one that never was."""
    return Subscription.objects.filter(organization=organization, pk=subscription_id).exists()


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
    price = _price(subscription, wanted, interval)
    return price, quantity or quantity_at(subscription, price)


def quantity_at(subscription: Subscription, price: Price) -> int:
    """How many there are of it at another price where nobody says: as many, but of what is flat one."""
    return schemes.units(price, schemes.units(subscription.price, subscription.quantity))


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
    plans.hold_quantity(price, quantity)
    if (price.pk, quantity) == (subscription.price_id, subscription.quantity):
        raise Conflict(f"{subscription.organization} has {subscription.plan} already.")
    refuse_where_closed(subscription)
    kind = direction_of(subscription, price, quantity)
    timing = timing or (Timing.NOW if kind == Kind.UPGRADE else Timing.RENEWAL)
    planned = planned_of(subscription) if timing == Timing.RENEWAL else None
    beside = add_on_wishes.arranged(subscription, price, planned_counts(planned))
    return figured(Wish(subscription, kind, timing, price, quantity, beside), at=at, prorates=prorates)


def planned_of(subscription: Subscription) -> SubscriptionChange | None:
    """What waits for the next period: another change that does so takes it in."""
    waiting = SubscriptionChange.objects.filter(subscription=subscription, price__isnull=False).scheduled()
    return waiting.select_related("price__plan", "plan_version").first()


def planned_counts(planned: SubscriptionChange | None) -> dict[UUID, int]:
    """How many of each add-on that it changes there will be, by plan; one at another price is the same add-on."""
    counts: dict[UUID, int] = {}
    for plan, quantity in planned.add_ons.values_list("price__plan", "quantity") if planned else ():
        counts[plan] = counts.get(plan, 0) + quantity
    return counts


def figured(wish: Wish, *, at: datetime | None = None, prorates: bool = True) -> Proposal:
    """When it is in force, and what it costs."""
    held = wish.subscription
    whole = base_minor(periods.terms_for(held, wish.price, wish.quantity))
    period_minor = whole + add_on_wishes.each_period(held, wish.beside)
    found = Proposal(
        **vars(wish),
        prorated_at=None,
        effective_at=held.current_period_end,
        lines=(),
        due_minor=0,
        period_minor=period_minor,
    )
    if wish.timing == Timing.RENEWAL:
        return found
    if held.status == Status.TRIALING or not prorates:
        return replace(found, effective_at=clock.now())
    moment = _moment(held, at)
    lines = _prorated(wish, moment)
    due = sum(line.amount_minor for line in lines)
    return replace(found, prorated_at=moment, effective_at=moment, lines=lines, due_minor=due)


def _prorated(wish: Wish, moment: datetime) -> tuple[ProratedLine, ...]:
    """The plan's lines first, where it changes; then those of each add-on that does."""
    held, lines = wish.subscription, list[ProratedLine]()
    if (held.price_id, held.quantity) != (wish.price.pk, wish.quantity):
        billed = _billed(held, moment, held.price, held.quantity, Q(kind=InvoiceLine.Kind.BASE))
        credit, charge = _rest(wish, billed, wish.price, wish.quantity, moment)
        lines += [replace(credit, of=held.plan), replace(charge, of=wish.price.plan)]
    for each in wish.beside:
        billed = _billed(held, moment, each.price, each.before, Q(price=each.price))
        both = _rest(wish, billed, each.price, each.quantity, moment)
        lines += [replace(line, of=each.price.plan) for line in both if line.quantity]
    return tuple(lines)


def _rest(
    wish: Wish, billed: Billed, price: Price, quantity: int, moment: datetime
) -> tuple[ProratedLine, ProratedLine]:
    held = wish.subscription
    after = periods.terms_for(held, price, quantity)
    starts_at, ends_at = held.current_period_start, held.current_period_end
    if wish.price.interval == held.price.interval:
        return prorate(billed, after, starts_at=starts_at, ends_at=ends_at, at=moment)
    until = periods.add_months(moment, periods.months_of(wish.price))
    return begin_anew(billed, after, starts_at=starts_at, ends_at=ends_at, at=moment, until=until)


def _billed(subscription: Subscription, at: datetime, price: Price, quantity: int, which: Q) -> Billed:
    """What was billed for the rest of the period last: at its beginning, or with the last change in it."""
    lines = InvoiceLine.objects.filter(
        which,
        invoice__subscription=subscription,
        amount_minor__gte=0,
        period_end=subscription.current_period_end,
        period_start__lte=at,
    ).exclude(invoice__status=Invoice.Status.VOID)
    # What waits for the bank may never be paid.
    waiting = SubscriptionChange.objects.filter(subscription=subscription).confirming()
    lines = lines.exclude(invoice__provider_invoice_id__in=waiting.values("provider_invoice_id"))
    # Of two changes in one second the later's: it took back what the earlier had charged.
    found = list(lines.order_by("-period_start", "-invoice__issued_at", "-invoice_id")) if quantity else []
    last = [line for line in found if line.invoice_id == found[0].invoice_id]
    if last:
        return Billed(sum(line.amount_minor for line in last), quantity, last[0].period_start)
    whole = base_minor(periods.terms_for(subscription, price, quantity)) if quantity else 0
    return Billed(whole, quantity, subscription.current_period_start)


def at_provider(proposal: Proposal) -> Proposal:
    """Held against what the provider would bill: its discounts and taxes are shown, for they are charged."""
    if proposal.prorated_at is None:
        return proposal
    fact = provider().preview_change(spec_of(proposal), at=proposal.prorated_at)
    credits_minor = _credits(fact)
    if fact.total_minor == proposal.due_minor:
        return replace(proposal, credits_minor=credits_minor)
    prices = Price.objects.filter(provider_price_id__in=[line.price_id for line in fact.lines]).select_related("plan")
    known = {price.provider_price_id: price.plan for price in prices}
    lines = [_told(line, known.get(line.price_id)) for line in fact.lines]
    if fact.tax_minor:
        lines.append(ProratedLine(TAX, 1, fact.tax_minor, proposal.prorated_at, lines[0].ends_at))
    return replace(proposal, lines=tuple(lines), due_minor=fact.total_minor, credits_minor=credits_minor)


def _credits(fact: InvoiceFact) -> int:
    """What the customer's balance pays of an invoice; an older debt there is no credit."""
    return min(max(0, fact.total_minor), max(0, -fact.starting_balance_minor))


def _told(line: InvoiceLineFact, of: Plan | None) -> ProratedLine:
    kind = CREDIT if line.amount_minor < 0 else CHARGE
    net = line.amount_minor - line.discount_minor
    return ProratedLine(kind, line.quantity, net, line.period_start, line.period_end, of)


def spec_of(proposal: Proposal) -> ChangeSpec:
    """The change in the provider's words."""
    return ChangeSpec(
        subscription_id=proposal.subscription.provider_subscription_id,
        price_id=proposal.price.provider_price_id,
        quantity=proposal.quantity,
        prorate="now" if proposal.prorated_at else "none",
        items=[ItemSpec(each.price.provider_price_id, each.quantity) for each in proposal.beside],
        from_price_id=proposal.subscription.price.provider_price_id,
    )


def direction_of(subscription: Subscription, price: Price, quantity: int) -> Kind:
    """Up is a higher plan, more of the same, or the same for longer at once; never what is paid for shorter."""
    longer = periods.months_of(price) - periods.months_of(subscription.price)
    present = (subscription.plan.rank, subscription.quantity, 0)
    is_up = longer >= 0 and (price.plan.rank, quantity, longer) > present
    return Kind.UPGRADE if is_up else Kind.DOWNGRADE


def hold_to(proposal: Proposal, due_minor: int | None) -> Proposal:
    """Refuse what would cost something else than was shown."""
    if due_minor is not None and due_minor != proposal.due_minor:
        raise Conflict("The amount has changed since it was shown. Look at the preview again.")
    return replace(proposal, is_shown=due_minor is not None)


def refuse_elsewhere(subscription: Subscription) -> None:
    """What was brought over from elsewhere, and is billed there still, nobody here can change."""
    if subscription.provider != provider().name:
        raise Conflict("This subscription is billed elsewhere. It can only be changed there.")


def refuse_where_closed(subscription: Subscription) -> None:
    """Only what is paid for, or tried out, and goes on can be changed."""
    refuse_elsewhere(subscription)
    if subscription.status not in OPEN_TO_CHANGES:
        raise Conflict(
            f"The subscription is {subscription.get_status_display().lower()}. Pay what is due first: "
            "change the payment method, or pay the open invoice."
        )
    if subscription.cancel_at_period_end:
        raise Conflict("The subscription ends with its period. Resume it first.")


def _moment(subscription: Subscription, at: datetime | None) -> datetime:
    """Whole seconds, as the provider counts. One that was shown a while ago, or in another period, is now."""
    now = clock.now().replace(microsecond=0)
    if at is None:
        return now
    oldest = max(now - SHOWN_FOR, subscription.current_period_start)
    return at.replace(microsecond=0) if oldest <= at <= now else now

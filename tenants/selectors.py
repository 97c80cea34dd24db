"""Reads that span apps, for dashboards: few queries, plain results."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from billing import selectors as billing
from billing.models import BillingPeriod, FoundingMember, Invoice, Subscription, UsageBucket
from billing.services import periods
from identity import staff_roles
from identity.models import StepUp, User
from identity.services import accounts
from orgs import roles
from orgs.models import Membership, Organization
from orgs.roles import Role
from platform_core import clock
from platform_core.errors import NotFound
from platform_core.models import AuditEvent, Job
from tenants.models import Order, Server, ServerStatus

RECENT = 10
# Where a period has no end.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
# What is told of the period in hand.
PERIOD = ("starts_at", "ends_at", "status", "token_allotment", "used")


@dataclass(frozen=True)
class Amount:
    """Money in one currency."""

    currency: str
    amount_minor: int


@dataclass(frozen=True)
class PlatformStats:
    """The platform in numbers."""

    customer_count: int
    order_count: int
    orders_by_status: Mapping[str, int]
    servers_by_status: Mapping[str, int]
    live_subscription_count: int
    failing_job_count: int
    monthly_recurring: Sequence[Amount]
    revenue: Sequence[Amount]


@dataclass(frozen=True)
class FailingJob:
    """A job that needs a person, or that goes on failing; `subject` is the order's domain where it is about one."""

    id: UUID
    kind: str
    status: str
    step: str
    reason: str
    since: datetime
    subject_id: UUID
    subject: str


@dataclass(frozen=True)
class AgentState:
    """An agent of a server, as the server last told of it."""

    order_id: UUID
    agent_id: str
    status: str
    last_active_at: str | None


@dataclass(frozen=True)
class CustomerDashboard:
    """What a customer sees first. `waits`: in the job's own words, by order."""

    orders: Sequence[Order]
    agents: Sequence[AgentState]
    activity: Sequence[AuditEvent]
    waits: Mapping[UUID, str]


@dataclass(frozen=True)
class Customer:
    """A person who owns an organization, and what it has bought."""

    person: User
    organization: Organization | None
    subscription: Subscription | None
    order_count: int
    # Only of one customer, not of a page of them.
    orders: Sequence[Order]
    founding_member: FoundingMember | None


@dataclass(frozen=True)
class CustomerUsage:
    """Tokens included and used in the period in hand. None: tokens are no part of the plan, or no period has begun."""

    token_limit: int | None
    tokens_used: int
    period_start: datetime | None
    period_end: datetime | None


def platform_stats() -> PlatformStats:
    """Every organization together."""
    orders = _by_status(Order.objects.all(), Order.Status.values)
    recurring = billing.revenue_summary()
    return PlatformStats(
        customer_count=customers().count(),
        order_count=sum(orders.values()),
        orders_by_status=orders,
        servers_by_status=_by_status(Server.objects.all(), Server.Status.values),
        live_subscription_count=recurring.subscription_count,
        failing_job_count=_failing().count(),
        monthly_recurring=[Amount(*each) for each in recurring.mrr_minor.items()],
        revenue=_revenue(),
    )


def customers() -> QuerySet[User]:
    """People who own an organization that ordered."""
    ordered = Order.objects.values("organization")
    owners = Membership.ALL.filter(role=Role.OWNER, status=Membership.Status.ACTIVE, organization__in=ordered)
    return User.objects.filter(pk__in=owners.values("user"))


def known_customers() -> QuerySet[User]:
    """Customers, and those whose account staff opened and who have not ordered yet."""
    known = Q(pk__in=customers().values("pk")) | Q(added_by__isnull=False)
    return User.objects.filter(known).exclude(status=User.Status.DELETED)


def customer_page(people: QuerySet[User]) -> QuerySet[User]:
    """People with what `customer` reads of them, without their orders themselves."""
    subscriptions = Subscription.objects.select_related("plan", "plan_version")
    owned = _owned().prefetch_related(Prefetch("organization__subscriptions", queryset=subscriptions))
    return people.select_related("founding_membership").prefetch_related(
        Prefetch("memberships", queryset=owned, to_attr="owned")
    )


def known_customer(
    pk: UUID,
    *,
    by: User | None = None,
    proofs: QuerySet[StepUp] | None = None,
    hold_organizations: bool = False,
    hold_subscriptions: bool = False,
) -> Customer:
    """One of them, with their orders; NotFound for anybody else. What they own is held until the transaction ends.

    Where it is said who asks, the staff roles of both are found with them; and with `proofs`, whether there is one.
    """
    owned, subscriptions = _owned(), _subscriptions()
    if by is not None:
        roles = {"held_role": staff_roles.highest(OuterRef("user")), "asking_role": staff_roles.highest(by.pk)}
        owned = owned.annotate(**roles)
    if proofs is not None:
        owned = owned.annotate(**{accounts.PROVED: Exists(proofs)})
    if hold_organizations:
        # In the order in which everybody takes them.
        owned = owned.select_for_update(of=("organization",)).order_by("organization")
    if hold_subscriptions:
        subscriptions = subscriptions.select_for_update(of=("self",)).order_by("pk")
    return _whole(known_customers().filter(pk=pk), owned, subscriptions, by=by)


def owner_of(person: User) -> Customer:
    """The same of anybody, whether they ordered or not."""
    return _whole(User.objects.filter(pk=person.pk), _owned(), _subscriptions())


def customer(person: User) -> Customer:
    """What one of `customer_page` is to us. Of several organizations, the first that ordered counts."""
    return _customer(person, person.owned)  # type: ignore[attr-defined]


def _owned() -> QuerySet[Membership]:
    """Who owns what, and how often each organization ordered."""
    owned = Membership.ALL.filter(role=Role.OWNER, status=Membership.Status.ACTIVE).order_by("created_at")
    counted = Order.objects.order_by().filter(organization=OuterRef("organization")).values("organization")
    found = owned.annotate(order_count=Coalesce(Subquery(counted.values(rows=Count("pk"))), 0))
    return found.select_related("organization__billing_account")


def _subscriptions() -> QuerySet[Subscription]:
    return with_usage(Subscription.objects.select_related("plan", "plan_version", "price"))


def _whole(
    people: QuerySet[User],
    owned_rows: QuerySet[Membership],
    subscriptions: QuerySet[Subscription],
    *,
    by: User | None = None,
) -> Customer:
    orders = Order.objects.select_related("subscription__plan", "customer", "organization", "server")
    # The person comes along with what they own: one question less.
    found = owned_rows.filter(user__in=people).select_related(
        "user__founding_membership", "organization__billing_account"
    )
    found = found.prefetch_related(
        Prefetch("organization__subscriptions", queryset=subscriptions),
        Prefetch("organization__orders", queryset=orders),
    )
    owned = sorted(found, key=attrgetter("created_at"))
    person = owned[0].user if owned else people.select_related("founding_membership").first()
    if person is None:
        raise NotFound("Not found.")
    if by is not None and owned:
        vars(person)[staff_roles.KNOWN] = vars(owned[0])["held_role"]
        vars(by)[staff_roles.KNOWN] = vars(owned[0])["asking_role"]
    if owned and accounts.PROVED in vars(owned[0]):
        vars(person)[accounts.PROVED] = vars(owned[0])[accounts.PROVED]
    found_one = _customer(person, owned)
    orders_of = found_one.organization.orders.all() if found_one.organization else []
    return replace(found_one, orders=list(orders_of))


def _customer(person: User, owned: Sequence[Any]) -> Customer:
    chosen = next(iter([*(each for each in owned if each.order_count), *owned]), None)
    organization: Organization | None = chosen.organization if chosen else None
    subscriptions = list(organization.subscriptions.all()) if organization else []
    return Customer(
        person=person,
        organization=organization,
        subscription=max(subscriptions, key=_importance, default=None),
        order_count=chosen.order_count if chosen else 0,
        orders=(),
        founding_member=getattr(person, "founding_membership", None),
    )


def with_usage(subscriptions: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """Subscriptions with what `customer_usage` reads of each: the period in hand, and its founding member's times."""
    end = Coalesce(OuterRef("usage_until"), Value(NEVER))
    buckets = UsageBucket.objects.filter(
        subscription=OuterRef("subscription"), bucket_hour__gte=OuterRef("usage_from"), bucket_hour__lt=end
    )
    used = buckets.order_by().values("subscription").values(tokens=Sum("tokens_total"))
    period = BillingPeriod.objects.filter(subscription=OuterRef("pk")).annotate(used=Coalesce(Subquery(used), 0))
    members = FoundingMember.objects.filter(organization=OuterRef("organization"), expires_at__gt=clock.now())
    return subscriptions.annotate(
        multiplier=Coalesce(Subquery(members.values("token_multiplier")[:1]), 1),
        **{f"period_{name}": Subquery(period.values(name)[:1]) for name in PERIOD},
    )


def customer_usage(subscription: Any) -> CustomerUsage:
    """What the period in hand of one of `with_usage` includes, and what of it is used."""
    if subscription.period_starts_at is None:
        return CustomerUsage(periods.multiplied(subscription, subscription.multiplier), 0, None, None)
    used, allotment = subscription.period_used, subscription.period_token_allotment
    return CustomerUsage(allotment, used, subscription.period_starts_at, subscription.period_ends_at)


def multiply(subscription: Any, multiplier: int) -> None:
    """What a founding membership does to one of `with_usage`, told without asking again."""
    subscription.multiplier = multiplier
    if subscription.period_status == BillingPeriod.Status.OPEN and subscription.period_token_allotment is not None:
        subscription.period_token_allotment *= multiplier


def _importance(subscription: Subscription) -> tuple[bool, bool, datetime]:
    """Live before ended, metered before not, then the newest."""
    live = subscription.status in Subscription.LIVE
    return live, subscription.plan_version.token_allotment is not None, subscription.created_at


def failing_jobs(limit: int = RECENT) -> list[FailingJob]:
    """The latest first."""
    jobs = list(_failing().order_by("-created_at")[:limit])
    domains = dict(Order.objects.filter(pk__in=[job.subject_id for job in jobs]).values_list("pk", "domain"))
    return [
        FailingJob(
            id=job.pk,
            kind=job.kind,
            status=job.status,
            step=job.step,
            reason=job.error or job.wait_reason,
            since=job.finished_at or job.created_at,
            subject_id=job.subject_id,
            subject=domains.get(job.subject_id, str(job.subject_id)),
        )
        for job in jobs
    ]


def customer_dashboard(user: User) -> CustomerDashboard:
    """Of all organizations that the person belongs to."""
    orders = list(
        Order.objects.visible_to(user)
        .exclude(status=Order.Status.CANCELED)
        .select_related("organization", "subscription__plan", "server__beat", "server__reported")
    )
    return CustomerDashboard(orders, list(_agents(orders)), _activity(user), _waits(orders))


def _failing() -> QuerySet[Job]:
    """Failed for good, or tried more than once just now."""
    trying = Q(failures__gt=0) & ~Q(status__in=Job.ENDED)
    return Job.objects.filter(Q(status=Job.Status.FAILED) | trying)


def _by_status(rows: "QuerySet[Order] | QuerySet[Server]", statuses: Iterable[str]) -> dict[str, int]:
    """Every status, also those that no row is in."""
    counted = dict(rows.order_by().values_list("status").annotate(rows=Count("pk")))
    return {status: counted.get(status, 0) for status in statuses}


def _revenue() -> list[Amount]:
    paid = Invoice.objects.filter(status=Invoice.Status.PAID).order_by("currency").values_list("currency")
    return [Amount(currency, total) for currency, total in paid.annotate(total=Sum("paid_minor"))]


def _agents(orders: Iterable[Order]) -> Iterable[AgentState]:
    for order in orders:
        server: Server | None = getattr(order, "server", None)
        reported: ServerStatus | None = getattr(server, "reported", None)
        agents = reported.body.get("agents", {}) if reported else {}
        for code in sorted(agents):
            yield AgentState(order.pk, code, agents[code]["status"], agents[code].get("lastActiveAt"))


def _activity(user: User) -> list[AuditEvent]:
    """Of the organizations whose audit trail the person's role may read."""
    mine = Membership.ALL.filter(user=user, status=Membership.Status.ACTIVE).select_related("custom_role")
    readable = [member.organization_id for member in mine if member.may(roles.AUDIT_READ)]
    return list(AuditEvent.objects.filter(organization_id__in=readable).order_by("-created_at")[:RECENT])


def _waits(orders: Iterable[Order]) -> dict[UUID, str]:
    waiting = Job.objects.filter(subject_id__in=[order.pk for order in orders], status=Job.Status.WAITING)
    return dict(waiting.values_list("subject_id", "wait_reason"))

"""Moving the subscribers of a plan: the difference is written down first, then a job makes one move after another.

A move is a change of the subscription under a key of its own, so one that was begun and not finished is carried on
with. The first that the provider refuses stops the job; whoever goes on passes it over.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, Sum

from billing.models import Plan, PlanMigration, PlanMove, Price, Subscription, SubscriptionChange
from billing.providers.protocol import ProviderRefused
from billing.services import changes, newer_terms, periods, plans, proposals
from billing.services.proposals import Asked
from billing.services.proration import base_minor
from platform_core import clock, workflow
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import Job
from platform_core.services import audit
from platform_core.workflow import Context, Done, Fail, Next, Outcome, Step, Wait, Workflow

if TYPE_CHECKING:
    from identity.models import User

KIND = "migrate_plan"
STEP = "move_next"
UNDER_WAY = "Another change of this subscription is under way."
Policy = PlanMigration.Policy
Status = PlanMigration.Status
Timing = SubscriptionChange.Timing


@dataclass(frozen=True)
class Total:
    """Of the moves in one state and currency: how many, what they pay each period before and after, what is due."""

    status: str
    currency: str
    count: int
    from_minor: int
    to_minor: int
    due_minor: int


@transaction.atomic
def draft(
    plan: Plan,
    target: Plan,
    policy: Policy,
    *,
    by: "User | None",
    reason: str,
    **options: bool,
) -> PlanMigration:
    """What moving everybody who runs on the plan would mean, as rows. Nothing is changed by it.

    Options: whether whoever stays on their plan pays the list price, and whether a later move may be declined.
    """
    if target.product_id != plan.product_id:
        raise InvalidInput("A plan of the same product is wanted.", details={"to": ["Of another product."]})
    migration = PlanMigration.objects.create(
        plan=plan,
        to_version=target.current,
        policy=policy,
        at_list_price=options["at_list_price"] or target.pk != plan.pk,
        is_declinable=options.get("is_declinable", False),
        requested_by=by,
        reason=reason[:300],
    )
    running = Subscription.objects.filter(plan=plan, status__in=proposals.RUNNING)
    related = running.select_related("organization", "plan__product", "plan_version", "price").order_by("pk")
    moves = [move for row in related if (move := _drafted(migration, target, row)) is not None]
    if not moves:
        raise Conflict("Nobody is to be moved: all who run on this plan have these terms already.")
    PlanMove.objects.bulk_create(moves)
    audit.record("plan_migration.draft", migration, by=by, changes={"moves": len(moves), "policy": policy})
    return migration


def _drafted(migration: PlanMigration, target: Plan, row: Subscription) -> PlanMove | None:
    """One subscription's part; none where it has all of it already."""
    move = PlanMove(
        migration=migration,
        organization_id=row.organization_id,
        subscription=row,
        from_version=row.plan_version,
        from_price=row.price,
        quantity=row.quantity,
        currency=row.price.currency,
        from_minor=_period_minor(row, row.price),
    )
    try:
        price = _price(migration, target, row)
        if (price.pk, row.plan_version_id) == (row.price_id, migration.to_version_id):
            return None
        move.to_price, move.to_minor = price, _period_minor(row, price)
        if price.pk != row.price_id:
            move.due_minor = proposals.propose(row, price, row.quantity, **_terms(migration)).due_minor
    except (Conflict, InvalidInput) as refusal:
        move.status, move.note = PlanMove.Status.SKIPPED, refusal.message[:500]
    return move


def _price(migration: PlanMigration, target: Plan, row: Subscription) -> Price:
    if not migration.at_list_price:
        return row.price
    return plans.price_of(target, interval=row.price.interval, currency=row.price.currency)


def _period_minor(row: Subscription, price: Price) -> int:
    return base_minor(periods.terms_for(row, price, row.quantity))


def _terms(migration: PlanMigration) -> dict[str, Any]:
    timing = Timing.RENEWAL if migration.policy == Policy.RENEWAL else Timing.NOW
    return {"timing": timing, "prorates": migration.policy == Policy.PRORATED}


def totals(migration: PlanMigration) -> list[Total]:
    """Its moves summed up, by state and currency."""
    summed = migration.moves.order_by("status", "currency").values_list("status", "currency")
    found = summed.annotate(Count("pk"), Sum("from_minor"), Sum("to_minor"), Sum("due_minor"))
    return [
        Total(status, currency, count, before, after or 0, due) for status, currency, count, before, after, due in found
    ]


# --- The job ----------------------------------------------------------------------------------------------------------
@transaction.atomic
def start(migration: PlanMigration, *, by: "User | None") -> Job:
    """Make the moves as they were written down; again where it stopped, past the one that failed."""
    held = PlanMigration.objects.select_for_update(of=("self",)).get(pk=migration.pk)
    if held.status not in (Status.DRAFT, Status.STOPPED):
        raise Conflict(f"This migration is {held.status}.")
    _set(held, Status.RUNNING)
    audit.record("plan_migration.start", held, by=by)
    job = workflow.start(KIND, held, organization_id=None, key=f"plan-migration:{held.pk}")
    return workflow.retry(job, by=by) if job.status == Job.Status.FAILED else job


@transaction.atomic
def stop(migration: PlanMigration, *, by: "User") -> None:
    """No further move is made; what was made stays."""
    held = PlanMigration.objects.select_for_update(of=("self",)).get(pk=migration.pk)
    if held.status != Status.RUNNING:
        raise Conflict(f"This migration is {held.status}.")
    _set(held, Status.STOPPED, "Staff stopped it.")
    audit.record("plan_migration.stop", held, by=by)


def _set(migration: PlanMigration, status: PlanMigration.Status, failure: str = "") -> None:
    ended_at = clock.now() if status == Status.DONE else None
    PlanMigration.objects.filter(pk=migration.pk).update(status=status, failure=failure[:500], ended_at=ended_at)


def _of(job: Job) -> PlanMigration:
    return PlanMigration.objects.select_related("to_version__plan", "requested_by").get(pk=job.subject_id)


def move_next(context: Context) -> Outcome:
    """Make the move that waits longest."""
    migration = _of(context.job)
    if migration.status != Status.RUNNING:
        return Fail("STOPPED", migration.failure)
    related = ("subscription__organization", "subscription__plan__product", "subscription__price", "to_price__plan")
    move = migration.moves.waiting().select_related(*related).first()
    if move is None:
        return Done()
    if changes.is_under_way(move.subscription, besides=_key(move)):
        return Wait(15, UNDER_WAY)
    try:
        change = _made(migration, move)
    except (changes.Refused, ProviderRefused) as refusal:
        _settle(move, PlanMove.Status.FAILED, note=refusal.message)
        return Fail("REFUSED", f"{move.organization}: {refusal.message}")
    except Conflict as refusal:
        if changes.is_under_way(move.subscription):
            return Wait(15, UNDER_WAY)
        _settle(move, PlanMove.Status.SKIPPED, note=refusal.message)
    else:
        _settle(move, PlanMove.Status.DONE, change=change)
    return Next(STEP)


def _key(move: PlanMove) -> str:
    return f"move:{move.pk}"


def _made(migration: PlanMigration, move: PlanMove) -> SubscriptionChange:
    """The change of this move: begun before, or made now."""
    binding = not migration.is_declinable
    asked = Asked(migration.requested_by, migration.reason, _key(move), is_staff=True, is_binding=binding)
    row, price = move.subscription, move.to_price
    refused = SubscriptionChange.objects.filter(request_digest=asked.digest, status=SubscriptionChange.Status.REFUSED)
    if (told := refused.values_list("failure", flat=True).first()) is not None:
        raise changes.Refused(Conflict(told))
    earlier = changes.asked_before(asked.digest)
    if earlier is not None:
        return earlier
    if (row.price_id, row.quantity, row.plan_version_id) != (move.from_price_id, move.quantity, move.from_version_id):
        raise Conflict("The subscription was changed since it was looked at.")
    terms = _terms(migration)
    if price is None or price.pk == row.price_id:
        return newer_terms.take(row, migration.to_version, asked, timing=terms["timing"])
    waits = (SubscriptionChange.Status.SCHEDULED, SubscriptionChange.Status.CONFIRMING)
    if SubscriptionChange.objects.filter(subscription=row, status__in=waits).exists():
        raise Conflict("Another change of it waits for its next period, or for its payment.")
    proposal = proposals.at_provider(proposals.propose(row, price, row.quantity, **terms))
    return changes.change_plan(proposal, asked, version=migration.to_version)


def _settle(
    move: PlanMove, status: PlanMove.Status, *, note: str = "", change: SubscriptionChange | None = None
) -> None:
    PlanMove.objects.filter(pk=move.pk).update(status=status, note=note[:500], change=change)


MIGRATE_PLAN = Workflow(
    KIND,
    steps=[Step(STEP, move_next)],
    on_done=lambda job: _set(_of(job), Status.DONE),
    on_fail=lambda job: _set(_of(job), Status.STOPPED, job.error or job.error_code),
)

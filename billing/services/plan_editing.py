"""What staff do to the catalog: plans are made, their terms and prices changed, plans archived; who that concerns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Q

from billing.models import Plan, PlanVersion, Subscription
from billing.models.catalog import LONGEST_TRIAL_DAYS
from billing.models.terms import entitlements_of, names_of
from billing.services import prices, versions
from orgs.models import Product
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

ABOUT = ("name", "tier", "description", "kind")
_LISTS = {"features": names_of, "covers": names_of, "entitlements": entitlements_of}


@dataclass(frozen=True)
class Affected:
    """Whose subscriptions a change of a plan leaves as they are: all that are live keep what they were bought on."""

    subscription_count: int
    organization_count: int
    # Of them, those on an older version than the one that is sold now.
    earlier_version_count: int


def affected_by(plan: Plan) -> Affected:
    """The live subscriptions of a plan."""
    live = Subscription.objects.filter(plan=plan).live()
    counted = live.aggregate(
        subscriptions=Count("pk"),
        organizations=Count("organization", distinct=True),
        earlier=Count("pk", filter=~Q(plan_version=plan.current_id)),
    )
    return Affected(counted["subscriptions"], counted["organizations"], counted["earlier"])


@transaction.atomic
def add(product_code: str, values: Mapping[str, Any], *, by: "User | None") -> Plan:
    """A plan with its first version and its prices; without a rank it becomes the highest of its product."""
    product = Product.objects.select_for_update().filter(code=product_code).first()
    if product is None:
        raise InvalidInput(f"There is no product {product_code!r}.", details={"product": ["Unknown product."]})
    if values.get("is_add_on") and values.get("is_custom"):
        message = "What is sold by agreement is not sold beside another plan."
        raise InvalidInput(message, details={"is_add_on": [message]})
    terms = checked({name: values[name] for name in versions.TERMS if name in values})
    about = {name: value for name, value in values.items() if name not in (*versions.TERMS, "prices")}
    highest = product.plans.aggregate(highest=Max("rank"))["highest"] or 0
    try:
        with transaction.atomic():
            plan = versions.begin(
                Plan(product=product, **{"rank": highest + 1, "tier": about["name"][:40], **about}),
                PlanVersion(**terms),
                by=by,
            )
    except IntegrityError as error:
        raise Conflict("Another plan has this code, or this rank in its product.") from error
    _price(plan, values.get("prices", ()), by=by)
    return plan


@transaction.atomic
def change(plan: Plan, values: Mapping[str, Any], *, by: "User | None") -> Plan:
    """Change what is given: what it is called at once, its terms and prices for whoever buys from now on."""
    plan = Plan.objects.select_for_update(of=("self",)).select_related("current", "product").get(pk=plan.pk)
    if plan.status == Plan.Status.ARCHIVED:
        raise Conflict(f"{plan} is archived: what nobody can buy has no new terms.")
    about = {name: values[name] for name in ABOUT if name in values}
    changes = {name: [getattr(plan, name), value] for name, value in about.items() if getattr(plan, name) != value}
    if changes:
        Plan.objects.filter(pk=plan.pk).update(**{name: value for name, (_, value) in changes.items()})
        audit.record("plan.update", plan, by=by, changes=changes)
    versions.revise(plan, by=by, **checked({name: values[name] for name in versions.TERMS if name in values}))
    _price(plan, values.get("prices", ()), by=by)
    return Plan.objects.select_related("current", "product").get(pk=plan.pk)


@transaction.atomic
def archive(plan: Plan, *, by: "User | None") -> Plan:
    """Sell it to nobody any more; whoever has it keeps it. Again changes nothing."""
    plan = Plan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    if plan.status == Plan.Status.ACTIVE:
        plan.status = Plan.Status.ARCHIVED
        plan.save(update_fields=["status"])
        audit.record("plan.archive", plan, by=by)
    return plan


def _price(plan: Plan, given: Sequence[Mapping[str, Any]], *, by: "User | None") -> None:
    for number, each in enumerate(given):
        try:
            prices.put_on_sale(plan, each, by=by)
        except InvalidInput as error:
            details = {f"prices.{number}.{name}": told for name, told in error.details.items()}
            raise InvalidInput(error.message, details=details) from error


def checked(terms: dict[str, Any]) -> dict[str, Any]:
    """Terms that a version can have, else a 400 that names each at fault."""
    problems: dict[str, list[str]] = {}
    for name, read in _LISTS.items():
        try:
            read(terms.get(name, []))
        except ValidationError as error:
            problems[name] = [error.messages[0]]
    unknown = set(terms.get("covers", ())) - set(Product.objects.values_list("code", flat=True))
    if unknown and "covers" not in problems:
        problems["covers"] = [f"Unknown product: {', '.join(sorted(map(str, unknown)))}."]
    if not 0 <= terms.get("trial_days", 0) <= LONGEST_TRIAL_DAYS:
        problems["trial_days"] = [f"At most {LONGEST_TRIAL_DAYS} days are wanted."]
    if problems:
        raise InvalidInput("The plan's terms are not valid.", details=problems)
    return terms

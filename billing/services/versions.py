"""The versions of a plan: a change of its terms makes a new one, which holds for whoever buys from then on."""

from typing import TYPE_CHECKING, Any

from django.db import transaction

from billing.models import Plan, PlanVersion
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

TERMS = (
    "features",
    "rate_limit",
    "monthly_limit",
    "token_allotment",
    "trial_days",
    "after_trial",
    "entitlements",
    "covers",
)


def terms_of(version: PlanVersion) -> dict[str, Any]:
    """What a version says, by name."""
    return {name: getattr(version, name) for name in TERMS}


@transaction.atomic
def begin(plan: Plan, version: PlanVersion, *, by: "User | None") -> Plan:
    """A new plan and its first version, which refer to each other."""
    version.plan, version.number = plan, 1
    plan.current = version
    plan.save(force_insert=True)
    version.save(force_insert=True)
    audit.record("plan.create", plan, by=by)
    return plan


@transaction.atomic
def revise(plan: Plan, *, by: "User | None", **terms: Any) -> PlanVersion:
    """The plan's terms with these changed; the version that holds already where none of them says anything new."""
    plan = Plan.objects.select_for_update(of=("self",)).select_related("current").get(pk=plan.pk)
    before = terms_of(plan.current)
    changes = {name: [before[name], value] for name, value in terms.items() if before[name] != value}
    if not changes:
        return plan.current
    version = PlanVersion.objects.create(plan=plan, number=plan.current.number + 1, **{**before, **terms})
    plan.current = version
    plan.save(update_fields=["current"])
    audit.record("plan.revise", plan, by=by, changes={"version": [version.number - 1, version.number], **changes})
    return version

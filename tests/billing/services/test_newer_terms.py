"""The terms of a subscription change though its plan stays. The whole way is in test_plan_migrations."""

import pytest

from billing.models import SubscriptionChange
from billing.services import newer_terms, versions
from billing.services.proposals import Asked
from platform_core.errors import Conflict
from platform_core.models import AuditEvent
from tests import make


def test_terms_are_taken_once_and_only_of_its_own_plan() -> None:
    plan = make.hosting_plan()
    row = make.subscription(plan=plan)
    newer = versions.revise(plan, by=None, rate_limit=60)

    change = newer_terms.take(row, newer, Asked(None, "x" * 600), timing=SubscriptionChange.Timing.NOW)

    row.refresh_from_db()
    assert (change.status, len(change.reason), row.plan_version) == ("applied", 500, newer)
    newer_terms.adopt(row, newer)
    newer_terms.adopt(row, make.hosting_plan().current)
    row.refresh_from_db()
    assert row.plan_version == newer
    assert AuditEvent.objects.get(action="subscription.terms").changes == {"version": [1, 2]}


def test_what_has_ended_takes_none() -> None:
    plan = make.hosting_plan()
    row = make.subscription(plan=plan, status="canceled")
    newer = versions.revise(plan, by=None, rate_limit=60)

    with pytest.raises(Conflict, match="has ended"):
        newer_terms.take(row, newer, Asked(None), timing=SubscriptionChange.Timing.NOW)

    assert not SubscriptionChange.objects.exists()

"""`manage.py migrate_plan`: shows everybody's part, and starts it when it is told to."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from billing.models import Plan, PlanMigration
from billing.services import versions
from platform_core.models import Job
from tests import make


def team() -> Plan:
    made = make.plan("team")
    make.subscription(make.organization("Anchor"), made)
    make.subscription(make.organization("Bakery"), made, cancel_at_period_end=True)
    make.plan("business", product=made.product, rank=2, price_minor=9_900)
    return made


def run(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("migrate_plan", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_without_apply_it_only_tells() -> None:
    team()

    told = run("team", "business", "--policy", "renewal")

    assert told == [
        "Anchor (1): $29.00 -> $99.00",
        "Bakery (1): $29.00 -> $99.00",
        "1 skipped: $29.00 -> $99.00 each period, $0.00 due",
        "1 waiting: $29.00 -> $99.00 each period, $0.00 due",
        "nothing was changed; --apply starts it",
    ]
    assert not PlanMigration.objects.exists()


def test_with_apply_it_is_started() -> None:
    versions.revise(team(), by=None, rate_limit=60)

    told = run("team", "--policy", "free", "--apply")

    assert told[-1].startswith("started: ")
    assert PlanMigration.objects.get().status == "running"
    assert Job.objects.get().kind == "migrate_plan"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nothing"], "There is no plan 'nothing'"),
        (["team", "nothing"], "There is no plan 'nothing'"),
        (["team"], "Nobody is to be moved"),
        (["team", "--policy", "later"], "invalid choice"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], problem: str) -> None:
    team()

    with pytest.raises(CommandError, match=problem):
        run(*arguments)

    assert not PlanMigration.objects.exists()

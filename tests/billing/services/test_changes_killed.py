"""Real processes: a change that is killed between any two commits is made once, and of two at once one is made."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from billing.models import Invoice, SubscriptionChange
from billing.providers import provider
from billing.services import changes
from billing.services.proposals import Asked
from platform_core import clock, scoping
from platform_core.errors import Conflict
from platform_core.models.leases import LONG_AGO
from tests.billing.changing import charged, customer, present, proposed, read
from tests.processes import killed, race, shared_database

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
NOBODY = Asked(None)


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[None]:
    """Our database and the provider's, both within reach of every process."""
    customer()
    with shared_database(tmp_path), shared_database(tmp_path, "sandbox"):
        yield


def patched(owner: Any, name: str, die: Callable[[], None], *, before: bool = False) -> None:
    """The function kills the process when it is called, or when it is done. Only in the process that is to die."""
    original = getattr(owner, name)

    def deadly(*args: Any, **kwargs: Any) -> Any:
        if before:
            die()
        answer = original(*args, **kwargs)
        die()
        return answer

    setattr(owner, name, deadly)


def taken_over() -> None:
    """The lease of whoever died runs out; a worker finds the change."""
    SubscriptionChange.objects.pending().update(lease_until=LONG_AGO, run_after=clock.now())
    while changes.settle_one("worker"):
        pass


# Where it dies: the row is written; the provider has acted and was not heard; its answer is projected.
POINTS: list[Callable[[Callable[[], None]], None]] = [
    lambda die: patched(changes, "_act", die, before=True),
    lambda die: patched(type(provider()), "change_subscription", die),
    lambda die: patched(changes, "_record", die),
]


@pytest.mark.usefixtures("shared")
def test_whoever_is_killed_charges_once() -> None:
    expected = charged()
    for quantity, die_at in enumerate(POINTS, start=2):
        proposal = proposed("hosting-starter", quantity)

        def work(die: Callable[[], None], at: Any = die_at, wanted: Any = proposal) -> None:
            with scoping.system():
                at(die)
                changes.change_plan(wanted, NOBODY)

        killed(work)
        taken_over()
        read()

        expected = [*expected, proposal.due_minor]
        change = SubscriptionChange.objects.first()
        assert change is not None
        assert (change.status, change.quantity, present().quantity) == ("applied", quantity, quantity)
        assert charged() == expected
    assert SubscriptionChange.objects.count() == len(POINTS)
    assert sorted(Invoice.objects.values_list("total_minor", flat=True)) == sorted(expected)


@pytest.mark.sqlite
@pytest.mark.usefixtures("shared")
def test_of_two_upgrades_at_once_one_is_made() -> None:
    wanted = [proposed("hosting-pro", quantity) for quantity in (1, 3)]

    def change(number: int) -> int:
        with scoping.system():
            try:
                return changes.change_plan(wanted[number], NOBODY).quantity
            except Conflict:
                return 0

    made = race(2, change, processes=2)

    assert min(made) == 0
    row = SubscriptionChange.objects.get()
    assert (row.quantity, present().quantity, row.status) == (max(made), max(made), "applied")
    assert charged() == [4_900, row.due_minor]

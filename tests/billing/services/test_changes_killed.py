"""Real processes: a change that is killed between any two commits is made once, and of two at once one is made."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from billing.models import Invoice, SubscriptionChange
from billing.providers import provider
from billing.services import changes
from billing.services.proposals import Asked, Proposal
from platform_core import clock, scoping
from platform_core.errors import Conflict
from platform_core.models.leases import LONG_AGO
from tests.billing import beside
from tests.billing.cards import ASKS, CANNOT_PAY, set_card
from tests.billing.changing import charged, present, price_of, proposed, read
from tests.billing.waiting import abandoned, at_the_bank, invoices_there
from tests.processes import killed, race, shared_database

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
NOBODY = Asked(None)


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[None]:
    """Our database and the provider's, both within reach of every process; add-ons are on sale."""
    beside.held()
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


def has(kind: str) -> int:
    """How many there are of what is changed."""
    return beside.has().get(beside.BACKUPS, 1) if kind == "add_ons" else present().quantity


def wished(kind: str, quantity: int) -> Proposal:
    """So many of it."""
    return beside.wanted({beside.BACKUPS: quantity}) if kind == "add_ons" else proposed("hosting-starter", quantity)


def killed_while(proposal: Proposal, die_at: Any) -> None:
    """The change is asked for, and whoever carries it out dies there; a worker finds it."""

    def work(die: Callable[[], None]) -> None:
        with scoping.system():
            die_at(die)
            changes.change_plan(proposal, NOBODY)

    killed(work)
    taken_over()
    read()


@pytest.mark.parametrize("kind", ["upgrade", "add_ons"])
@pytest.mark.usefixtures("shared")
def test_whoever_is_killed_charges_once(kind: str) -> None:
    expected = charged()
    for quantity, die_at in enumerate(POINTS, start=2):
        proposal = wished(kind, quantity)

        killed_while(proposal, die_at)

        expected = [*expected, proposal.due_minor]
        change = SubscriptionChange.objects.first()
        assert change is not None
        assert (change.kind, change.status, has(kind)) == (kind, "applied", quantity)
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


# Where it dies when the bank wants to hear from the customer; the last: the one that waits was taken back.
ASKING_POINTS = [*POINTS, lambda die: patched(type(provider()), "void_invoice", die)]


@pytest.mark.parametrize("kind", ["upgrade", "add_ons"])
@pytest.mark.usefixtures("shared")
def test_whoever_is_killed_asks_the_bank_once(kind: str) -> None:
    set_card(present(), ASKS)
    for quantity, die_at in enumerate(ASKING_POINTS, start=2):
        killed_while(wished(kind, quantity), die_at)

        change = SubscriptionChange.objects.latest("created_at")
        assert (change.kind, change.status, has(kind)) == (kind, "confirming", 1)
        assert invoices_there("open") == [change.provider_invoice_id]
        assert (SubscriptionChange.objects.confirming().count(), charged()) == (1, [4_900])
    at_the_bank("confirm")
    read()
    change = SubscriptionChange.objects.latest("created_at")
    assert (change.status, has(kind)) == ("applied", len(ASKING_POINTS) + 1)
    assert charged() == [4_900, change.due_minor]


# Where it dies when something is planned, and the card declines: that was let go, or was put back and not noted.
DECLINED_POINTS = [
    lambda die: patched(type(provider()), "unschedule_change", die),
    lambda die: patched(type(provider()), "schedule_change", die),
]


@pytest.mark.usefixtures("shared")
def test_whoever_is_killed_while_a_card_declines_leaves_what_was_planned() -> None:
    changes.change_plan(proposed("hosting-pro", timing=SubscriptionChange.Timing.RENEWAL), NOBODY)
    set_card(present(), CANNOT_PAY)
    for number, die_at in enumerate(DECLINED_POINTS, start=1):
        killed_while(wished("upgrade", 2), die_at)

        assert SubscriptionChange.objects.filter(status="refused").count() == number
        assert provider().scheduled_change(present().provider_subscription_id) is not None
    assert SubscriptionChange.objects.scheduled().get().price == price_of("hosting-pro")
    assert (present().quantity, charged()) == (1, [4_900])


@pytest.mark.usefixtures("shared")
def test_a_worker_that_is_killed_after_the_time_is_over_leaves_what_was_planned() -> None:
    changes.change_plan(proposed("hosting-pro", timing=SubscriptionChange.Timing.RENEWAL), NOBODY)
    set_card(present(), ASKS)
    asked = changes.change_plan(wished("upgrade", 2), NOBODY)
    SubscriptionChange.objects.filter(pk=asked.pk).update(lapses_at=clock.now())

    for name in ("void_invoice", "schedule_change"):
        abandoned()

        def work(die: Callable[[], None], at: str = name) -> None:
            patched(type(provider()), at, die)
            changes.settle_one("worker")

        killed(work)
        asked.refresh_from_db()
        assert asked.status == "confirming"
    abandoned()
    assert changes.settle_one("worker")

    asked.refresh_from_db()
    assert (asked.status, invoices_there("open"), charged()) == ("lapsed", [], [4_900])
    assert SubscriptionChange.objects.scheduled().get().price == price_of("hosting-pro")
    assert provider().scheduled_change(present().provider_subscription_id) is not None

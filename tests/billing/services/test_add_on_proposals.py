"""What other add-ons would mean: what is shown is what is invoiced, however they are priced."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from billing.models import (
    BillingPeriod,
    Subscription,
)
from billing.services import add_on_proposals, changes, proposals
from billing.services.proposals import Timing
from platform_core import clock
from platform_core.errors import Conflict
from tests.billing import month
from tests.billing.beside import (
    BACKUPS,
    PACKS,
    SEATS,
    SUPPORT,
    done,
    has,
    held,
    present,
    renewed,
    wanted,
)
from tests.billing.changing import MIDDLE, STARTER, charged, read, undone, upgraded
from tests.billing.providers.sandbox.shop import client
from tests.billing.services.test_changes import NOBODY


@pytest.mark.parametrize(
    ("counts", "timing"),
    [
        ({BACKUPS: 3}, Timing.NOW),
        ({BACKUPS: 1}, Timing.RENEWAL),
        ({BACKUPS: 1, SUPPORT: 1}, Timing.NOW),
        ({BACKUPS: 1, PACKS: 1}, Timing.RENEWAL),
    ],
)
def test_of_more_of_one_and_less_of_another_what_costs_more_is_at_once(counts: dict[str, int], timing: str) -> None:
    held()
    done({BACKUPS: 2})

    assert wanted(counts).timing == timing


def test_in_a_trial_nothing_is_charged() -> None:
    held()
    ends_at = int((clock.now() + timedelta(days=20)).timestamp())
    client().v1.subscriptions.update(present().provider_subscription_id, {"trial_end": ends_at})
    read()
    before = charged()

    proposal = wanted({BACKUPS: 1})
    changes.change_plan(proposal, NOBODY)

    assert (proposal.lines, proposal.due_minor, charged(), has()) == ((), 0, before, {BACKUPS: 1})


def test_whoever_has_it_so_already_changes_nothing() -> None:
    held()
    done({BACKUPS: 2})

    with pytest.raises(Conflict, match="has it so already"):
        wanted({BACKUPS: 2, SUPPORT: 0})


@pytest.mark.parametrize("fields", [{"status": "past_due"}, {"cancel_at_period_end": True}])
def test_where_a_plan_cannot_be_changed_add_ons_cannot(fields: dict[str, Any]) -> None:
    held()
    Subscription.objects.update(**fields)

    with pytest.raises(Conflict):
        wanted({BACKUPS: 1})


def _is_as_shown(counts: dict[str, int]) -> None:
    proposal = add_on_proposals.propose(present(), counts)
    assert proposals.at_provider(proposal) == proposal
    changes.change_plan(proposal, NOBODY)
    invoice = month.newest_invoice(present())
    assert invoice.total_minor == proposal.due_minor == sum(line.amount_minor for line in proposal.lines)
    assert sum(line.amount_minor for line in invoice.lines.all()) == proposal.due_minor
    assert invoice.discrepancy == ""


@settings(max_examples=4, phases=[Phase.explicit, Phase.generate])
@given(
    passed=st.just(0) | st.integers(3_600, 14 * 24 * 3600),
    code=st.sampled_from([BACKUPS, SEATS, PACKS]),
    counts=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    seats=st.integers(1, 3),
)
def test_what_is_shown_is_what_is_invoiced(passed: int, code: str, counts: tuple[int, int], seats: int) -> None:
    with undone():
        held()
        if seats > 1:
            upgraded("hosting-starter", seats)
        _is_as_shown({code: min(counts), SUPPORT: 1})
        if passed:
            month.pass_to(MIDDLE + timedelta(seconds=passed))
        if min(counts) != max(counts):
            _is_as_shown({code: max(counts)})
        done({code: 0, SUPPORT: 0}, timing=Timing.NOW)

        assert not has()
        assert BillingPeriod.objects.open().count() == 1


def test_a_tiered_one_renews_without_a_discrepancy() -> None:
    held()
    _is_as_shown({SEATS: 5, PACKS: 5})

    invoice = renewed()

    # Three at 7.00333 with 1.00 once, two at 5.00; two packs begun.
    assert invoice.total_minor == STARTER + 2_201 + 1_000 + 2 * 999
    assert (invoice.status, invoice.discrepancy) == ("paid", "")
    assert {line.kind for line in invoice.lines.all()} == {"base", "add_on"}

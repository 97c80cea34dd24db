"""A change that waits for the bank, and something else that is wanted meanwhile: one of them is made."""

from datetime import timedelta

import pytest

from billing.models import SubscriptionChange
from billing.providers.protocol import ProviderError
from billing.providers.sandbox.faults import Fault, injected
from billing.services import changes, newer_terms, proposals
from billing.services.changes import Refused
from billing.services.proposals import Asked
from platform_core import clock
from platform_core.errors import Conflict
from platform_core.models import Mail
from tests.billing import shop
from tests.billing.cards import PAYS, set_card
from tests.billing.changing import charged, present, price_of, proposed, upgraded
from tests.billing.waiting import abandoned, asked_customer, at_the_bank, invoices_there, pending_there, the_change

Kind, Status = SubscriptionChange.Kind, SubscriptionChange.Status
NOBODY = Asked(None)


def test_asking_the_same_again_leads_to_the_same_page() -> None:
    asked_customer()
    proposal = proposed()
    first = changes.change_plan(proposal, NOBODY)

    again = changes.change_plan(proposal, Asked(None, "", "another key"))

    assert (again.pk, SubscriptionChange.objects.count()) == (first.pk, 1)
    assert len(invoices_there("open")) == 1


def test_another_one_takes_its_place_and_only_that_can_be_paid() -> None:
    asked_customer()
    first = upgraded()

    second = upgraded("hosting-pro", 2)
    at_the_bank("confirm", change=first)
    shop.catch_up()

    first.refresh_from_db()
    assert (first.status, second.status, second.provider_invoice_id) == (
        Status.WITHDRAWN,
        Status.CONFIRMING,
        invoices_there("open")[0],
    )
    assert (present().plan.code, charged()) == ("hosting-starter", [4_900])
    at_the_bank("confirm", change=second)
    shop.catch_up()
    assert (present().quantity, charged()) == (2, [4_900, second.due_minor])


def test_what_is_not_paid_yet_is_not_given_back_by_another_proposal() -> None:
    asked_customer()
    before = proposed("hosting-pro", 2)
    upgraded()
    shop.catch_up()

    after = proposed("hosting-pro", 2, at=before.prorated_at)

    assert after.lines == before.lines
    assert proposals.at_provider(after) == after


def test_what_was_paid_a_moment_ago_stands() -> None:
    asked_customer()
    first = upgraded()
    proposal = proposed("hosting-pro", 2)
    at_the_bank("confirm")

    with pytest.raises(Refused, match="was paid for a moment ago") as refusal:
        changes.change_plan(proposal, NOBODY)
    shop.catch_up()

    first.refresh_from_db()
    assert (refusal.value.status, first.status, the_change().status) == (409, Status.APPLIED, Status.REFUSED)
    assert (present().plan.code, charged()) == ("hosting-pro", [4_900, first.due_minor])


@pytest.mark.parametrize("kind", ["resume", "cancel", "end", "downgrade"])
def test_the_customer_may_decide_otherwise(kind: str) -> None:
    asked_customer()
    waiting = upgraded()
    if kind == "resume":
        changes.resume(present(), NOBODY)
    elif kind == "downgrade":
        later = proposed("hosting-pro", timing=proposals.Timing.RENEWAL)
        changes.change_plan(later, NOBODY)
    else:
        changes.cancel(present(), NOBODY, now=kind == "end")

    shop.catch_up()
    at_the_bank("confirm", change=waiting)

    waiting.refresh_from_db()
    assert (waiting.status, pending_there(), invoices_there("open")) == (Status.WITHDRAWN, False, [])
    assert (present().plan.code, charged()) == ("hosting-starter", [4_900])
    assert not Mail.objects.filter(template="billing/change_lapsed").exists()


def test_taking_it_back_is_not_done_before_the_provider_says_so() -> None:
    asked_customer()
    waiting = upgraded()
    with injected(Fault.TIMEOUT_BEFORE, path="/v1/", times=9), pytest.raises(ProviderError):
        changes.resume(present(), NOBODY)
    SubscriptionChange.objects.exclude(pk=waiting.pk).update(created_at=clock.now() - timedelta(days=1))
    abandoned()
    SubscriptionChange.objects.filter(pk=waiting.pk).update(run_after=waiting.lapses_at)

    assert changes.settle_one("test")

    waiting.refresh_from_db()
    back = SubscriptionChange.objects.get(kind=Kind.RESUME)
    assert (waiting.status, back.status, pending_there()) == (Status.CONFIRMING, Status.REFUSED, True)


def test_newer_terms_wait_until_it_is_known() -> None:
    held = asked_customer()
    upgraded()

    with pytest.raises(Conflict, match="waits for its next period or its payment"):
        newer_terms.take(held, held.plan_version, NOBODY, timing=proposals.Timing.NOW)


def test_where_nobody_is_there_to_confirm_nothing_waits() -> None:
    asked_customer()

    with pytest.raises(Refused, match="confirmed by the cardholder"):
        changes.change_plan(proposed(), NOBODY, version=price_of("hosting-pro").plan.current)

    assert (the_change().status, pending_there()) == (Status.REFUSED, False)
    set_card(present(), PAYS)
    assert upgraded().status == Status.APPLIED

"""What is asked of the provider where its customer's bank has a word: of add-ons too, and where no answer came."""

from datetime import timedelta

import pytest

from billing.models import SubscriptionChange
from billing.providers import provider
from billing.services import changes
from billing.services.proposals import Asked
from platform_core import clock
from platform_core.models import Mail
from tests.billing import beside, shop
from tests.billing.cards import ASKS, set_card
from tests.billing.changing import charged, proposed
from tests.billing.services.kills import Killed, killed
from tests.billing.waiting import abandoned, asked_customer, at_the_bank, invoices_there, the_change

Status = SubscriptionChange.Status
NOBODY = Asked(None)


def test_add_ons_wait_for_the_bank_like_a_plan() -> None:
    set_card(beside.held(), ASKS)

    change = beside.done({beside.BACKUPS: 2})
    shop.catch_up()

    assert (change.status, beside.has(), charged()) == (Status.CONFIRMING, {}, [4_900])
    assert "asked for 2 \u00d7 More backups." in Mail.objects.get(template="billing/confirm_payment").text
    assert beside.done({beside.BACKUPS: 3}).pk != change.pk
    at_the_bank("confirm")
    shop.catch_up()
    assert (the_change().status, beside.has()) == (Status.APPLIED, {beside.BACKUPS: 3})
    assert charged() == [4_900, the_change().due_minor]


def test_what_no_answer_came_of_for_a_day_is_found_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_customer()
    proposal = proposed()
    with monkeypatch.context() as patch:
        killed(patch, provider(), "change_subscription", after=True)
        with pytest.raises(Killed):
            changes.change_plan(proposal, NOBODY)
    SubscriptionChange.objects.update(created_at=clock.now() - timedelta(hours=21))
    abandoned()

    assert changes.settle_one("test")

    assert (the_change().status, the_change().provider_invoice_id) == (Status.CONFIRMING, invoices_there("open")[0])
    at_the_bank("confirm")
    shop.catch_up()
    assert (the_change().status, charged()) == (Status.APPLIED, [4_900, proposal.due_minor])

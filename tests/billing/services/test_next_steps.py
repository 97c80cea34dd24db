"""What was paused because a trial ended with nothing to charge, and goes on."""

from datetime import timedelta
from typing import Any

import pytest

from billing.models import Dunning, Subscription, SubscriptionChange
from billing.providers.sandbox import clock as sandbox
from billing.services import changes, dunning, payment_methods
from billing.services.proposals import Asked
from orgs.models import Organization
from orgs.roles import Role
from platform_core.errors import Conflict
from platform_core.models import Mail
from tests import kept, make
from tests.billing import month, shop
from tests.billing.cards import ASKS, CANNOT_PAY, PAYS, set_card
from tests.billing.changing import MIDDLE, STARTER, charged, customer, present, read, upgraded
from tests.billing.providers.sandbox.shop import client
from tests.billing.waiting import asked_customer, at_the_bank
from tests.clients import PersonClient
from tests.pages import Browser

NOBODY = Asked(None)


def paused() -> Subscription:
    """The trial ended, and there was nothing to charge."""

    def come_about() -> None:
        held, api = customer(), client().v1
        settings = {"end_behavior": {"missing_payment_method": "pause"}}
        wish: Any = {"trial_end": int((MIDDLE + timedelta(days=2)).timestamp()), "trial_settings": settings}
        api.subscriptions.update(held.provider_subscription_id, wish)
        known = held.organization.billing_account.provider_customer_id
        for method in api.payment_methods.list({"customer": known}).data:
            api.payment_methods.detach(method.id)
        month.pass_to(MIDDLE + timedelta(days=2, hours=2))
        shop.catch_up()

    kept.situation("hosting-starter, paused", come_about)
    return present()


def with_card(card: str) -> Subscription:
    """Paused, and now there is one."""
    set_card(paused(), card)
    read()
    return present()


def test_it_goes_on_with_a_card_and_is_charged_once() -> None:
    held, before = paused(), charged()
    assert held.status == "paused"
    assert held.organization.product_codes == []
    with pytest.raises(Conflict, match="Add a payment method first"):
        changes.resume(held, NOBODY)
    assert not SubscriptionChange.objects.exists()

    set_card(held, PAYS)
    read()
    change = changes.resume(present(), NOBODY)

    assert (change.kind, change.status) == ("resume", "applied")
    assert present().status == "active"
    sandbox.advance(sandbox.now() + timedelta(hours=2))
    shop.catch_up()
    assert (present().status, charged()) == ("active", [*before, STARTER])
    held.organization.refresh_from_db()
    assert held.organization.product_codes == ["hosting"]


def test_where_the_bank_wants_to_hear_from_the_customer_they_are_led_there() -> None:
    held, before = with_card(ASKS), charged()
    owner = PersonClient(make.person(held.organization, Role.OWNER), held.organization)

    answer = owner.post("/api/user/subscription/resume", {}, format="json")

    invoice = month.newest_invoice(present())
    body = answer.json()
    assert (answer.status_code, body["change"]["status"], body["subscription"]["status"]) == (
        202,
        "applied",
        "past_due",
    )
    assert body["change"]["nextAction"] == {"type": "redirect", "url": invoice.payment_url, "expiresAt": None}
    assert charged() == before
    at_the_bank("confirm", change=SubscriptionChange(provider_invoice_id=invoice.provider_invoice_id))
    shop.catch_up()
    assert (present().status, charged()) == ("active", [*before, STARTER])


@pytest.mark.parametrize(
    ("card", "said"), [(PAYS, "Hosting Starter goes on."), (ASKS, "goes on, but your bank has not paid for it yet.")]
)
def test_its_page_says_what_is_owed(card: str, said: str) -> None:
    held = with_card(card)
    browser = Browser(make.person(held.organization, Role.OWNER))

    browser.send(f"/billing/{held.pk}/resume")

    page = browser.read("/billing")
    assert said in page.text
    assert ("pay this one invoice" in page.text) is (card == ASKS)


def test_what_was_paused_has_no_grace_where_its_first_payment_is_refused() -> None:
    held, before = with_card(CANNOT_PAY), charged()

    changes.resume(held, NOBODY)
    shop.catch_up()

    case = Dunning.objects.get()
    assert (present().status, case.status, case.suspend_at) == ("past_due", "suspended", case.began_at)
    assert case.suspended_at == present().suspended_at is not None
    organization = Organization.objects.get(pk=held.organization_id)
    assert (organization.product_codes, charged()) == ([], before)
    mails = Mail.objects.filter(template__startswith="billing/").order_by("created_at")
    refused = mails.get(template="billing/payment_failed")
    assert "What you bought is suspended until it is paid." in refused.text
    assert "Until then everything works" not in refused.text
    assert not mails.filter(template="billing/service_suspended").exists()
    assert not dunning.advance_one("test")

    set_card(held, PAYS)
    payment_methods.pay_what_is_due(held.organization, "another")
    shop.catch_up()

    case.refresh_from_db()
    organization.refresh_from_db()
    assert (case.status, present().status, present().suspended_at) == ("recovered", "active", None)
    assert (organization.product_codes, charged()) == (["hosting"], [*before, STARTER])
    set_card(held, CANNOT_PAY)
    month.pass_to(present().current_period_end + timedelta(hours=2))
    shop.catch_up()
    later = Dunning.objects.running().get()
    assert (later.status, later.suspend_at - later.began_at) == ("retrying", dunning.SUSPEND_AFTER)


def test_a_trial_that_runs_over_into_its_first_period_has_its_grace() -> None:
    held = customer()
    wish: Any = {"trial_end": int((MIDDLE + timedelta(days=2)).timestamp())}
    client().v1.subscriptions.update(held.provider_subscription_id, wish)
    set_card(held, CANNOT_PAY)

    month.pass_to(MIDDLE + timedelta(days=2, hours=2))
    shop.catch_up()

    case = Dunning.objects.get()
    assert (present().status, case.status, case.suspended_at) == ("past_due", "retrying", None)
    assert held.organization.product_codes == ["hosting"]


def test_a_renewal_that_the_bank_wants_confirmed_is_asked_for_as_one_that_failed() -> None:
    set_card(customer(), ASKS)
    month.pass_to(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()

    case = Dunning.objects.get()

    assert (present().status, case.failure) == ("past_due", "Your bank wants you to confirm this payment.")
    mail = Mail.objects.get(template="billing/payment_failed")
    assert case.invoice.payment_url in mail.text
    at_the_bank("confirm", change=SubscriptionChange(provider_invoice_id=case.invoice.provider_invoice_id))
    shop.catch_up()
    assert (present().status, charged()) == ("active", [STARTER, STARTER])


def test_another_card_pays_what_is_owed_and_not_what_waits_for_the_bank() -> None:
    held = asked_customer()
    upgraded()
    shop.catch_up()
    assert month.newest_invoice(present()).payment_error == "Your bank wants you to confirm this payment."
    set_card(held, PAYS)

    payment_methods.pay_what_is_due(held.organization, "another")

    assert charged() == [STARTER]

"""The billing page, and changing a subscription on pages."""

from datetime import timedelta

import pytest

from billing.models import CheckoutSession, PaymentMethod, SubscriptionAddOn, SubscriptionChange
from billing.services import changes
from billing.services.proposals import Asked
from orgs.models import Organization
from orgs.roles import Role
from platform_core import clock
from tests import make
from tests.billing import shop
from tests.billing.changing import charged, customer, present, price_of, proposed
from tests.billing.waiting import asked_customer, at_the_bank, pending_there, the_change
from tests.pages import Browser


def owner() -> Browser:
    return Browser(present().organization.memberships.get(role=Role.OWNER).user)


def test_who_has_nothing_is_told_where_to_begin(organization: Organization) -> None:
    page = Browser(make.person(organization)).read("/billing")

    assert page.heading == "Billing"
    assert "No subscription" in page.text
    assert "There is none yet." in page.text


def test_it_shows_what_is_paid_for_and_how() -> None:
    held = customer()
    make.payment_method(
        held.organization, kind="bank_debit", brand="STRIPE TEST BANK", last4="6789", exp_month=None, exp_year=None
    )

    page = owner().read("/billing")

    assert "Hosting Starter" in page.text
    assert "$49 a month" in page.text
    assert "On: renews 1 Apr 2027" in page.text
    assert "Visa ending in 4242 Expires 12/2099 Default" in page.text
    assert "STRIPE TEST BANK ending in 6789" in page.text
    assert f"/billing/{held.pk}/change" in page.links


def test_a_failed_payment_says_why_and_until_when(organization: Organization) -> None:
    invoice = make.invoice(make.subscription(organization, status="past_due"), total_minor=2_900)
    make.dunning(invoice, failure="Your card has expired.", next_try_at=clock.now() + timedelta(days=3))

    page = Browser(make.person(organization)).read("/billing")

    assert "Your card has expired." in page.text
    assert "Everything works until" in page.text
    assert "The payment is tried again on" in page.text


def test_a_suspended_one_says_how_it_comes_back(organization: Organization) -> None:
    invoice = make.invoice(make.subscription(organization, status="past_due"), total_minor=2_900)
    make.dunning(invoice, status="suspended", failure="Your card has expired.")

    assert "comes back by itself as soon as $29.00 is paid" in Browser(make.person(organization)).read("/billing").text


def test_whoever_may_only_look_finds_no_buttons(organization: Organization) -> None:
    held = make.subscription(organization)
    make.payment_method(organization)

    page = Browser(make.person(organization, Role.MEMBER)).read("/billing")

    assert f"/billing/{held.pk}/change" not in page.links
    assert "Add a card" not in page.text
    assert "Remove" not in page.text


def test_what_it_costs_is_shown_before_it_is_confirmed_and_charged_as_shown() -> None:
    held, browser = customer(), owner()

    page = browser.read(f"/billing/{held.pk}/change", plan="hosting-pro", quantity="1")

    assert "Unused time on Hosting Starter" in page.text
    assert not SubscriptionChange.objects.exists()
    due, at = (_hidden(page.html, name) for name in ("due", "at"))
    assert f"${int(due) / 100:.2f}" in page.text
    done = browser.send(f"/billing/{held.pk}/change", plan="hosting-pro", quantity="1", due=due, at=at)
    assert (done.status, done.location) == (302, "/billing")
    assert charged()[-1] == int(due)
    assert "You are on Hosting Pro now." in browser.read("/billing").text


def _hidden(html: str, name: str) -> str:
    return html.partition(f'name="{name}" value="')[2].partition('"')[0]


def test_another_amount_than_was_shown_is_not_charged() -> None:
    held, browser = customer(), owner()

    page = browser.send(f"/billing/{held.pk}/change", plan="hosting-pro", quantity="1", due="1")

    assert (page.status, "has changed since it was shown" in page.text) == (409, True)
    assert charged() == [4_900]


@pytest.mark.parametrize("given", [{"plan": "no such"}, {"plan": "hosting-pro", "quantity": "-1"}, {"plan": ""}])
def test_what_cannot_be_chosen_is_said(given: dict[str, str]) -> None:
    held = customer()

    page = owner().read(f"/billing/{held.pk}/change", **given)

    assert page.status == 400
    assert "Choose a plan" in page.text


def test_canceled_and_resumed() -> None:
    held, browser = customer(), owner()

    assert "Cancel Hosting Starter" in browser.read(f"/billing/{held.pk}/cancel").heading
    assert browser.send(f"/billing/{held.pk}/cancel", at="period_end", reason="Too dear.").location == "/billing"
    page = browser.read("/billing")
    assert "Off: ends 1 Apr 2027" in page.text
    assert f"/billing/{held.pk}/change" not in page.links
    browser.send(f"/billing/{held.pk}/resume")
    assert "On: renews 1 Apr 2027" in browser.read("/billing").text


@pytest.mark.parametrize("is_binding", [True, False])
def test_a_change_of_plan_that_staff_planned_says_what_comes_and_when(is_binding: bool) -> None:
    held, browser = customer(), owner()
    make.subscription_change(
        held,
        kind="upgrade",
        timing="renewal",
        status="scheduled",
        price=price_of("hosting-pro"),
        effective_at=held.current_period_end,
        is_binding=is_binding,
    )

    page = browser.read("/billing")
    answer = browser.send(f"/billing/{held.pk}/resume")

    assert "Planned Hosting Pro at $129 a month from 1 Apr 2027" in page.text
    assert ("for everybody on Hosting Starter" in page.text) is is_binding
    assert ("Stay on Hosting Starter" in page.text) is not is_binding
    assert answer.location == "/billing"
    said = browser.read("/billing").text
    assert ("that cannot be taken back" in said) is is_binding
    assert held.changes.get(kind="upgrade").status == ("scheduled" if is_binding else "withdrawn")


def test_newer_terms_that_are_planned_are_named_and_come_though_it_was_canceled_in_between() -> None:
    held, browser = customer(), owner()
    make.subscription_change(
        held,
        kind="terms",
        timing="renewal",
        status="scheduled",
        plan_version=held.plan_version,
        effective_at=held.current_period_end,
        is_binding=True,
    )

    assert "Planned The present terms of Hosting Starter, at the same price, from 1 Apr 2027" in (
        browser.read("/billing").text
    )
    browser.send(f"/billing/{held.pk}/cancel", at="period_end")
    assert "1 Apr 2027 , if you resume it" in browser.read("/billing").text
    browser.send(f"/billing/{held.pk}/resume")

    assert "You can choose another plan or cancel before" in browser.read("/billing").text
    assert held.changes.get(kind="terms").status == "scheduled"


def test_a_strangers_subscription_does_not_exist(organization: Organization) -> None:
    browser, theirs = Browser(make.person(organization)), make.subscription()

    for path in ("change", "cancel"):
        assert browser.read(f"/billing/{theirs.pk}/{path}").status == 404
        assert browser.send(f"/billing/{theirs.pk}/{path}", plan="x").status == 404
    assert browser.send(f"/billing/{theirs.pk}/resume").status == 404
    method = make.payment_method()
    assert browser.send(f"/billing/payment-methods/{method.pk}/use").status == 404
    assert browser.send(f"/billing/payment-methods/{method.pk}/remove").status == 404
    assert not SubscriptionChange.objects.exists()
    assert PaymentMethod.objects.get().removed_at is None


def test_the_page_of_a_checkout_shows_the_cost_and_confirms() -> None:
    held, browser = customer(), owner()
    location = browser.send("/checkout", plan="hosting-pro").location
    path = location.removeprefix("http://127.0.0.1:8000")

    page = browser.read(path)
    done = browser.send(
        path, plan="hosting-pro", quantity="1", due=_hidden(page.html, "due"), at=_hidden(page.html, "at")
    )

    assert page.heading == "Change plan"
    assert (done.status, done.location) == (302, "http://127.0.0.1:8000/billing")
    assert present().plan.code == "hosting-pro"
    assert CheckoutSession.objects.get(subscription=held).status == "completed"
    assert browser.read(path).location == "/billing"


def test_a_strangers_checkout_does_not_exist(organization: Organization) -> None:
    customer()
    path = owner().send("/checkout", plan="hosting-pro").location.removeprefix("http://127.0.0.1:8000")

    assert Browser(make.person(organization)).read(path).status == 404


def test_what_goes_with_a_plan_stands_on_its_card() -> None:
    held = make.subscription(make.organization())
    storage = make.plan(product=held.plan.product, rank=9, is_add_on=True, name="Storage")
    SubscriptionAddOn.objects.create(
        subscription=held, price=storage.prices.get(), plan_version=storage.current, quantity=3
    )

    page = Browser(make.person(held.organization)).read("/billing")

    assert "With it 3 \u00d7 Storage" in page.text


# --- The bank wants to hear from the customer -------------------------------------------------------------------------
def test_a_change_that_the_bank_wants_confirmed_says_where_and_until_when() -> None:
    held = asked_customer()
    browser = owner()
    page = browser.read(f"/billing/{held.pk}/change", plan="hosting-pro", quantity="2")

    due, at = (_hidden(page.html, name) for name in ("due", "at"))
    browser.send(f"/billing/{held.pk}/change", plan="hosting-pro", quantity="2", due=due, at=at)
    page = browser.read("/billing")

    assert "Your bank wants you to confirm the payment." in page.text
    assert "You asked for Hosting Pro, 2 of it. It is in force as soon as your bank has paid" in page.text
    assert f"${int(due) / 100:.2f}" in page.text
    assert "Until 18 Mar 2027" in page.text
    assert the_change().confirm_url in page.links
    assert "$49 a month" in page.text
    assert f"/billing/{held.pk}/change" in page.links
    reader = Browser(make.person(held.organization, Role.MEMBER)).read("/billing")
    assert the_change().confirm_url not in reader.links
    at_the_bank("confirm")
    shop.catch_up()
    after = browser.read("/billing").text
    assert ("Confirm the payment" in after, "$129 a month, 2 of it" in after) == (False, True)


def test_whoever_stays_as_they_are_pays_nothing() -> None:
    held, browser = asked_customer(), owner()
    changes.change_plan(proposed(), Asked(None))

    assert "Stay on Hosting Starter" in browser.read("/billing").text
    assert browser.send(f"/billing/{held.pk}/resume").location == "/billing"

    page = browser.read("/billing").text
    assert ("Confirm the payment" in page, "Stay on" in page) == (False, False)
    assert (pending_there(), charged()) == (False, [4_900])


def test_the_page_of_a_checkout_is_done_once_it_is_paid() -> None:
    held, browser = asked_customer(), owner()
    path = browser.send("/checkout", plan="hosting-pro").location.removeprefix("http://127.0.0.1:8000")
    page = browser.read(path)

    given = {"due": _hidden(page.html, "due"), "at": _hidden(page.html, "at")}
    done = browser.send(path, plan="hosting-pro", quantity="1", **given)

    assert done.location == "http://127.0.0.1:8000/billing"
    assert CheckoutSession.objects.get(subscription=held).status == "open"
    at_the_bank("confirm")
    shop.catch_up()
    assert CheckoutSession.objects.get(subscription=held).status == "completed"
    assert browser.read(path).location == "/billing"

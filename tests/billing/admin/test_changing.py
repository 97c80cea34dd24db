"""Staff move a customer's subscription in the console: told first, done when it is sent again."""

import html
import re

import pytest
from django.urls import reverse

from billing.models import SubscriptionChange
from platform_core.models import AuditEvent
from tests.billing import beside
from tests.billing.changing import PRO, charged, customer, present
from tests.billing.waiting import asked_customer
from tests.clients import staff
from tests.pages import Browser

WISH = {"plan": "hosting-pro", "interval": "month", "quantity": "1", "timing": "now", "reason": "By phone."}


class Page:
    """The question, as somebody answers it."""

    def __init__(self, operation: str = "change_plan") -> None:
        self.browser = Browser(staff("billing.view_subscription", "billing.change_subscription").user)
        self.path = reverse("admin:billing_subscription_operate", args=[present().pk, operation])
        self.text = html.unescape(self.browser.get(self.path).content.decode())
        self.shown = ""

    def send(self, **answers: str) -> int:
        given = {"answered": "1", "key": "page-1", "shown": self.shown, **WISH, **answers}
        answer = self.browser.post(self.path, given)
        self.text = html.unescape(answer.content.decode())
        found = re.search(r'name="shown" value="([^"]*)"', answer.content.decode())
        self.shown = html.unescape(found[1]) if found else ""
        return answer.status_code


def test_what_it_costs_is_told_and_then_charged() -> None:
    customer()
    before, page = charged(), Page()

    assert page.send() == 200
    told = re.search(r"at once; (\$[\d.]+) are charged now, then \$129.00 each month", page.text)
    assert told is not None, page.text
    assert (charged(), SubscriptionChange.objects.exists()) == (before, False)
    assert page.send() == 302
    again = page.send(shown="")

    assert (present().plan.code, len(charged())) == ("hosting-pro", len(before) + 1)
    assert f"${charged()[-1] / 100:.2f}" == told[1]
    event = AuditEvent.objects.get(action="subscription.upgrade")
    assert event.changes["due_minor"] == charged()[-1]
    assert SubscriptionChange.objects.get().reason == "By phone."
    assert again == 200
    assert "has Hosting Pro already" in page.text


def test_another_wish_is_told_anew() -> None:
    customer("hosting-pro")
    page = Page()

    assert page.send(plan="hosting-starter") == 200
    assert "are kept as the customer's credit, then $49.00" in page.text
    assert page.send(plan="hosting-starter", timing="renewal") == 200
    assert ": in force from 1 April 2027 on, then $49.00 each month" in page.text
    assert not SubscriptionChange.objects.exists()
    assert page.send(plan="hosting-starter", timing="renewal") == 302
    assert SubscriptionChange.objects.get().status == "scheduled"
    assert present().price.amount_minor == PRO


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({"quantity": "0"}, "greater than or equal to 1"),
        ({"plan": "pages-team"}, "not one of the available choices"),
        ({"interval": "once"}, "not one of the available choices"),
        ({"interval": "year"}, "has no price by this interval"),
        ({"reason": ""}, "This field is required"),
        ({"shown": '{"wish": 1, "at": 7, "due": "x"}'}, "Nothing is changed yet"),
        ({"shown": "[]"}, "Nothing is changed yet"),
    ],
)
def test_what_cannot_be_done_is_said(answers: dict[str, str], problem: str) -> None:
    customer()
    page = Page()

    assert page.send(**answers) == 200

    assert problem in page.text
    assert not SubscriptionChange.objects.exists()


@pytest.mark.parametrize("at", ["7", '"2027-13-01T00:00:00Z"', '"2027-03-17T04:15:00"', '"soon"', '""', "null"])
def test_a_moment_that_was_never_shown_is_told_anew(at: str) -> None:
    customer()
    page = Page()
    wish = '{"plan": "hosting-pro", "interval": "month", "quantity": 1, "timing": "now"}'

    assert page.send(shown=f'{{"wish": {wish}, "at": {at}, "due": 1}}') == 200

    assert ("has changed since it was shown" if at == "null" else "Nothing is changed yet") in page.text
    assert not SubscriptionChange.objects.exists()


def test_a_long_key_is_a_key() -> None:
    customer()
    page = Page()
    page.send(key="k" * 80)

    assert page.send(key="k" * 80) == 302

    assert len(SubscriptionChange.objects.get().request_digest) == 64


def test_what_is_beside_the_plan_is_told_and_then_changed() -> None:
    beside.held()
    beside.done({beside.BACKUPS: 2})
    before, page = charged(), Page("change_add_ons")
    counts = {beside.BACKUPS: "3", beside.SUPPORT: "0", beside.SEATS: "0", beside.PACKS: "0"}

    assert page.send(**counts) == 200
    assert "has 2 of More backups with Hosting Starter." in page.text
    assert "3 More backups: in force at once; " in page.text
    assert page.send(**counts) == 302
    assert (beside.has(), len(charged())) == ({beside.BACKUPS: 3}, len(before) + 1)
    assert page.send(**{**counts, beside.BACKUPS: "0"}, timing="renewal") == 200
    assert "no More backups: in force from 1 April 2027 on, then $49.00 each month" in page.text
    assert page.send(**{**counts, beside.BACKUPS: "3"}) == 200
    assert "has it so already" in page.text


def test_the_customer_confirms_where_their_bank_wants_it() -> None:
    asked_customer()
    page = Page()

    page.send()
    assert page.send() == 302

    path = reverse("admin:billing_subscription_change", args=[present().pk])
    assert "once the customer has confirmed it with their bank" in page.browser.get(path).content.decode()
    assert (present().plan.code, charged()) == ("hosting-starter", [4_900])

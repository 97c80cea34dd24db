"""What staff do to a subscription in the console is told as it is."""

import html

import pytest
from django.urls import reverse

from platform_core.models import Mail
from tests.billing.cards import ASKS, CANNOT_PAY, PAYS
from tests.billing.changing import charged, present
from tests.billing.services.test_next_steps import with_card
from tests.clients import staff
from tests.pages import Browser

UNPAID = "it goes on once the customer has paid for it, who was written to."


@pytest.mark.parametrize(
    ("card", "said", "status"),
    [
        (PAYS, "it goes on.", "active"),
        (ASKS, f"{UNPAID} Your bank wants you to confirm this payment.", "past_due"),
        (CANNOT_PAY, f"{UNPAID} Your card was declined.", "past_due"),
    ],
)
def test_a_resumption_tells_what_the_customer_has_to_do_yet(card: str, said: str, status: str) -> None:
    held, before = with_card(card), charged()
    browser = Browser(staff("billing.view_subscription", "billing.change_subscription").user)

    browser.post(reverse("admin:billing_subscription_operate", args=[held.pk, "resume"]), {})

    page = html.unescape(browser.get(reverse("admin:billing_subscription_change", args=[held.pk])).content.decode())
    assert said in page
    assert (present().status, len(charged()) - len(before)) == (status, int(card == PAYS))
    mails = Mail.objects.filter(template="billing/payment_failed")
    assert [present().organization.billing_email] * (card != PAYS) == [mail.to for mail in mails]

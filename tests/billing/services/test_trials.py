"""Who is in a trial hears of its end three days before, once."""

from datetime import timedelta

import pytest

from billing.models import Subscription
from billing.services import trials
from platform_core import clock
from platform_core.models import Mail
from tests import make

DAY = timedelta(days=1)


def trialing(*, ends_in: timedelta) -> Subscription:
    return make.subscription(status="trialing", trial_ends_at=clock.now() + ends_in)


@pytest.mark.parametrize(
    ("after", "said"), [("pause", "is paused then, until there is one."), ("cancel", "is canceled then.")]
)
def test_three_days_before_it_ends_a_mail_says_so_once(after: str, said: str) -> None:
    subscription = make.subscription(
        plan=make.plan(after_trial=after), status="trialing", trial_ends_at=clock.now() + 2 * DAY
    )

    assert trials.tell_of_endings() == {"ending": 1}
    trials.tell_of_endings()

    mail = Mail.objects.get()
    assert mail.to == subscription.organization.billing_email
    assert mail.subject.startswith("Your trial of")
    assert "There is no payment method yet" in mail.text
    assert f"Without one it {said}" in mail.text


def test_with_a_payment_method_it_says_what_it_will_cost() -> None:
    subscription = trialing(ends_in=DAY)
    make.payment_method(subscription.organization)

    trials.tell_of_endings()

    assert "$29.00" in Mail.objects.get().text
    assert "There is no payment method" not in Mail.objects.get().text


def test_another_end_is_told_of_again() -> None:
    subscription = trialing(ends_in=DAY)
    trials.tell_of_endings()
    Subscription.objects.filter(pk=subscription.pk).update(trial_ends_at=clock.now() + 2 * DAY)

    trials.tell_of_endings()

    assert Mail.objects.count() == 2


@pytest.mark.parametrize(("ends_in", "status"), [(4 * DAY, "trialing"), (-DAY, "trialing"), (DAY, "active")])
def test_earlier_later_and_without_a_trial_nothing_is_said(ends_in: timedelta, status: str) -> None:
    make.subscription(status=status, trial_ends_at=clock.now() + ends_in)

    assert trials.tell_of_endings() == {"ending": 0}
    assert not Mail.objects.exists()

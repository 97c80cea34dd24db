"""Every mail of billing can be written, and says what it is about."""

from datetime import timedelta

import pytest

from billing.models import SubscriptionChange
from billing.services import notices
from platform_core import clock
from platform_core.models import Mail
from tests import make

SAID = {
    "upgrade": "is on",
    "downgrade": "changes to",
    "cancel": "ends on",
    "end": "has ended",
    "resume": "goes on",
    "trial": "Your trial of",
    "terms": "terms of",
    "add_ons": "has other add-ons now",
}
STEPS = {
    "payment_failed": "The payment of $29.00 for",
    "last_warning": "is suspended on",
    "service_suspended": "is suspended",
    "payment_recovered": "Thank you",
    "subscription_lost": "has ended: it was not paid",
}


@pytest.mark.parametrize("kind", SubscriptionChange.Kind.values)
def test_each_change_is_confirmed_once(kind: str) -> None:
    subscription = make.subscription(make.organization("Harbour & Sons"))
    later = clock.now() + timedelta(days=5)
    change = make.subscription_change(
        subscription,
        kind=kind,
        timing="renewal" if kind == "downgrade" else "now",
        price=subscription.price,
        plan_version=subscription.plan_version,
        due_minor=1_250,
        effective_at=later,
        trial_ends_at=later,
    )

    notices.changed(change)
    notices.changed(change)

    mail = Mail.objects.get()
    assert SAID[kind] in mail.subject
    assert (mail.to, mail.organization_id) == (subscription.organization.billing_email, subscription.organization_id)
    assert "http://127.0.0.1:8000/billing" in mail.text
    assert "{" not in mail.text + mail.subject
    assert "Harbour & Sons" in mail.subject + mail.text
    assert ("$12.50" in mail.text) == (kind in ("upgrade", "add_ons"))


@pytest.mark.parametrize("template", STEPS)
def test_each_step_of_dunning_is_told_once(template: str) -> None:
    case = make.dunning(failure="Your card was declined.", next_try_at=clock.now())

    notices.dunning(case, template, key="one")
    notices.dunning(case, template, key="one")

    mail = Mail.objects.get()
    assert STEPS[template] in mail.subject
    assert ("Your card was declined." in mail.text) == (template != "payment_recovered")

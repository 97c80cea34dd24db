"""The demo company buys: through the real checkout, paid on the sandbox's page, taken in from its events."""

import time
from collections.abc import Callable, Mapping

from billing.models import CheckoutSession, Plan, Subscription
from billing.providers.sandbox import checkout as hosted_page
from billing.providers.sandbox import webhooks
from billing.services import carts, inbox
from billing.services.carts import Wishes
from billing.services.checkout import start_checkout
from billing.services.plans import price_of
from orgs.models import Membership, Organization
from orgs.roles import Role
from platform_core import scoping, worker

LONGEST_WAIT = 60.0


def buy(organization: Organization, plan_code: str, wishes: Wishes) -> None:
    """One subscription, unless the organization has it."""
    plan = Plan.objects.get(code=plan_code)
    if Subscription.objects.filter(organization=organization, plan=plan).exists():
        return
    buyer = Membership.objects.select_related("user").get(organization=organization, role=Role.OWNER).user
    purchase = start_checkout(carts.fill(price_of(plan), organization, wishes), organization=organization, by=buyer)
    hosted_page.pay(purchase.provider_session_id)
    wait_until(lambda: CheckoutSession.objects.get(pk=purchase.pk).status == CheckoutSession.Status.COMPLETED)


def wait_until(condition: Callable[[], bool], *, seconds: float = LONGEST_WAIT) -> bool:
    """Carry events over and work, beside whatever other processes do, until it holds; False when time is up."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        webhooks.deliver_pending(_receive)
        with scoping.system():
            if not worker.round(worker.name()):
                time.sleep(0.1)
    return True


def _receive(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The receiver, called without HTTP: seeding needs no web server."""
    inbox.receive(body, headers["Stripe-Signature"])
    return 200

"""A checkout for a product that is subscribed to already: a page of ours, on which the change is confirmed."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from billing.models import CheckoutSession, Plan, Subscription, SubscriptionChange
from billing.services import changes, plans
from billing.services.carts import Cart
from billing.services.proposals import RUNNING, Asked, Proposal
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

ID = "{CHECKOUT_SESSION_ID}"


def present(plan: Plan, organization: Organization) -> Subscription | None:
    """The running subscription to the plan's product, which buying it would change."""
    mine = Subscription.objects.filter(organization=organization, plan__product=plan.product_id, status__in=RUNNING)
    return mine.select_related("plan", "price").first()


@transaction.atomic
def open_offer(
    subscription: Subscription, cart: Cart, *, by: "User", success_url: str, cancel_url: str
) -> CheckoutSession:
    """The page on which somebody sees what the change costs, and confirms it. Asking again opens no second page."""
    if cart.price.plan_id == subscription.plan_id:
        raise Conflict(f"{subscription.organization} has {subscription.plan} already.")
    _refuse_beside(cart)
    present = subscription.price
    price = plans.price_of(cart.price.plan, interval=present.interval, currency=present.currency)
    billing = f"{settings.BASE_URL}{reverse('portal:billing')}"
    wishes = {
        "organization": subscription.organization,
        "created_by": by,
        "subscription": subscription,
        "price": price,
        "success_url": success_url or billing,
        "cancel_url": cancel_url or billing,
        "status": CheckoutSession.Status.OPEN,
    }
    Organization.objects.select_for_update().get(pk=subscription.organization_id)
    row = CheckoutSession.objects.filter(**wishes).first()
    if row is None:
        row = CheckoutSession(plan=price.plan, plan_version=price.plan.current, **wishes)
        row.url = f"{settings.BASE_URL}{reverse('portal:checkout-change', args=[row.pk])}"
        row.save()
        audit.record("checkout.start", row, by=by, changes={"plan": price.plan.code, "from": subscription.plan.code})
    return row


def _refuse_beside(cart: Cart) -> None:
    """A change is of the plan alone."""
    if cart.coupon is not None:
        message = "A coupon is for a new subscription: a change of plan takes none."
        raise InvalidInput(message, details={"coupon": [message]})
    if cart.add_ons:
        message = "A change of plan keeps the add-ons that are there: add others to the subscription."
        raise InvalidInput(message, details={"add_ons": [message]})


def accept(row: CheckoutSession, proposal: Proposal, *, by: "User") -> str:
    """Carry out the change; gives where its page leads. One that waits for the bank completes it once it is paid."""
    change = changes.change_plan(proposal, Asked(by))
    if change.status == SubscriptionChange.Status.CONFIRMING:
        return f"{settings.BASE_URL}{reverse('portal:billing')}"
    with transaction.atomic():
        still_open = CheckoutSession.objects.filter(pk=row.pk, status=CheckoutSession.Status.OPEN)
        if still_open.update(status=CheckoutSession.Status.COMPLETED, completed_at=clock.now()):
            audit.record("checkout.complete", row, by=by, changes={"plan": row.plan.code})
    return row.success_url.replace(ID, str(row.pk))

"""What becomes of an order whose subscription is not paid for, when it is again, and when it is over."""

from django.db import transaction

from billing.models import Subscription
from platform_core import workflow
from platform_core.models import Job
from tenants.models import Order
from tenants.services import orders

UNPAID = "The subscription is not paid for. It comes back by itself when the open invoice is paid."


@transaction.atomic
def suspend(subscription: Subscription) -> Order | None:
    """Take the server away from its customer. What is still being set up goes on, and nothing is deleted."""
    order = Order.objects.filter(subscription=subscription, status=Order.Status.FULFILLED).first()
    return orders.move(order, Order.Status.SUSPENDED, failure=UNPAID) if order else None


@transaction.atomic
def restore(subscription: Subscription) -> Order | None:
    """Its own undo. What staff suspended for another reason stays so."""
    order = Order.objects.filter(subscription=subscription, status=Order.Status.SUSPENDED, failure=UNPAID).first()
    return orders.move(order, Order.Status.FULFILLED) if order else None


@transaction.atomic
def end(subscription: Subscription) -> Order | None:
    """For good: nobody pays for the server any more. What is still being set up stops at its next step."""
    order = Order.objects.filter(subscription=subscription).exclude(status=Order.Status.CANCELED).first()
    if order is None:
        return None
    job = orders.job_of(order)
    if job is not None and job.status not in Job.ENDED:
        workflow.cancel(job, by=None)
    return orders.move(order, Order.Status.CANCELED)

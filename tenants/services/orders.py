"""Orders: opened by a purchase, moved along their way, started again by staff."""

import re
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from billing.models import Plan, Subscription
from identity.models import User
from platform_core import clock, workflow
from platform_core.errors import Conflict
from platform_core.models import Job
from platform_core.services import audit
from tenants.defaults import tools_of
from tenants.models import Order
from tenants.models.orders import TRANSITIONS, WAY

KIND = "provision_order"
# A label of a host name.
LONGEST_LABEL = 63


@transaction.atomic
def open_order(subscription: Subscription, *, by: User) -> Order | None:
    """The order for a purchase whose plan brings a server; a purchase opens one, however often it is announced."""
    if subscription.plan.fulfilment != Plan.Fulfilment.SERVER:
        return None
    # Two announcements of one purchase take turns here.
    Subscription.objects.select_for_update(of=("self",)).get(pk=subscription.pk)
    order = Order.objects.filter(subscription=subscription).first()
    if order is None:
        earlier = Order.objects.filter(organization=subscription.organization).count()
        order = _create(subscription, by, earlier + 1)
        audit.record("order.open", order, by=by, changes={"domain": order.domain, "tools": order.tools})
        _start(order)
    return order


def _create(subscription: Subscription, customer: User, number: int) -> Order:
    """Under the first free name from this number on. The database decides who gets a name that two want."""
    domain = _domain(subscription.organization.slug, number)
    try:
        with transaction.atomic():
            return Order.objects.create(
                organization=subscription.organization,
                customer=customer,
                subscription=subscription,
                domain=domain,
                tools=tools_of(subscription.plan),
            )
    except IntegrityError:
        if not Order.objects.filter(domain__iexact=domain).exists():
            raise
        return _create(subscription, customer, number + 1)


def _domain(slug: str, number: int) -> str:
    label = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-") or "tenant"
    suffix = "" if number == 1 else f"-{number}"
    return f"{label[: LONGEST_LABEL - len(suffix)].rstrip('-')}{suffix}.{settings.TENANT_DOMAIN}"


def of_job(job: Job) -> Order:
    """The order that a job is about, with what its steps look at."""
    related = ("organization", "customer", "subscription__plan", "server__beat")
    return Order.objects.select_related(*related).get(pk=job.subject_id)


def job_of(order: Order) -> Job | None:
    """The job that provisions the order; one for its whole life."""
    return Job.objects.filter(idempotency_key=_key(order)).first()


def _key(order: Order) -> str:
    return f"provision:{order.pk}"


def _start(order: Order) -> Job:
    return workflow.start(KIND, order, organization_id=order.organization_id, key=_key(order))


@transaction.atomic
def start_provisioning(order: Order, *, by: User) -> Job:
    """Staff start a paid order, or a failed one where it failed; any other is a conflict."""
    order = Order.objects.select_for_update(of=("self",)).get(pk=order.pk)
    if order.status not in {Order.Status.PAYMENT_CONFIRMED, Order.Status.FAILED}:
        raise Conflict(f"An order that is {order.status} cannot be provisioned.")
    audit.record("order.provision", order, by=by)
    job = _start(order)
    return workflow.retry(job, by=by) if job.status == Job.Status.FAILED else job


@transaction.atomic
def move(order: Order, status: Order.Status, *, failure: str = "", **fields: Any) -> Order:
    """One step along the allowed transitions, with whatever becomes true by it; anything else is a conflict."""
    held = Order.objects.select_for_update(of=("self",)).get(pk=order.pk)
    if status == Order.Status.FULFILLED:
        fields["fulfilled_at"] = held.fulfilled_at or clock.now()
    if status not in TRANSITIONS[held.status]:
        raise Conflict(f"An order that is {held.status} cannot become {status}.")
    changes = {"status": status, "failure": failure[:500], **fields}
    audit.record("order.status", held, by=None, changes={"from": held.status, **changes})
    for name, value in changes.items():
        setattr(held, name, value)
    held.save(update_fields=list(changes))
    return held


@transaction.atomic
def fail(order: Order, reason: str) -> None:
    """An order that is on its way has failed. One that was canceled meanwhile, or is fulfilled, stays what it is."""
    held = Order.objects.select_for_update(of=("self",)).get(pk=order.pk)
    if Order.Status.FAILED in TRANSITIONS[held.status]:
        move(held, Order.Status.FAILED, failure=reason)


def reach(order: Order, status: Order.Status, **fields: Any) -> Order:
    """Move to the next status of the way unless the order is there, or further: a repeated step changes nothing."""
    with transaction.atomic():
        held = Order.objects.select_for_update(of=("self",)).get(pk=order.pk)
        if held.status in WAY and WAY.index(Order.Status(held.status)) >= WAY.index(status):
            return held
        return move(held, status, **fields)

"""The second half of provisioning: the server learns who it is, is heard, and becomes the customer's."""

from django.db import transaction

from platform_core.models import Effect
from platform_core.services import mail
from platform_core.workflow import Context, Done, Next, Outcome, Wait
from tenants.clients.provisioner import provisioner
from tenants.models import Order
from tenants.services import configuration, orders, registration
from tenants.services.provisioning_set_up import plan_of

# The first beat wakes the job; looking by ourselves is for the case that nobody did.
HEARTBEAT_LOOK_SECONDS = 5


def issue_registration(context: Context) -> Outcome:
    """A one-time token, into the hands of the agent. A token that may not have arrived is void, and another is made."""
    order = orders.of_job(context.job)
    if order.server.beat.beat_count:
        _note_what_arrived(context, order)
        return Next("await_heartbeat")
    back_end = provisioner()
    effect = context.effect(f"registration_token:{context.job.retry_count}", back_end.name, "registration_token")
    row, token = registration.issue_token(order)
    back_end.deliver_token(order.pk, context.secret(token))
    if effect.state == Effect.State.PLANNED:
        context.done(effect, str(row.pk))
    context.log("A registration token is delivered")
    return Next("await_heartbeat")


def _note_what_arrived(context: Context, order: Order) -> None:
    """The server used its token before whoever delivered it could write that down, and was killed."""
    used = order.registration_tokens.filter(used_at__isnull=False).order_by("used_at").last()
    for effect in context.job.effects.filter(kind="registration_token", state=Effect.State.PLANNED):
        context.done(effect, str(used.pk) if used else "", adopted=True)


def await_heartbeat(context: Context) -> Outcome:
    """The server has been heard, or is helped to speak."""
    order = orders.of_job(context.job)
    if order.server.beat.beat_count:
        context.log("The server sent its first heartbeat")
        return Next("push_config")
    if order.server.registered_at is None and registration.waiting_token(order) is None:
        context.log("The registration token has expired")
        return Next("issue_registration")
    if not provisioner().progress(order.pk).agent_running:
        provisioner().start(plan_of(order))
        return Wait(HEARTBEAT_LOOK_SECONDS, "the server's agent was not running and has been started again")
    return Wait(HEARTBEAT_LOOK_SECONDS, "waiting for the server's first heartbeat")


def push_config(context: Context) -> Outcome:
    """What it should run."""
    revision = configuration.publish(orders.of_job(context.job), reason="first configuration")
    context.log(f"Configuration {revision.version} is published")
    return Next("fulfil")


def fulfil(context: Context) -> Outcome:
    """The customer hears of it in the same commit, once."""
    with transaction.atomic():
        order = orders.reach(orders.of_job(context.job), Order.Status.FULFILLED)
        mail.queue(
            "tenants/server_ready",
            order.customer.email,
            {"name": order.customer.name, "domain": order.domain, "url": order.dashboard_url, "tools": order.tools},
            key=f"server_ready:{order.pk}",
            organization_id=order.organization_id,
        )
    context.log(f"The order is fulfilled: {order.dashboard_url}")
    return Done()

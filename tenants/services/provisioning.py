"""From a paid order to a running server: the workflow, and what its end means for the order."""

from django.db import transaction

from platform_core.models import Job
from platform_core.workflow import Step, Workflow
from tenants.models import Order
from tenants.services import orders
from tenants.services import provisioning_handover as handover
from tenants.services import provisioning_set_up as set_up

MINUTE, HOUR = 60, 3600

# Where an order stands while its job is at a step.
STATUS_AT = {
    "reserve_server": Order.Status.PAYMENT_CONFIRMED,
    "check_dns": Order.Status.SERVER_READY,
    "run_provisioner": Order.Status.DNS_READY,
    "follow_provisioner": Order.Status.DNS_READY,
    "issue_registration": Order.Status.PROVISIONING,
    "await_heartbeat": Order.Status.PROVISIONING,
    "push_config": Order.Status.PROVISIONING,
    "fulfil": Order.Status.PROVISIONING,
}


def fail_order(job: Job) -> None:
    """The order says why."""
    orders.fail(orders.of_job(job), job.error)


@transaction.atomic
def resume_order(job: Job) -> None:
    """The order goes on where it failed; a run of the provisioner that ended badly is followed by a new one."""
    if job.step == "follow_provisioner":
        job.step = "run_provisioner"
        job.save(update_fields=["step"])
    orders.move(orders.of_job(job), STATUS_AT[job.step])


PROVISION_ORDER = Workflow(
    orders.KIND,
    steps=[
        Step("reserve_server", set_up.reserve_server),
        Step("check_dns", set_up.check_dns, timeout=60, deadline=72 * HOUR),
        Step("run_provisioner", set_up.run_provisioner),
        Step("follow_provisioner", set_up.follow_provisioner, deadline=30 * MINUTE),
        Step("issue_registration", handover.issue_registration),
        Step("await_heartbeat", handover.await_heartbeat, deadline=30 * MINUTE),
        Step("push_config", handover.push_config),
        Step("fulfil", handover.fulfil),
    ],
    on_fail=fail_order,
    on_retry=resume_order,
)

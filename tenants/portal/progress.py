"""An order's way to a running server, as the customer follows it."""

from dataclasses import dataclass

from platform_core.models import Job
from tenants.models import Order
from tenants.services import orders
from tenants.services.provisioning import STATUS_AT

Status = Order.Status

# What a customer tells apart: how it reads once done, and while it is being done.
STAGES = (
    ("Payment confirmed", "Confirming the payment"),
    ("Server reserved", "Reserving a server"),
    ("Address set", "Setting the address"),
    ("Tools installed", "Installing your tools"),
    ("Ready", "Almost ready"),
)
# A status says what has been reached: this is the stage that is under way from there.
UNDER_WAY = {
    Status.PAYMENT_CONFIRMED: 1,
    Status.AWAITING_SERVER: 1,
    Status.SERVER_READY: 2,
    Status.DNS_PENDING: 2,
    Status.DNS_READY: 3,
    Status.PROVISIONING: 3,
    Status.FULFILLED: len(STAGES),
}
OVER = frozenset({Status.FULFILLED, Status.FAILED, Status.CANCELED, Status.SUSPENDED})


@dataclass(frozen=True)
class Stage:
    """One stage: done, now, failed or ahead."""

    label: str
    state: str


@dataclass(frozen=True)
class Progress:
    """Where an order is, what it waits for, and the job that moves it."""

    order: Order
    job: Job | None
    stages: tuple[Stage, ...]

    @property
    def is_ready(self) -> bool:
        """The server runs."""
        return self.order.status == Status.FULFILLED

    @property
    def is_over(self) -> bool:
        """Nothing more will happen by itself."""
        return self.order.status in OVER

    @property
    def waits_for(self) -> str:
        """In the job's own words."""
        return self.job.wait_reason if self.job and not self.is_over else ""


def progress_of(order: Order) -> Progress:
    """Everything the page shows of the order but its log."""
    job = orders.job_of(order)
    return Progress(order, job, _stages(order, job))


def _stages(order: Order, job: Job | None) -> tuple[Stage, ...]:
    under_way = UNDER_WAY[_stood(order, job)]
    here = {Status.FAILED: "failed"}.get(Status(order.status), "now")
    states = ["done"] * under_way + [here] + ["ahead"] * len(STAGES)
    return tuple(
        Stage(doing if state == "now" else done, state) for (done, doing), state in zip(STAGES, states, strict=False)
    )


def _stood(order: Order, job: Job | None) -> Order.Status:
    """Where the order stands on its way; one that left it, where the step that its job is at would have had it."""
    if order.status in UNDER_WAY:
        return Status(order.status)
    return STATUS_AT[job.step] if job else Status.PAYMENT_CONFIRMED

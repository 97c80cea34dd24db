"""An order on its page in the console."""

from platform_core import clock
from platform_core.models import Effect, Job, JobLog, StepRun
from tenants.models import Order
from tests import make
from tests.clients import staff
from tests.pages import Browser


def with_history(order: Order) -> Job:
    now = clock.now()
    job = Job.objects.create(
        kind="provision_order", status=Job.Status.WAITING, subject_type="tenants.order", subject_id=order.pk,
        step="await_heartbeat", wait_reason="Waiting for the first heartbeat.", idempotency_key=f"provision:{order.pk}",
    )  # fmt: skip
    StepRun.objects.create(
        job=job, step="run_provisioner", attempt=2, token=3, outcome=StepRun.Outcome.RETRY, detail="It was busy.",
        started_at=now, ended_at=now, duration_ms=17,
    )  # fmt: skip
    JobLog.objects.create(job=job, seq="1", at=now, step="run_provisioner", text="<i>Starting</i>")
    Effect.objects.create(job=job, key="k", provider="process", kind="run", planned_at=now)
    return job


def page_of(order: Order, *permissions: str) -> str:
    return str(Browser(staff(*permissions).user).get(f"/admin/tenants/order/{order.pk}/change/").content.decode())


def test_its_page_tells_what_was_tried_and_said() -> None:
    order = make.order()
    job = with_history(order)

    html = page_of(order, "tenants.view_order")

    for text in ("Waiting for the first heartbeat.", "run_provisioner", "Retry: It was busy.", "17 ms"):
        assert text in html
    assert "&lt;i&gt;Starting&lt;/i&gt;" in html
    assert f"/admin/platform_core/job/{job.pk}/change/" in html


def test_an_order_without_a_job_says_so() -> None:
    assert "Nothing has been done for this order yet." in page_of(make.order(), "tenants.view_order")


def test_provisioning_is_offered_where_it_can_begin_and_begins() -> None:
    order = make.order(status=Order.Status.PAYMENT_CONFIRMED)
    rights = ("tenants.view_order", "tenants.provision_order")
    assert f"/admin/tenants/order/{order.pk}/do/provision/" in page_of(order, *rights)

    Browser(staff(*rights).user).post(f"/admin/tenants/order/{order.pk}/do/provision/")

    assert Job.objects.get().subject_id == order.pk


def test_a_running_server_is_not_provisioned_again() -> None:
    order = make.order(status=Order.Status.FULFILLED)
    rights = ("tenants.view_order", "tenants.provision_order")
    assert "/do/provision/" not in page_of(order, *rights)

    answer = Browser(staff(*rights).user).post(f"/admin/tenants/order/{order.pk}/do/provision/", follow=True)

    assert "An order that is FULFILLED cannot be provisioned." in answer.content.decode()
    assert not Job.objects.exists()

"""Reads that span apps."""

from billing.models import Invoice, Price, Subscription
from orgs.models import Membership
from orgs.roles import Role
from platform_core import clock
from platform_core.models import Job
from tenants import selectors
from tenants.models import Order, Server
from tenants.selectors import Amount
from tests import make

Status = Order.Status


def test_a_customer_owns_an_organization_that_ordered() -> None:
    ordered, idle = make.organization(), make.organization()
    owner = make.person(ordered)
    make.person(ordered, Role.ADMIN)
    make.membership(ordered, role=Role.OWNER, status=Membership.Status.SUSPENDED)
    make.person(idle)
    for _ in range(2):
        make.order(ordered, customer=owner)

    assert list(selectors.customers()) == [owner]


def test_orders_and_servers_are_counted_by_every_status() -> None:
    make.server(make.order(status=Status.FULFILLED), status=Server.Status.ONLINE)
    make.server(make.order(status=Status.FULFILLED), status=Server.Status.LATE)
    make.order(status=Status.FAILED)

    stats = selectors.platform_stats()

    assert stats.order_count == 3
    assert {status: count for status, count in stats.orders_by_status.items() if count} == {"FULFILLED": 2, "FAILED": 1}
    assert set(stats.orders_by_status) == set(Status.values)
    assert stats.servers_by_status == {"reserved": 0, "online": 1, "late": 1, "offline": 0}


def test_recurring_money_counts_live_subscriptions_and_a_year_as_twelve_months() -> None:
    monthly, yearly = make.plan(price_minor=2_900), make.plan(price_minor=None)
    make.price(yearly, interval=Price.Interval.YEAR, amount_minor=11_990)
    euro = make.plan(price_minor=None)
    make.price(euro, currency="eur", amount_minor=1_000)
    make.subscription(plan=monthly, quantity=2)
    make.subscription(plan=monthly, status=Subscription.Status.CANCELED)
    make.subscription(plan=yearly)
    make.subscription(plan=euro)

    stats = selectors.platform_stats()

    assert stats.live_subscription_count == 3
    # A twelfth of 119.90 is 9.99 and a sixth of a cent: rounded once, for the subscription.
    assert stats.monthly_recurring == [Amount("eur", 1_000), Amount("usd", 6_799)]


def test_revenue_is_what_was_paid() -> None:
    make.invoice(status=Invoice.Status.PAID, paid_minor=2_900)
    make.invoice(status=Invoice.Status.PAID, paid_minor=100, currency="eur")
    make.invoice(status=Invoice.Status.OPEN)

    assert selectors.platform_stats().revenue == [Amount("eur", 100), Amount("usd", 2_900)]


def test_failing_jobs_are_those_that_failed_or_go_on_failing() -> None:
    order = make.order(domain="acme.test")
    make.job(status=Job.Status.DONE, failures=0)
    make.job(status=Job.Status.DONE, failures=3)
    make.job(status=Job.Status.WAITING, wait_reason="waiting for DNS")
    trying = make.job(status=Job.Status.QUEUED, failures=2, error="No answer.")
    failed = make.job(
        subject_type="tenants.order",
        subject_id=order.pk,
        status=Job.Status.FAILED,
        error="No room.",
        finished_at=clock.now(),
    )

    found = selectors.failing_jobs()

    assert [(job.id, job.subject, job.reason) for job in found] == [
        (failed.pk, "acme.test", "No room."),
        (trying.pk, str(trying.subject_id), "No answer."),
    ]
    assert selectors.platform_stats().failing_job_count == 2
    assert found[0].since == failed.finished_at
    assert len(selectors.failing_jobs(limit=1)) == 1

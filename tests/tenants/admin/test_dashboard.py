"""The console's first page."""

import re
from datetime import timedelta

import pytest

from orgs.models import Organization
from orgs.roles import Role
from platform_core import clock
from platform_core.models import AuditChain, Job, ProviderCursor, ProviderEvent
from tenants.models import Order, Server
from tests import clients, make
from tests.clients import staff
from tests.pages import Browser, Outline

ALL = (
    "orgs.view_organization",
    "billing.view_subscription",
    "tenants.view_order",
    "tenants.view_server",
    "platform_core.view_job",
    "platform_core.view_auditevent",
    "platform_core.view_providerevent",
)


def seen_by(*permissions: str) -> str:
    """The words of the first page."""
    answer = Browser(staff(*permissions).user).get("/admin/")
    assert answer.status_code == 200
    outline = Outline()
    outline.feed(answer.content.decode().partition('<div class="dash">')[2])
    return " ".join(" ".join(outline.text).split())


def company() -> Order:
    """Two customers: one with a server that is late, one whose order failed."""
    late = make.server(make.order(status=Order.Status.FULFILLED), status=Server.Status.LATE)
    late.beat.last_seen_at = clock.now() - timedelta(minutes=20)
    late.beat.save()
    failed = make.order(status=Order.Status.FAILED, domain="failed.tenants.localhost")
    make.person(failed.organization, Role.ADMIN)
    Job.objects.create(
        kind="provision_order", status=Job.Status.FAILED, subject_type="tenants.order", subject_id=failed.pk,
        step="run_provisioner", error="The disk is full.", idempotency_key="k",
    )  # fmt: skip
    return failed


def test_a_record_that_does_not_hold_is_hard_to_miss(organization: Organization) -> None:
    chain = make.sealed_chain(organization)
    assert "Audit records" not in seen_by("platform_core.view_auditchain")

    AuditChain.objects.filter(pk=chain.pk).update(problem="Event 3 is missing.", verified_at=clock.now())

    page = seen_by("platform_core.view_auditchain")
    assert "Audit records 1 broken events were changed or removed" in page
    assert f"Audit records that do not hold Record of {organization.pk} Event 3 is missing." in page
    assert "Audit records" not in seen_by("platform_core.view_auditevent")


def test_it_shows_how_the_company_stands() -> None:
    company()

    page = seen_by(*ALL)

    for text in (
        "Customers 2 ",
        "Monthly recurring revenue $58.00 2 live subscriptions",
        "Servers online 0 of 1 1 late, 0 offline",
        "Failing jobs 1 somebody should look",
        "Orders by state 2 in all",
        "Fulfilled 1 Failed 1",
        "failed.tenants.localhost at run_provisioner The disk is full.",
        "Late 20 minutes ago",
    ):
        assert text in page


def test_with_nothing_yet_it_says_that_all_is_well() -> None:
    page = seen_by(*ALL)

    for text in ("Customers 0", "Monthly recurring revenue none", "None. Every server reports in time."):
        assert text in page
    assert "None. Everything that was begun went through." in page
    assert "Nothing has been changed yet." in page


def test_what_the_provider_told_and_nobody_acted_upon_is_told() -> None:
    assert "Provider's events 0 waiting 0 gaps filled last" in seen_by("platform_core.view_providerevent")
    make.provider_event()
    late = make.provider_event()
    ProviderEvent.objects.filter(pk=late.pk).update(created_at=clock.now() - timedelta(minutes=20))
    make.provider_event(status="FAILED")
    ProviderCursor.objects.create(provider="stripe", name="events", found_count=1)
    make.reconciliation_finding()
    make.reconciliation_finding(object_id="sub_2", resolved_at=clock.now(), resolution="gone")

    page = seen_by("platform_core.view_providerevent", "billing.view_reconciliationfinding")

    assert "Provider's events 2 waiting 1 failed, the oldest since 20 minutes ago , 1 gap filled last" in page
    assert "Differences with the provider 1 to be settled" in page
    assert "Differences" not in seen_by("platform_core.view_providerevent")


def test_states_have_the_models_own_words() -> None:
    make.order(status=Order.Status.DNS_PENDING)
    make.order(status=Order.Status.DNS_READY)

    assert "DNS pending 1 DNS ready 1" in seen_by(*ALL)
    orders = clients.staff("tenants.view_order").get("/admin/tenants/order/").content.decode()
    cells = re.findall(r'class="field-state[^"]*"[^>]*>(.*?)</td>', orders, re.DOTALL)
    assert sorted(" ".join(re.sub("<[^>]+>", "", cell).split()) for cell in cells) == ["DNS pending", "DNS ready"]


@pytest.mark.parametrize(
    ("permission", "text"),
    [
        ("orgs.view_organization", "Customers"),
        ("billing.view_subscription", "Monthly recurring revenue"),
        ("tenants.view_order", "Orders by state"),
        ("tenants.view_server", "Servers late or offline"),
        ("platform_core.view_job", "Failing jobs"),
        ("platform_core.view_auditevent", "Recent changes"),
        ("platform_core.view_providerevent", "Provider's events"),
    ],
)
def test_each_part_is_shown_to_those_who_may_open_what_it_names(permission: str, text: str) -> None:
    others = [each for each in ALL if each != permission]

    assert text in seen_by(permission)
    assert text not in seen_by(*others)


def test_every_figure_leads_to_its_rows() -> None:
    failed = company()
    job = Job.objects.get()

    html = Browser(staff(*ALL).user).get("/admin/").content.decode()

    assert f"/admin/platform_core/job/{job.pk}/change/" in html
    assert "/admin/tenants/order/?status__exact=FAILED" in html
    assert (
        Browser(staff(*ALL).user)
        .get("/admin/tenants/order/?status__exact=FAILED")
        .content.decode()
        .count(failed.domain)
    )


def test_the_side_bar_names_only_what_may_be_opened() -> None:
    html = Browser(staff("tenants.view_order").user).get("/admin/").content.decode()

    assert "/admin/tenants/order/" in html
    assert "/admin/billing/invoice/" not in html
    assert "Billing" not in html

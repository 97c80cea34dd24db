"""An order as its buyer watches it."""

from typing import Any

import pytest

from orgs.models import Organization
from platform_core import clock
from platform_core.models import Job, JobLog
from tenants.models import Order
from tenants.portal import orders as pages
from tests import make
from tests.pages import Browser

Status = Order.Status


@pytest.fixture
def browser(organization: Organization) -> Browser:
    return Browser(make.person(organization))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "WAIT_SECONDS", 0.0)


def order_at(organization: Organization, status: str, **fields: Any) -> Order:
    return make.order(organization, status=status, domain="harbour.tenants.localhost", **fields)


def job_of(order: Order, status: str = Job.Status.WAITING, **fields: Any) -> Job:
    values = {"step": "await_heartbeat", "wait_reason": "Waiting for the first heartbeat."} | fields
    return Job.objects.create(
        kind="provision_order",
        status=status,
        organization_id=order.organization_id,
        subject_type="tenants.order",
        subject_id=order.pk,
        idempotency_key=f"provision:{order.pk}",
        **values,
    )


def say(job: Job, *texts: str) -> list[JobLog]:
    begun = job.log_lines.count()
    return [
        JobLog.objects.create(job=job, seq=str(begun + number), at=clock.now(), step=job.step, text=text)
        for number, text in enumerate(texts)
    ]


# --- The page -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "stages"),
    [
        (Status.PAYMENT_CONFIRMED, ["done", "now", "ahead", "ahead", "ahead"]),
        (Status.AWAITING_SERVER, ["done", "now", "ahead", "ahead", "ahead"]),
        (Status.SERVER_READY, ["done", "done", "now", "ahead", "ahead"]),
        (Status.DNS_PENDING, ["done", "done", "now", "ahead", "ahead"]),
        (Status.DNS_READY, ["done", "done", "done", "now", "ahead"]),
        (Status.PROVISIONING, ["done", "done", "done", "now", "ahead"]),
    ],
)
def test_each_status_shows_what_is_done_and_what_is_under_way(
    browser: Browser, organization: Organization, status: str, stages: list[str]
) -> None:
    page = browser.read(f"/orders/{order_at(organization, status).pk}")

    found = [each for each in ("done", "now", "ahead", "failed") for _ in range(page.html.count(f'<li class="{each}"'))]
    assert found == sorted(stages, key=["done", "now", "ahead"].index)
    assert page.html.count('aria-current="step"') == 1


def test_what_is_waited_for_is_said_in_the_job_s_own_words(browser: Browser, organization: Organization) -> None:
    order = order_at(organization, Status.PROVISIONING)
    job_of(order)

    page = browser.read(f"/orders/{order.pk}")

    assert "Installing your tools Waiting for the first heartbeat." in page.text


def test_a_running_server_shows_its_address(browser: Browser, organization: Organization) -> None:
    order = order_at(organization, Status.FULFILLED, fulfilled_at=clock.now())
    server = make.server(order)

    page = browser.read(f"/orders/{order.pk}")

    assert "Your server is ready harbour.tenants.localhost" in page.text
    assert "https://harbour.tenants.localhost" in page.links
    assert f"/servers/{server.pk}" in page.links
    assert "data-live" not in page.html


@pytest.mark.parametrize(("step", "done"), [("reserve_server", 1), ("check_dns", 2), ("run_provisioner", 3)])
def test_a_failed_order_says_where_and_why(browser: Browser, organization: Organization, step: str, done: int) -> None:
    order = order_at(organization, Status.FAILED, failure="The disk is full.")
    job_of(order, Job.Status.FAILED, step=step)

    page = browser.read(f"/orders/{order.pk}")

    assert "Setting up failed. The disk is full." in page.text
    assert page.html.count('<li class="done"') == done
    assert page.html.count('<li class="failed"') == 1
    assert "data-live" not in page.html


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.CANCELED])
def test_an_order_that_was_stopped_says_so(browser: Browser, organization: Organization, status: str) -> None:
    page = browser.read(f"/orders/{order_at(organization, status).pk}")

    assert f"This order is {status.lower()}." in page.text


def test_the_log_so_far_is_on_the_page_and_goes_on_from_its_last_line(
    browser: Browser, organization: Organization
) -> None:
    order = order_at(organization, Status.PROVISIONING)
    lines = say(job_of(order), "Reserving", "<b>not bold</b>")

    page = browser.read(f"/orders/{order.pk}")

    assert "Reserving" in page.text
    assert "<b>not bold</b>" in page.text
    assert f'data-cursor="{lines[-1].pk}"' in page.html
    assert f'data-live="/orders/{order.pk}/live"' in page.html


# --- Live ---------------------------------------------------------------------------------------------------------


def test_asking_from_a_cursor_gives_what_came_after_and_nothing_twice(
    browser: Browser, organization: Organization
) -> None:
    order = order_at(organization, Status.PROVISIONING)
    job = job_of(order)
    first, second = say(job, "one", "two")

    news = browser.get(f"/orders/{order.pk}/live", {"after": first.pk}).json()
    again = browser.get(f"/orders/{order.pk}/live", {"after": news["cursor"]}).json()
    third = say(job, "three")[0]
    later = browser.get(f"/orders/{order.pk}/live", {"after": again["cursor"]}).json()

    assert [line["text"] for line in news["lines"]] == ["two"]
    assert (news["cursor"], news["isOver"]) == (second.pk, False)
    assert (again["lines"], again["cursor"]) == ([], second.pk)
    assert ([line["text"] for line in later["lines"]], later["cursor"]) == (["three"], third.pk)


def test_the_end_is_told_with_what_the_page_turns_into(browser: Browser, organization: Organization) -> None:
    order = order_at(organization, Status.FULFILLED, fulfilled_at=clock.now())
    make.server(order)
    job_of(order, Job.Status.DONE)

    news = browser.get(f"/orders/{order.pk}/live").json()

    assert news["isOver"] is True
    assert "Your server is ready" in news["progress"]


def test_an_order_is_not_over_before_its_job_has_said_its_last_word(
    browser: Browser, organization: Organization
) -> None:
    order = order_at(organization, Status.FULFILLED, fulfilled_at=clock.now())
    job_of(order, Job.Status.RUNNING)

    assert browser.get(f"/orders/{order.pk}/live").json()["isOver"] is False


def test_an_order_that_waits_for_staff_has_nothing_to_say_yet(browser: Browser, organization: Organization) -> None:
    order = order_at(organization, Status.PAYMENT_CONFIRMED, automation=Order.Automation.MANUAL)

    news = browser.get(f"/orders/{order.pk}/live", {"after": "7"}).json()

    assert (news["lines"], news["cursor"], news["isOver"]) == ([], 7, False)


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "9" * 19])
def test_a_cursor_that_is_none_is_refused(browser: Browser, organization: Organization, after: str) -> None:
    order = order_at(organization, Status.PROVISIONING)

    assert browser.get(f"/orders/{order.pk}/live", {"after": after}).status_code == 400


# --- Who ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["", "/live"])
def test_a_stranger_s_order_is_as_unknown_as_none(browser: Browser, what: str) -> None:
    theirs = make.order()

    page = browser.read(f"/orders/{theirs.pk}{what}")

    assert page.status == 404
    assert theirs.domain not in page.html


@pytest.mark.parametrize("what", ["", "/live"])
def test_nobody_is_asked_to_sign_in(organization: Organization, what: str) -> None:
    path = f"/orders/{make.order(organization).pk}{what}"

    assert Browser().read(path).location == f"/accounts/login/?next={path}"

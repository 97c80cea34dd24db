"""What is found to be lost, doubled or stuck."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from platform_core import clock
from platform_core.models import Effect, Job, Mail, ProviderEvent, StepRun
from tenants.management.crashtest.customers import Market
from tenants.management.crashtest.verdict import Finding, Kind, findings, once
from tests import make


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, settings: Settings) -> None:
    settings.TENANT_ROOT = tmp_path / "tenants"
    settings.TENANT_ROOT.mkdir()
    settings.EMAIL_FILE_PATH = tmp_path / "mail"


def told(kind: Kind) -> list[str]:
    return [finding.text for finding in findings(Market()) if finding.kind == kind]


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        ([], [], []),
        (["a", "b"], ["b", "a"], []),
        (["a"], ["a", "b"], [Finding(Kind.LOST, "thing of b")]),
        (["a", "a"], ["a"], [Finding(Kind.DOUBLED, "thing of a: 2")]),
        (["a"], [], [Finding(Kind.DOUBLED, "thing of a: 1")]),
        ({"a": "x"}, ["a"], []),
    ],
)
def test_each_wanted_one_exactly_once(found: list[str], wanted: list[str], expected: list[Finding]) -> None:
    assert list(once("thing", found, wanted)) == expected


def test_nothing_happened_and_nothing_is_wrong() -> None:
    assert findings(Market()) == []


def test_a_purchase_without_an_order_is_lost() -> None:
    market = Market(emails=["ada@example.test"])

    assert [finding.text for finding in findings(market)] == ["purchase of ada@example.test"]


def test_an_order_that_nobody_paid_for_is_doubled() -> None:
    order = make.order()

    doubled = told(Kind.DOUBLED)

    assert f"order of {order.subscription.provider_subscription_id}: 1" in doubled
    lost = told(Kind.LOST)
    for what in ("fulfilment", "server", "directory", "agent process", "job", "opening"):
        assert f"{what} of {order.pk}" in lost


def test_a_step_that_went_well_twice_is_doubled() -> None:
    order = make.order()
    job = make.job(kind="provision_order", step="fulfil", subject_id=order.pk, status=Job.Status.DONE)
    now = clock.now()
    for token in (1, 2):
        StepRun.objects.create(
            job=job, step="fulfil", attempt=1, token=token, outcome="OK", started_at=now, ended_at=now, duration_ms=1
        )

    assert f"step of ({job.pk!r}, 'fulfil'): 2" in told(Kind.DOUBLED)
    assert f"step of ({job.pk!r}, 'reserve_server')" in told(Kind.LOST)


def test_a_message_that_was_handed_over_twice_is_the_same_message(tmp_path: Path) -> None:
    mail = make.mail(status=Mail.Status.SENT)
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "one").write_text(f"Message-ID: <{mail.pk}@hub>\n\nMessage-ID: <{mail.pk}@hub>\n")
    assert told(Kind.LOST) == []
    assert told(Kind.DOUBLED) == [f"mail of ('{mail.template}', '{mail.to}'): 1"]

    (folder / "one").unlink()
    assert told(Kind.LOST) == [f"message of {mail.pk}"]


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[None]:
    """Two processes that look like agents of one order."""
    home = str(tmp_path / "tenants" / "some-order" / "agent")
    command = [sys.executable, "-c", "import time; time.sleep(60)", "--home", home, "--detach"]
    processes = [subprocess.Popen(command) for _ in range(2)]
    time.sleep(0.1)
    yield
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("agents")
def test_two_agents_on_one_home_are_doubled() -> None:
    assert "agent process of some-order: 2" in told(Kind.DOUBLED)


def test_whatever_still_waits_is_stuck() -> None:
    job = make.job()
    Effect.objects.create(job=job, key="x", provider="p", kind="k", planned_at=clock.now())
    make.mail()
    make.webhook_delivery()
    ProviderEvent.objects.create(
        provider="stripe", external_id="evt_1", kind="x", occurred_at=clock.now(), body="{}", status="FAILED"
    )

    assert [text.split(" ")[0] for text in told(Kind.STUCK)] == ["job", "effect", "provider", "mail", "webhook"]

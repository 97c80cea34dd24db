"""One claim statement, and results that count only while the row is ours."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import F

from platform_core import clock, leases
from platform_core.models import Job, Mail
from platform_core.models.leases import LONG_AGO
from platform_core.transactions import InsideTransaction
from tests import make
from tests.clocks import at


def test_a_claim_leases_the_row_and_writes_when_it_may_be_tried_again() -> None:
    mail = make.mail()

    claimed = leases.claim(Mail, worker="w" * 100, seconds=30)

    assert claimed == mail
    mail.refresh_from_db()
    assert (mail.lease_token, mail.attempt, mail.worker) == (1, 1, "w" * 80)
    assert timedelta(seconds=29) < mail.lease_until - clock.wall() <= timedelta(seconds=30)
    assert timedelta(0) < mail.run_after - clock.now() <= timedelta(seconds=1)
    assert (claimed.text, claimed.lease_until) == ("Hello, Ada.", mail.lease_until)


def test_a_leased_row_is_nobody_elses_until_its_lease_is_over() -> None:
    make.mail()
    first = leases.claim(Mail, worker="one", seconds=60)
    assert first is not None
    assert leases.claim(Mail, worker="two") is None

    Mail.objects.update(lease_until=clock.wall() - timedelta(seconds=1), run_after=clock.now())
    second = leases.claim(Mail, worker="two")

    assert second == first
    assert (second.lease_token, second.attempt) == (2, 2)


def test_the_row_that_has_waited_longest_comes_first() -> None:
    ages = [make.mail(run_after=clock.now() - timedelta(minutes=minutes)) for minutes in (1, 3, 2)]

    claimed = [leases.claim(Mail, worker="w") for _ in range(4)]

    assert claimed == [ages[1], ages[2], ages[0], None]


def test_a_named_row_is_claimed_only_when_it_is_its_turn() -> None:
    other, late = make.mail(), make.mail(run_after=clock.now() + timedelta(minutes=1))

    assert leases.claim(Mail, worker="w", pk=late.pk) is None
    assert leases.claim(Mail, worker="w", pk=uuid4()) is None
    assert leases.claim(Mail, worker="w", pk=other.pk) == other


def test_only_waiting_rows_are_claimed() -> None:
    make.mail(status=Mail.Status.SENT)
    make.mail(status=Mail.Status.FAILED)

    assert leases.claim(Mail, worker="w") is None


def test_a_claimed_job_is_running_whatever_it_was() -> None:
    for status in Job.CLAIMABLE:
        make.job(status=status)

    claimed = [leases.claim(Job, worker="w") for _ in Job.CLAIMABLE]

    assert {job.status for job in claimed if job} == {Job.Status.RUNNING}
    assert len(set(claimed)) == 3


@pytest.mark.parametrize(("tries", "longest"), [(0, 1), (1, 2), (5, 32), (9, 512), (10, 600), (40, 600)])
def test_the_pause_doubles_up_to_its_cap(tries: int, longest: int) -> None:
    make.mail(attempt=tries)

    claimed = leases.claim(Mail, worker="w")

    assert claimed is not None
    pause = (claimed.run_after - clock.now()).total_seconds()
    assert longest / 2 - 1 < pause <= longest


def test_waiting_is_business_time_and_leasing_is_not() -> None:
    make.mail()
    claimed = leases.claim(Mail, worker="w", seconds=60)
    assert claimed is not None

    with at(clock.wall() + timedelta(days=40)):
        assert leases.claim(Mail, worker="w") is None
        assert leases.settle(claimed, run_after=clock.now() - timedelta(days=1))
        assert leases.claim(Mail, worker="w") is not None


def test_settling_frees_the_row_and_tells_the_object() -> None:
    make.mail()
    claimed = leases.claim(Mail, worker="w")
    assert claimed is not None

    assert leases.settle(claimed, status=Mail.Status.SENT, attempt=F("attempt") + 4)

    assert claimed.status == Mail.Status.SENT
    claimed.refresh_from_db()
    assert (claimed.status, claimed.attempt, claimed.lease_until) == (Mail.Status.SENT, 5, LONG_AGO)


def test_the_result_of_a_fenced_worker_is_thrown_away() -> None:
    make.mail()
    slow = leases.claim(Mail, worker="slow")
    Mail.objects.update(lease_until=LONG_AGO, run_after=clock.now())
    quick = leases.claim(Mail, worker="quick")
    assert slow is not None
    assert quick is not None

    assert not leases.settle(slow, status=Mail.Status.FAILED)
    assert not leases.renew(slow)

    quick.refresh_from_db()
    assert (quick.status, quick.worker) == (Mail.Status.PENDING, "quick")
    assert leases.settle(quick, status=Mail.Status.SENT)


def test_renewing_holds_the_row_for_longer() -> None:
    make.mail()
    claimed = leases.claim(Mail, worker="w", seconds=1)
    assert claimed is not None

    assert leases.renew(claimed, 500)

    claimed.refresh_from_db()
    assert claimed.lease_until > clock.wall() + timedelta(seconds=490)


def test_no_claim_inside_a_transaction() -> None:
    make.mail()
    with pytest.raises(InsideTransaction), transaction.atomic():
        leases.claim(Mail, worker="w")

"""Several processes at one queue."""

import signal

from tests.platform_core.processes.instance import Instance, until

ROWS, PROCESSES = 200, 3


def test_each_row_goes_to_exactly_one_of_several_processes(own: Instance) -> None:
    own.prepare("mail", ROWS)
    claimers = [own.fork("-m", "tests.platform_core.processes.claim_all") for _ in range(PROCESSES)]
    until(lambda: len(list(own.sign("").glob("ready.*"))) == PROCESSES)
    own.sign("go").touch()

    claimed = [process.said().split() for process in claimers]

    assert sum(len(ids) for ids in claimed) == ROWS
    assert len({pk for ids in claimed for pk in ids}) == ROWS
    assert own.rows("SELECT status, attempt, lease_token, count(*) FROM platform_core_mail GROUP BY 1, 2, 3") == [
        ("SENT", 1, 1, ROWS)
    ]


def test_several_workers_do_each_job_once(own: Instance) -> None:
    own.prepare("make", 12)
    workers = [own.fork("manage.py", "runworker") for _ in range(3)]
    until(lambda: own.rows("SELECT count(*) FROM platform_core_mail WHERE status = 'SENT'") == [(12,)])
    for worker in workers:
        worker.terminate()

    # One that was told to stop before it had begun ends as any process does.
    assert {worker.wait(30) for worker in workers} <= {0, -signal.SIGTERM}
    assert own.rows("SELECT status, count(*) FROM platform_core_job GROUP BY 1") == [("DONE", 12)]
    assert own.rows("SELECT outcome, count(*) FROM platform_core_steprun GROUP BY 1 ORDER BY 1") == [
        ("OK", 36),
        ("WAIT", 12),
    ]
    assert len(own.things()) == 12
    assert len(own.mailed()) == 12

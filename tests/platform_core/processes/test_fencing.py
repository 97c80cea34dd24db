"""A worker that stood still, and one that would not stop."""

import os
import signal

from platform_core.watchdog import EXIT_OVERRUN
from tests.platform_core.processes.instance import Instance, until

HISTORY = "SELECT step, token, outcome FROM platform_core_steprun ORDER BY id"


def began(own: Instance) -> set[int]:
    return {int(path.suffix[1:]) for path in own.sign("").glob("began.*")}


def test_a_worker_that_stood_still_is_fenced_off(own: Instance) -> None:
    """SIGSTOP one beyond its lease, let another finish, let the first go on: nothing is made or written twice."""
    own.environment["WORKER_LEASE_SECONDS"] = "1"
    own.prepare("linger", 1)
    workers = [own.fork("manage.py", "runworker") for _ in range(2)]
    until(lambda: began(own))
    slow, quick = sorted(workers, key=lambda worker: worker.pid not in began(own))
    os.kill(slow.pid, signal.SIGSTOP)

    until(lambda: quick.pid in began(own))
    own.sign("go").touch()
    until(lambda: own.rows("SELECT status FROM platform_core_job") == [("DONE",)])
    os.kill(slow.pid, signal.SIGCONT)
    until(lambda: own.rows(HISTORY)[-1][2] == "FENCED")
    for worker in workers:
        worker.terminate()

    assert [worker.wait(30) for worker in workers] == [0, 0]
    assert own.rows(HISTORY) == [
        ("linger", 2, "OK"),
        ("look", 3, "WAIT"),
        ("look", 4, "OK"),
        ("announce", 5, "OK"),
        ("linger", 1, "FENCED"),
    ]
    assert len(own.things()) == 1
    assert own.rows("SELECT state, count(*) FROM platform_core_effect GROUP BY 1") == [("CREATED", 1)]
    assert own.rows("SELECT count(*) FROM platform_core_mail") == [(1,)]


def test_a_worker_whose_step_hangs_ends_and_another_goes_on(own: Instance) -> None:
    own.environment["WORKER_LEASE_SECONDS"] = "1"
    own.prepare("hang", 1)

    workers = [own.fork("manage.py", "runworker") for _ in range(2)]
    until(lambda: own.rows("SELECT status, lease_token FROM platform_core_job") == [("DONE", 2)])
    for worker in workers:
        worker.terminate()

    assert {worker.wait(30) for worker in workers} == {0, EXIT_OVERRUN}
    assert own.rows("SELECT text FROM platform_core_joblog") == [("The worker was lost; another one goes on.",)]

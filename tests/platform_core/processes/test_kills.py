"""SIGKILL between each pair of commits."""

import json

from tests.platform_core.processes.instance import Instance

AS_IF_NOTHING_HAPPENED = {
    "status": "DONE",
    "things": 1,
    "lines": ["made", "announced", "celebrated"],
    "mail": ["SENT"],
    "sent": [True],
    "steps": [["announce", "OK"], ["look", "OK"], ["look", "WAIT"], ["make", "OK"]],
}


def test_a_job_killed_at_any_commit_ends_as_if_nothing_had_happened(own: Instance) -> None:
    runs = [json.loads(line) for line in own.run("-m", "tests.platform_core.processes.kill_each_commit").splitlines()]

    for run in runs:
        assert {name: run[name] for name in AS_IF_NOTHING_HAPPENED} == AS_IF_NOTHING_HAPPENED, run
        assert run["effects"] in (["CREATED"], ["ADOPTED"]), run
    killed = [run for run in runs if run["killed"]]
    # After each of five claims; around plan and record of the effect, a log line, four answers, the mail and its end.
    assert len(killed) >= 5 + 2 * 9
    assert any(run["effects"] == ["ADOPTED"] for run in killed)


def test_sealers_killed_at_any_commit_lose_no_event_and_seal_none_twice(own: Instance) -> None:
    found = json.loads(own.run("-m", "tests.platform_core.processes.kill_sealers").splitlines()[-1])

    written = 8 * 12
    assert found["deaths"] >= 6
    assert found["problem"] == ""
    assert found["sequences"] == list(range(1, written + 1))
    assert (found["actions"], found["unsealed"]) == (written, 0)

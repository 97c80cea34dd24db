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


def test_an_event_is_told_if_and_only_if_its_write_was_committed_and_by_one_id(own: Instance) -> None:
    found = json.loads(own.run("-m", "tests.platform_core.processes.kill_deliverers").splitlines()[-1])

    assert found["deaths"] >= 8
    # Only the one that died before its first commit wrote nothing.
    assert len(found["written"]) == 13
    assert "thing-1-False" not in found["written"]
    assert [[path, name] for path, name, _ in found["told"]] == [
        [path, name] for path in ("/0", "/1") for name in found["written"]
    ]
    assert len({message_id for _, _, message_id in found["told"]}) == 13
    assert found["owed"] == 0

"""What a heartbeat may say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_core.errors import InvalidInput
from tenants.api.tenant import heartbeat_body

# As the documents show it.
SEED: dict[str, Any] = {
    "status": "healthy",
    "openclawVersion": "v2026.2.1",
    "safetyWrapperVersion": "v1.0.3",
    "configVersion": 7,
    "agents": {
        "dispatcher": {"status": "active", "lastActiveAt": "2026-03-15T14:20:00Z"},
        "sales": {"status": "idle", "lastActiveAt": "2026-03-13T16:00:00Z"},
    },
    "resources": {
        "cpuPercent": 23,
        "memoryUsedMb": 6144,
        "memoryTotalMb": 16384,
        "diskUsedGb": 45,
        "diskTotalGb": 320,
        "containersRunning": 18,
        "containersStopped": 2,
    },
    "tokenUsage": {
        "periodStart": "2026-03-01T00:00:00Z",
        "tokensUsed": 8234000,
        "tokenAllotment": 15000000,
        "premiumTokensUsed": 125000,
        "premiumCostCents": 1250,
    },
    "backupStatus": {"lastBackup": "2026-03-15T02:15:00Z", "status": "success", "sizeGb": 4.2},
}
ABSENT = object()


def changed(path: str, value: Any) -> dict[str, Any]:
    """The documents' heartbeat with one thing changed, added or taken away."""
    *parents, name = path.split(".")
    body: dict[str, Any] = {key: dict(part) if isinstance(part, dict) else part for key, part in SEED.items()}
    place = body
    for parent in parents:
        place[parent] = dict(place[parent])
        place = place[parent]
    if value is ABSENT:
        del place[name]
    else:
        place[name] = value
    return body


def refused(body: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        heartbeat_body.check(body)
    return list(caught.value.details)


def test_the_documents_heartbeat_is_one() -> None:
    assert heartbeat_body.check(SEED) == SEED
    assert heartbeat_body.check({"status": "healthy", "configVersion": 0})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status", ABSENT),
        ("status", "fine"),
        ("status", 1),
        ("configVersion", ABSENT),
        ("configVersion", "7"),
        ("configVersion", True),
        ("configVersion", -1),
        ("configVersion", 7.5),
        ("configVersion", 2**31),
        ("openclawVersion", "v" * 41),
        ("hostname", "x"),
        ("agents", []),
        ("agents.sales", "idle"),
        ("agents.sales.status", ABSENT),
        ("agents.sales.status", None),
        ("agents.sales.lastActiveAt", "yesterday"),
        ("agents.sales.lastActiveAt", "2026-03-13T16:00:00"),
        ("agents.sales.mood", "good"),
        ("agents", {str(number): {"status": "idle"} for number in range(201)}),
        ("resources.cpuPercent", "23"),
        ("resources.cpuPercent", -0.1),
        ("resources.containersRunning", 1.5),
        ("resources.gpus", 1),
        ("tokenUsage.tokensUsed", 10**15 + 1),
        ("backupStatus.sizeGb", None),
    ],
)
def test_what_is_wrong_is_named_by_its_whole_path(path: str, value: Any) -> None:
    assert refused(changed(path, value)) == [path]


@pytest.mark.parametrize("body", [None, [], "healthy", 7])
def test_what_is_no_object_is_no_heartbeat(body: Any) -> None:
    assert refused(body) == ["body"]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    assert refused({"status": "fine", "resources": {"cpuPercent": "1"}, "x": 1}) == [
        "configVersion",
        "status",
        "resources.cpuPercent",
        "x",
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*SEED, "cpuPercent"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(body=JSON)
def test_no_body_is_anything_but_taken_or_refused_by_name(body: Any) -> None:
    try:
        taken = heartbeat_body.check(body) is body
    except InvalidInput as refusal:
        taken = bool(refusal.details)
    assert taken

"""The agent and the hub mean the same configuration by the same hash."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.agent import configuration
from tenants.agent.configuration import Configuration, NotUsable
from tenants.services.configuration import canonical_hash
from tests.tenants.agent.homes import home

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
BODY: dict[str, Any] = {"tools": ["ghost"], "agents": [{"agentId": "sales"}, {"name": "nameless"}]}


@given(body=JSON)
def test_both_sides_hash_alike(body: Any) -> None:
    assert configuration.sha256(body) == canonical_hash(body)


def test_what_is_applied_is_in_force_after_a_restart(tmp_path: Path) -> None:
    place = home(tmp_path)
    assert Configuration.in_force(place) == Configuration(0, {})

    Configuration.received({"version": 3, "sha256": canonical_hash(BODY), "config": BODY}).apply(place)

    assert Configuration.in_force(place) == Configuration(3, BODY)
    assert Configuration.in_force(place).agents == ["sales"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"version": "3", "sha256": canonical_hash(BODY), "config": BODY},
        {"version": 0, "sha256": canonical_hash(BODY), "config": BODY},
        {"version": 3, "sha256": canonical_hash(BODY), "config": []},
        {"version": 3, "sha256": canonical_hash({}), "config": BODY},
    ],
)
def test_what_is_no_configuration_is_not_applied(answer: dict[str, Any]) -> None:
    with pytest.raises(NotUsable):
        Configuration.received(answer)

"""The agent's turns, against a hub that answers as it is told."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tenants.agent import clock, files
from tenants.agent.agent import LONGEST_WAIT, TOKEN_WAIT, Agent
from tenants.agent.configuration import Configuration, sha256
from tenants.agent.home import Home, Identity, Settings
from tenants.agent.ledger import Usage
from tests.loopback import Reply, Server, serve
from tests.tenants.agent.homes import IDENTITY, home
from tests.tenants.agent.test_hub import refusal, reply

MONTH = timedelta(days=31)
CONFIG = {"tools": ["ghost"], "agents": [{"agentId": "sales"}, {"agentId": "it-admin"}]}
START = Callable[..., Agent]


def beat(*, changed: bool = False, ahead: timedelta = timedelta(0)) -> Reply:
    return reply(
        {"serverTime": clock.wire(clock.machine() + ahead), "configChanged": changed, "nextBeatSeconds": 297.5}
    )


def registered() -> Reply:
    answer = {"hubApiKey": "hk_new", "webhookSecret": "whsec_bmV3", "serverId": "s-1"}
    return reply(answer | {"serverTime": clock.wire(clock.machine())})


@pytest.fixture
def hub() -> Iterator[Server]:
    with serve(beat()) as server:
        yield server


@pytest.fixture
def start(hub: Server, tmp_path: Path) -> START:
    """Begins (or begins again) an agent on the same directory."""

    def begin(*, registered: bool = True, demo: int = 0) -> Agent:
        if not (tmp_path / "agent").exists():
            home(tmp_path, hub_url=hub.url, registered=registered)
        place = Home(tmp_path / "agent")
        kept = Settings.read(place)
        return Agent(place, Settings(kept.hub_url, kept.machine_id, kept.port, demo_tokens_per_hour=demo))

    return begin


def asked(hub: Server) -> list[str]:
    return [one.path.rpartition("/")[2] for one in hub.asked]


def said(hub: Server, number: int = -1) -> Any:
    return json.loads(hub.asked[number].body)


def test_it_waits_for_its_token_then_registers_and_beats(hub: Server, start: START) -> None:
    agent = start(registered=False)
    assert agent.turn() == TOKEN_WAIT
    assert hub.asked == []

    agent.home.registration_token.write_text("rt_1\n")
    hub.replies = [registered(), beat()]

    assert agent.turn() == 0
    assert said(hub) == {
        "registrationToken": "rt_1",
        "machineId": "machine-1",
        "agentUrl": "http://127.0.0.1:9",
        "agentVersion": "0.1.0",
    }
    assert Identity.read(agent.home) == Identity("hk_new", "whsec_bmV3", "s-1")
    assert agent.turn() == 297.5
    assert hub.asked[-1].headers["Authorization"] == "Bearer hk_new"


def test_a_beat_says_how_the_server_is(hub: Server, start: START) -> None:
    agent = start()
    Configuration(4, CONFIG).apply(agent.home)
    agent.ledger.record(Usage("sales", "large", 1), clock.machine())

    agent.turn()

    body = said(hub, 0)
    assert (body["status"], body["safetyWrapperVersion"], body["configVersion"]) == ("healthy", "0.1.0", 4)
    assert body["agents"]["sales"]["status"] == "active"
    assert body["agents"]["it-admin"] == {"status": "idle"}
    assert body["resources"]["memoryTotalMb"] > 0


def test_an_agent_that_was_busy_a_while_ago_is_idle(hub: Server, start: START) -> None:
    agent = start()
    Configuration(4, CONFIG).apply(agent.home)
    before = clock.machine() - timedelta(minutes=16)
    agent.ledger.record(Usage("sales", "large", 1), before)
    # Its hour may just have ended; only the hours that reach into the last minutes are looked at.
    agent.ledger.record(Usage("it-admin", "large", 1), clock.machine())

    agent.turn()

    sales = said(hub, 0)["agents"]["sales"]
    assert sales["status"] == "idle"
    assert sales.get("lastActiveAt", clock.wire(before)) == clock.wire(before)


def test_it_follows_the_hubs_time(hub: Server, start: START) -> None:
    hub.replies = [beat(ahead=MONTH)]
    agent = start()

    agent.turn()

    assert abs(agent.clock.now() - clock.machine() - MONTH) < timedelta(seconds=5)


def test_a_new_configuration_is_applied_and_told_of_at_once(hub: Server, start: START) -> None:
    config = reply({"version": 5, "sha256": sha256(CONFIG), "config": CONFIG})
    hub.replies = [beat(changed=True), config, beat()]
    agent = start()

    assert agent.turn() == 0
    assert Configuration.in_force(agent.home) == Configuration(5, CONFIG)
    assert agent.turn() == 297.5
    assert asked(hub) == ["heartbeat", "config", "heartbeat"]
    assert said(hub)["configVersion"] == 5
    assert agent.health()["configVersion"] == 5


def test_a_configuration_with_another_hash_is_not_applied(hub: Server, start: START) -> None:
    hub.replies = [beat(changed=True), reply({"version": 5, "sha256": "0" * 64, "config": CONFIG}), beat()]
    agent = start()

    assert agent.turn() == 297.5
    assert Configuration.in_force(agent.home).version == 0


def test_what_was_not_acknowledged_is_reported_after_a_restart(hub: Server, start: START) -> None:
    hub.replies = [beat(), refusal(503), beat(), reply({"accepted": 1}), beat()]
    agent = start()
    agent.ledger.record(Usage("sales", "large", 40), clock.machine())

    # A report that fails does not delay the next beat.
    assert agent.turn() == 297.5
    restarted = start()
    restarted.turn()
    restarted.turn()

    assert asked(hub) == ["heartbeat", "usage", "heartbeat", "usage", "heartbeat"]
    (bucket,) = said(hub, 3)["buckets"]
    assert bucket["tokensInput"] == 40


def test_an_order_that_is_not_fulfilled_yet_keeps_its_usage(hub: Server, start: START) -> None:
    hub.replies = [beat(), refusal(409, "CONFLICT"), beat(), reply({"accepted": 1})]
    agent = start()
    agent.ledger.record(Usage("sales", "large", 40), clock.machine())

    assert agent.turn() == 297.5
    agent.turn()

    assert said(hub, 1) == said(hub, 3)
    assert list(agent.ledger.unreported()) == []


def test_one_bad_bucket_does_not_hold_up_the_others(
    hub: Server, start: START, caplog: pytest.LogCaptureFixture
) -> None:
    bad, taken = refusal(400, "VALIDATION_ERROR"), reply({"accepted": 1})
    hub.replies = [beat(), bad, bad, taken, taken, beat()]
    agent = start()
    for name in ("a", "b", "c"):
        agent.ledger.record(Usage(name, "large", 1), clock.machine())

    agent.turn()

    sent = [[bucket["agentId"] for bucket in said(hub, number)["buckets"]] for number in range(1, 4)]
    assert sent == [["a", "b", "c"], ["a"], ["b", "c"]]
    assert list(agent.ledger.unreported()) == []
    assert "will never take" in caplog.text


def test_hours_of_many_buckets_are_not_sent_all_at_once(hub: Server, start: START) -> None:
    hub.replies = [beat(), reply({"accepted": 1}), reply({"accepted": 1}), beat()]
    agent = start()
    for hour in range(3):
        for number in range(120):
            agent.ledger.record(Usage("sales", f"model-{number}", 1), clock.machine() - timedelta(hours=hour))

    agent.turn()

    assert [len(said(hub, number)["buckets"]) for number in (1, 2)] == [240, 120]


def test_a_demonstrations_load_is_reported_like_any_other(hub: Server, start: START) -> None:
    hub.replies = [beat(), beat(ahead=timedelta(hours=3)), reply({"accepted": 1})]
    agent = start(demo=1000)

    agent.turn()
    agent.turn()

    assert asked(hub)[:3] == ["heartbeat", "heartbeat", "usage"]
    assert said(hub, 2)["buckets"][0]["model"] == "demo/steady-load"


def test_a_hub_that_is_away_is_asked_less_and_less(hub: Server, start: START) -> None:
    hub.replies = [refusal(503)]
    agent = start()

    rests = [agent.turn() for _ in range(12)]

    assert rests[0] <= 1.0
    assert 2 < rests[3] <= 8.0
    assert all(LONGEST_WAIT / 2 <= rest <= LONGEST_WAIT for rest in rests[10:])
    hub.replies = [beat(), refusal(503)]
    assert agent.turn() == 297.5
    assert agent.turn() <= 1.0


def test_a_hub_that_says_when_is_believed(hub: Server, start: START) -> None:
    hub.replies = [refusal(429, "RATE_LIMITED", **{"Retry-After": "42"})]
    assert start().turn() == 42.0


def test_a_full_disk_is_a_longer_rest(hub: Server, start: START) -> None:
    agent = start()
    agent.home.config.mkdir()
    hub.replies = [
        beat(changed=True),
        reply({"version": 5, "sha256": sha256(CONFIG), "config": CONFIG}),
    ]

    assert 0 < agent.turn() <= 1.0


def test_a_refused_key_is_kept_and_tried_again(hub: Server, start: START) -> None:
    hub.replies = [refusal(401), beat()]
    agent = start()

    assert 0 < agent.turn() <= 1.0
    assert agent.turn() == 297.5
    assert Identity.read(agent.home) == IDENTITY


def test_a_refused_key_leads_to_the_token_that_lies_ready(hub: Server, start: START) -> None:
    hub.replies = [refusal(401), registered(), beat()]
    agent = start()
    agent.home.registration_token.write_text("rt_2")

    assert [agent.turn(), agent.turn(), agent.turn()] == [0.0, 0.0, 297.5]
    assert asked(hub) == ["heartbeat", "register", "heartbeat"]
    assert hub.asked[-1].headers["Authorization"] == "Bearer hk_new"


def test_a_refused_token_is_not_tried_again_until_another_lies_there(hub: Server, start: START) -> None:
    hub.replies = [refusal(401)]
    agent = start(registered=False)
    agent.home.registration_token.write_text("rt_spent")

    assert [agent.turn() for _ in range(3)] == [TOKEN_WAIT] * 3
    assert len(hub.asked) == 1
    agent.home.registration_token.write_text("rt_3")
    hub.replies = [registered()]
    assert agent.turn() == 0
    assert said(hub)["registrationToken"] == "rt_3"


def test_with_a_void_key_and_a_spent_token_it_goes_on_asking_with_the_key(hub: Server, start: START) -> None:
    hub.replies = [refusal(401), refusal(401), refusal(401), beat()]
    agent = start()
    agent.home.registration_token.write_text("rt_spent")

    rests = [agent.turn() for _ in range(5)]

    assert asked(hub) == ["heartbeat", "register", "heartbeat", "heartbeat"]
    assert rests[-1] == 297.5


def test_a_refusal_that_is_not_about_the_key_is_a_longer_rest(hub: Server, start: START) -> None:
    hub.replies = [refusal(400, "VALIDATION_ERROR")]
    assert 0 < start().turn() <= 1.0


def test_a_hint_ends_the_rest_and_stop_ends_the_loop(hub: Server, start: START) -> None:
    agent = start()
    turns: list[str] = []

    def turn() -> float:
        turns.append("turn")
        if len(turns) == 2:
            agent.stop()
        else:
            agent.hint()
        return 600.0

    agent.turn = turn  # type: ignore[method-assign]
    agent.run()

    assert turns == ["turn", "turn"]


def test_secrets_are_not_logged(hub: Server, start: START, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    agent = start(registered=False)
    agent.home.registration_token.write_text("rt_secret")
    hub.replies = [registered(), beat()]

    agent.turn()
    agent.turn()

    assert "Registered as server s-1" in caplog.text
    assert not any(secret in caplog.text for secret in ("rt_secret", "hk_new", "whsec_bmV3"))
    assert files.read_json(agent.home.identity) is not None

"""What the hub may tell a server."""

import json
from pathlib import Path
from typing import Any

import pytest

from platform_core import clock, signing
from tenants.agent import files, webhooks
from tenants.agent.webhooks import Webhooks
from tests.tenants.agent.homes import SECRET, home

UPDATE = "/webhooks/config-update"
GENUINE: dict[str, tuple[str, dict[str, Any]]] = {
    UPDATE: ("config.updated", {"configVersion": 2, "changedFields": ["tools"]}),
    "/webhooks/approval-response": (
        "approval.responded",
        {"approvalId": "a-1", "action": "approve", "respondedBy": "kim@example.test"},
    ),
    "/webhooks/command": (
        "command.issued",
        {"commandId": "c-1", "type": "RESTART_SERVICE", "payload": {"service": "ghost"}},
    ),
    "/webhooks/diun": ("container.updated", {"image": "ghost:6", "status": "update"}),
}


def message(path: str, payload: Any = None, *, number: int = 1, event: str = "") -> tuple[str, dict[str, str], bytes]:
    """A signed message, as the agent's server hands it on."""
    known, example = GENUINE[path]
    body = json.dumps(example if payload is None else payload).encode()
    sent = signing.headers([SECRET], f"msg-{number}", event or known, body, clock.wall())
    return path, {name.lower(): value for name, value in sent.items()}, body


@pytest.fixture
def hints() -> list[str]:
    return []


@pytest.fixture
def desk(tmp_path: Path, hints: list[str]) -> Webhooks:
    return Webhooks(home(tmp_path), lambda: hints.append("config"))


@pytest.mark.parametrize("path", list(GENUINE))
def test_a_genuine_message_is_kept_before_it_is_acknowledged(path: str, desk: Webhooks, hints: list[str]) -> None:
    assert desk.receive(*message(path)) == (202, {"accepted": True, "duplicate": False})

    (kept,) = files.json_lines(desk.home.journal)
    event, payload = GENUINE[path]
    assert (kept["id"], kept["event"], kept["payload"]) == ("msg-1", event, payload)
    assert hints == (["config"] if path == UPDATE else [])


def test_a_message_sent_twice_is_kept_once_also_after_a_restart(desk: Webhooks, tmp_path: Path) -> None:
    sent = message("/webhooks/command")
    desk.receive(*sent)

    assert desk.receive(*sent) == (202, {"accepted": True, "duplicate": True})
    restarted = Webhooks(desk.home, lambda: None)
    assert restarted.receive(*sent) == (202, {"accepted": True, "duplicate": True})
    assert len(list(files.json_lines(desk.home.journal))) == 1


def test_only_so_many_messages_are_remembered(desk: Webhooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "REMEMBERED", 2)
    for number in (1, 2, 3):
        desk.receive(*message(UPDATE, number=number))

    assert desk.receive(*message(UPDATE, number=3))[1]["duplicate"] is True
    assert desk.receive(*message(UPDATE, number=1))[1]["duplicate"] is False


def test_whatever_is_not_the_hubs_is_refused_and_not_kept(desk: Webhooks, hints: list[str]) -> None:
    path, headers, body = message(UPDATE)

    status, answer = desk.receive(path, headers, body + b" ")

    assert (status, answer) == (401, {"error": "the signature is not the hub's"})
    assert not desk.home.journal.exists()
    assert hints == []


def test_a_server_that_has_not_registered_takes_nothing(tmp_path: Path) -> None:
    desk = Webhooks(home(tmp_path, registered=False), lambda: None)

    assert desk.receive(*message(UPDATE))[0] == 401


def test_there_are_no_other_webhooks(desk: Webhooks) -> None:
    _, headers, body = message(UPDATE)
    assert desk.receive("/webhooks/format-disk", headers, body)[0] == 404


@pytest.mark.parametrize(
    ("path", "payload", "status", "field"),
    [
        (UPDATE, [], 400, "body"),
        (UPDATE, {}, 400, "configVersion"),
        (UPDATE, {"configVersion": True}, 400, "configVersion"),
        (UPDATE, {"configVersion": "2"}, 400, "configVersion"),
        ("/webhooks/approval-response", {"action": "approve"}, 400, "approvalId"),
        ("/webhooks/approval-response", {"approvalId": "a-1", "action": "maybe"}, 400, "action"),
        ("/webhooks/command", {"type": "RESTART_SERVICE"}, 400, "commandId"),
        ("/webhooks/command", {"commandId": "c-1"}, 400, "type"),
        ("/webhooks/command", {"commandId": "c-1", "type": "FORMAT_DISK"}, 422, "type"),
        ("/webhooks/command", {"commandId": "c-1", "type": "RESTART_SERVICE", "payload": []}, 400, "payload"),
        ("/webhooks/command", {"commandId": "c-1", "type": "RESTART_SERVICE"}, 400, "service"),
        ("/webhooks/diun", {"image": ""}, 400, "image"),
        ("/webhooks/diun", {"image": "ghost:6"}, 400, "status"),
    ],
)
def test_a_genuine_message_without_sense_is_refused_by_name(
    desk: Webhooks, path: str, payload: Any, status: int, field: str
) -> None:
    answered, told = desk.receive(*message(path, payload))

    assert (answered, told["field"]) == (status, field)
    assert not desk.home.journal.exists()


@pytest.mark.parametrize("body", [b"{", b"[" * 4000], ids=["cut off", "deep"])
def test_a_body_that_is_not_json_is_refused(desk: Webhooks, body: bytes) -> None:
    sent = signing.headers([SECRET], "msg-1", "config.updated", body, clock.wall())

    status, told = desk.receive(UPDATE, {name.lower(): value for name, value in sent.items()}, body)

    assert (status, told["field"]) == (400, "body")


@pytest.mark.parametrize(
    "body",
    [b'{"configVersion": 2, "configVersion": 3}', b'{"configVersion": 2, "more": [{"a": 1, "a": 1}]}'],
)
def test_a_name_that_is_given_twice_is_refused_whoever_signed_it(desk: Webhooks, hints: list[str], body: bytes) -> None:
    sent = signing.headers([SECRET], "msg-1", "config.updated", body, clock.wall())

    status, told = desk.receive(UPDATE, {name.lower(): value for name, value in sent.items()}, body)

    assert (status, told["field"], hints) == (400, "body", [])
    assert not list(files.json_lines(desk.home.journal))


def test_an_event_belongs_to_its_path(desk: Webhooks) -> None:
    status, told = desk.receive(*message(UPDATE, event="command.issued"))

    assert (status, told["field"]) == (400, "X-LetsBe-Event")

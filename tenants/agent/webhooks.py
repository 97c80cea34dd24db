"""What the hub may tell this server by itself. Each message is kept in the journal before it is acknowledged."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenants.agent import clock, files, foreign_json, signature
from tenants.agent.home import Home, Identity

Answer = tuple[int, dict[str, Any]]
ACCEPTED, INVALID, UNKNOWN_SENDER, NO_SUCH, NOT_UNDERSTOOD = 202, 400, 401, 404, 422
# Messages older than the signature's tolerance are refused anyway; this many ids cover far more than that.
REMEMBERED = 10_000


class Refusal(Exception):
    """A genuine message that this agent will not act on."""

    def __init__(self, status: int, field_name: str, message: str) -> None:
        super().__init__(message)
        self.answer: Answer = status, {"error": message, "field": field_name}


def _text(payload: dict[str, Any], name: str, *allowed: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value or (allowed and value not in allowed):
        raise Refusal(INVALID, name, f"{name} must be {' or '.join(allowed) or 'a text'}")
    return value


def _config_update(payload: dict[str, Any]) -> None:
    version = payload.get("configVersion")
    if not isinstance(version, int) or isinstance(version, bool):
        raise Refusal(INVALID, "configVersion", "configVersion must be a whole number")


def _approval_response(payload: dict[str, Any]) -> None:
    _text(payload, "approvalId")
    _text(payload, "action", "approve", "deny")


def _restart_service(payload: dict[str, Any]) -> None:
    _text(payload, "service")


COMMANDS: dict[str, Callable[[dict[str, Any]], None]] = {"RESTART_SERVICE": _restart_service}


def _command(payload: dict[str, Any]) -> None:
    _text(payload, "commandId")
    check = COMMANDS.get(_text(payload, "type"))
    if check is None:
        raise Refusal(NOT_UNDERSTOOD, "type", f"this agent knows no command {payload['type']}")
    inner = payload.get("payload", {})
    if not isinstance(inner, dict):
        raise Refusal(INVALID, "payload", "payload must be an object")
    check(inner)


def _diun(payload: dict[str, Any]) -> None:
    _text(payload, "image")
    _text(payload, "status")


# Path → the event it carries, and what its payload must look like.
ROUTES: dict[str, tuple[str, Callable[[dict[str, Any]], None]]] = {
    "/webhooks/config-update": ("config.updated", _config_update),
    "/webhooks/approval-response": ("approval.responded", _approval_response),
    "/webhooks/command": ("command.issued", _command),
    "/webhooks/diun": ("container.updated", _diun),
}


@dataclass
class Webhooks:
    """Verifies, checks, keeps, acknowledges. `on_hint` is told that the hub has a new configuration."""

    home: Home
    on_hint: Callable[[], None]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._seen.update({str(entry.get("id")): None for entry in files.json_lines(self.home.journal)})

    def receive(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One message. Sent twice, it is acknowledged twice and kept once."""
        if path not in ROUTES:
            return NO_SUCH, {"error": "no such webhook"}
        try:
            signed = self._verify(headers, body)
            payload = _payload(path, signed.event, body)
        except signature.NotTheHub as error:
            return UNKNOWN_SENDER, {"error": str(error)}
        except Refusal as refusal:
            return refusal.answer
        return self._keep(signed, payload)

    def _verify(self, headers: Mapping[str, str], body: bytes) -> signature.Signed:
        identity = Identity.read(self.home)
        if identity is None:
            raise signature.NotTheHub("this server is not registered yet")
        return signature.verify(identity.webhook_secret, headers, body)

    def _keep(self, signed: signature.Signed, payload: dict[str, Any]) -> Answer:
        with self._lock:
            duplicate = signed.message_id in self._seen
            if not duplicate:
                entry = {"id": signed.message_id, "event": signed.event, "payload": payload}
                files.append_line(self.home.journal, json.dumps(entry | {"at": clock.wire(clock.machine())}))
                self._seen[signed.message_id] = None
                if len(self._seen) > REMEMBERED:
                    del self._seen[next(iter(self._seen))]
        if signed.event == "config.updated":
            self.on_hint()
        return ACCEPTED, {"accepted": True, "duplicate": duplicate}


def _payload(path: str, event: str, body: bytes) -> dict[str, Any]:
    """What the message says, once it has the shape that its path wants."""
    wanted, check = ROUTES[path]
    if event != wanted:
        raise Refusal(INVALID, "X-LetsBe-Event", f"{path} takes {wanted}")
    try:
        payload = foreign_json.read(body)
    except ValueError as error:
        raise Refusal(INVALID, "body", "the body is not JSON") from error
    if not isinstance(payload, dict):
        raise Refusal(INVALID, "body", "the body is not an object")
    check(payload)
    return payload

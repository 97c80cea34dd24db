"""The hub's API as the agent uses it."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenants.agent import clock, foreign_json

TIMEOUT_SECONDS = 15.0
LONGEST_ANSWER = 4 * 1024 * 1024
TOO_MANY, SERVER_ERROR = 429, 500


class Unreachable(Exception):
    """The hub did not answer, or cannot just now: try again later."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Refused(Exception):
    """The hub understood and said no."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code


class _StayHere(urllib.request.HTTPRedirectHandler):
    """A redirect would take the key to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_StayHere)


@dataclass(frozen=True)
class Registered:
    """What a token was traded for."""

    hub_api_key: str
    webhook_secret: str
    server_id: str
    server_time: datetime


@dataclass(frozen=True)
class Heard:
    """What the hub said to a heartbeat."""

    server_time: datetime
    config_changed: bool
    next_beat_seconds: float


@dataclass(frozen=True)
class Hub:
    """Calls to one hub. An answer that lacks what it must hold counts as none."""

    url: str

    def register(self, body: dict[str, Any]) -> Registered:
        """Trade the registration token for a key."""
        data = self._call("POST", "register", body=body)
        with _complete("register"):
            return Registered(
                str(data["hubApiKey"]),
                str(data["webhookSecret"]),
                str(data["serverId"]),
                clock.parse(data["serverTime"]),
            )

    def heartbeat(self, key: str, body: dict[str, Any]) -> Heard:
        """Say that we are well, hear what is new."""
        data = self._call("POST", "heartbeat", key=key, body=body)
        with _complete("heartbeat"):
            return Heard(clock.parse(data["serverTime"]), bool(data["configChanged"]), float(data["nextBeatSeconds"]))

    def config(self, key: str) -> dict[str, Any]:
        """The configuration that this server should run."""
        return self._call("GET", "config", key=key)

    def usage(self, key: str, buckets: list[dict[str, Any]]) -> None:
        """Report hours, each replacing what was reported of it before."""
        self._call("POST", "usage", key=key, body={"buckets": buckets})

    def _call(self, method: str, path: str, *, key: str = "", body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the address is the operator's setting
            f"{self.url}/api/v1/tenant/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )
        if key:
            request.add_header("Authorization", f"Bearer {key}")
        try:
            with _opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return _data(answer.read(LONGEST_ANSWER))
        except urllib.error.HTTPError as error:
            raise _failure(error) from error
        except (OSError, ValueError) as error:
            raise Unreachable(f"{method} {path}: {error}") from error


@contextmanager
def _complete(what: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise Unreachable(f"the answer to {what} is not usable: {error!r}") from error


def _data(raw: bytes) -> dict[str, Any]:
    """The `data` of the hub's envelope; ValueError where the answer is not the hub's."""
    body = foreign_json.read(raw)
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise ValueError("the answer is not one of the hub's")  # noqa: TRY004 - the caller treats it as no answer
    return data


def _failure(error: urllib.error.HTTPError) -> Exception:
    with error:
        raw = error.read(LONGEST_ANSWER)
    if error.code == TOO_MANY or error.code >= SERVER_ERROR:
        wait = error.headers.get("Retry-After", "")
        return Unreachable(f"the hub answered {error.code}", float(wait) if wait.isdigit() else None)
    try:
        told = foreign_json.read(raw)["error"]
        return Refused(error.code, str(told["code"]), str(told["message"]))
    except (ValueError, KeyError, TypeError):
        # Some proxy's answer: it says nothing about our key.
        return Unreachable(f"something that is not the hub answered {error.code}")

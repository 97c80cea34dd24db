"""One signed message to one address, and what came of it."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from platform_core import clock, http, redaction, signing
from platform_core.errors import UpstreamError
from platform_core.models import WebhookEndpoint

# Of what a receiver answers, so much is read and kept.
KEPT_BYTES = 4096
KEPT_HEADERS = ("content-type", "retry-after", "location", "server", "date", "x-request-id")
LONGEST_HEADER = 200
GONE = 410
BUSY = (429, 502, 504)


@dataclass(frozen=True)
class Answer:
    """What came of a try: a status, or the reason why there is none."""

    status: int | None
    error: str = ""
    retry_after: str = ""
    # For the log.
    url: str = ""
    sent: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    duration_ms: int = 0

    @property
    def is_delivered(self) -> bool:
        """Only 2xx counts; a redirect is a failure."""
        return self.status in range(200, 300)

    @property
    def reason(self) -> str:
        """Why it is not delivered."""
        return "" if self.is_delivered else (self.error or f"HTTP {self.status}")[:500]


def body_of(payload: Mapping[str, Any]) -> bytes:
    """JSON as it is signed and sent."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


def post(
    endpoint: WebhookEndpoint, message_id: str, event: str, body: bytes, path: str = "", authorization: str = ""
) -> Answer:
    """Sign and send. Never inside a transaction; whatever goes wrong outside is an answer too."""
    secrets = endpoint.signing_secrets
    headers = {"Content-Type": "application/json", **signing.headers(secrets, message_id, event, body, clock.wall())}
    url = endpoint.url.rstrip("/") + path if path else endpoint.url
    began = time.monotonic()
    answer = _exchange(endpoint, url, body, {**headers, **({"Authorization": authorization} if authorization else {})})
    hidden = [*secrets, *([authorization] if authorization else [])]
    return Answer(
        answer.status,
        answer.error,
        answer.retry_after,
        url=url,
        sent=headers,
        headers={name: _plain(value, hidden) for name, value in answer.headers.items()},
        body=_plain(answer.body, hidden),
        duration_ms=int((time.monotonic() - began) * 1000),
    )


def _exchange(endpoint: WebhookEndpoint, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    host = urlsplit(url).hostname or ""
    try:
        with (
            http.client(allow=[host] if endpoint.enrolled else []) as client,
            client.stream("POST", url, content=body, headers=dict(headers)) as response,
        ):
            told = {name: response.headers[name][:LONGEST_HEADER] for name in KEPT_HEADERS if name in response.headers}
            asked = response.headers.get("Retry-After", "")
            return Answer(response.status_code, "", asked, headers=told, body=_beginning(response))
    except (UpstreamError, httpx.InvalidURL) as error:
        return Answer(None, str(error))


def _beginning(response: httpx.Response) -> str:
    """As much as is kept. The status is known already: what goes wrong behind it changes nothing."""
    read = b""
    try:
        for chunk in response.iter_raw():
            read += chunk
            if len(read) >= KEPT_BYTES:
                break
    except UpstreamError:
        pass
    return read[:KEPT_BYTES].decode(errors="replace")


def _plain(text: str, secrets: Sequence[str]) -> str:
    """Without secrets, and without what a text column cannot hold."""
    return redaction.redact(text, secrets).replace("\x00", "\N{REPLACEMENT CHARACTER}")


def asked_to_wait(header: str, at: datetime) -> float:
    """The seconds that a Retry-After header asks for, as a number or as a date."""
    if header.strip().isdigit():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - at).total_seconds())

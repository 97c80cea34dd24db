"""One signed message, against a real server; its signature is verified by code that shares none with ours."""

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
from django.db import transaction

from platform_core import clock, signing
from platform_core.services import webhook_posting
from platform_core.transactions import InsideTransaction
from tests import make
from tests.loopback import Asked, Reply, serve

BODY = b'{"a":1}'


def independently_verified(asked: Asked, secret: str) -> bool:
    """As the specification has it: https://github.com/standard-webhooks/standard-webhooks, "Verifying signatures"."""
    headers = {name.lower(): value for name, value in asked.headers.items()}
    key = base64.b64decode(secret.split("_", 1)[1])
    content = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), asked.body])
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return any(entry == f"v1,{expected}" for entry in headers["webhook-signature"].split(" "))


def test_what_is_sent_verifies_with_each_secret_that_is_in_force() -> None:
    old, new = signing.new_secret(), signing.new_secret()
    with serve() as server:
        endpoint = make.webhook_endpoint(
            server.url, secrets=f"{new}\n{old}", overlap_until=clock.now() + timedelta(hours=1)
        )
        answer = webhook_posting.post(endpoint, "msg_1", "thing.made", BODY)
        endpoint.overlap_until = clock.now()
        webhook_posting.post(endpoint, "msg_2", "thing.made", BODY)

    during, after = server.asked
    assert answer.is_delivered
    assert independently_verified(during, new)
    assert independently_verified(during, old)
    assert independently_verified(after, new)
    assert not independently_verified(after, old)
    assert not independently_verified(Asked(during.path, during.headers, BODY + b" "), new)


def test_of_an_answer_its_beginning_is_kept_without_secrets() -> None:
    secret = signing.new_secret()
    told = f"got {secret} and\x00 Bearer abcdefgh12345678 ".encode()
    with serve(Reply(500, {"Retry-After": "7", "Set-Cookie": "a=b"}, told + b"x" * 9000)) as server:
        endpoint = make.webhook_endpoint(server.url, secrets=secret)
        answer = webhook_posting.post(endpoint, "msg_1", "thing.made", BODY, path="/x", authorization="Splunk hidden-1")

    assert (answer.status, answer.reason, answer.retry_after) == (500, "HTTP 500", "7")
    assert answer.body.startswith("got [secret] and\N{REPLACEMENT CHARACTER} Bearer [secret] xxx")
    assert len(answer.body) <= webhook_posting.KEPT_BYTES
    assert "retry-after" in answer.headers
    assert "set-cookie" not in answer.headers
    assert answer.url == f"{server.url}/x"
    assert answer.sent["webhook-id"] == "msg_1"
    assert "Authorization" not in answer.sent
    assert server.asked[0].headers["Authorization"] == "Splunk hidden-1"


def test_a_great_answer_is_as_good_as_a_small_one() -> None:
    with serve(Reply(200, body=b"x" * 3_000_000)) as server:
        answer = webhook_posting.post(make.webhook_endpoint(server.url), "msg_1", "thing.made", BODY)

    assert answer.is_delivered
    assert len(answer.body) == webhook_posting.KEPT_BYTES


def test_an_answer_that_breaks_off_counts_by_its_status() -> None:
    with serve(Reply(200, {"Content-Length": "10"}, b"12345")) as server:
        answer = webhook_posting.post(make.webhook_endpoint(server.url), "msg_1", "thing.made", BODY)

    assert (answer.status, answer.is_delivered, answer.error, answer.body) == (200, True, "", "12345")
    assert len(server.asked) == 1


def test_what_cannot_be_reached_is_an_answer_too() -> None:
    answer = webhook_posting.post(make.webhook_endpoint("http://127.0.0.1:9/"), "msg_1", "thing.made", BODY)

    assert (answer.status, answer.is_delivered) == (None, False)
    assert "127.0.0.1" in answer.reason


def test_nothing_is_sent_inside_a_transaction() -> None:
    endpoint = make.webhook_endpoint("http://127.0.0.1:9/")
    with transaction.atomic(), pytest.raises(InsideTransaction):
        webhook_posting.post(endpoint, "msg_1", "thing.made", BODY)

"""The agent's check of a signature agrees with the hub's own making of one."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_core import clock, signing
from tenants.agent import signature
from tenants.agent.signature import NotTheHub, Signed
from tests.tenants.agent.homes import SECRET

BODY = b'{"configVersion":2}'
NEW = signing.new_secret()
# The hub lists the newest secret first while one is being replaced.
SECRETS = [NEW, SECRET]


def headers(body: bytes = BODY, *, age: float = 0.0, listed: list[str] | None = None) -> dict[str, str]:
    """As the agent's server hands them on: with lower-case names."""
    sent = signing.headers(listed or SECRETS, "msg-1", "config.updated", body, clock.wall() - timedelta(seconds=age))
    return {name.lower(): value for name, value in sent.items()}


@given(body=st.binary(max_size=200), secret=st.builds(signing.new_secret))
def test_what_the_hub_signs_is_the_hubs(body: bytes, secret: str) -> None:
    assert signature.verify(secret, headers(body, listed=[secret]), body) == Signed("msg-1", "config.updated")


@pytest.mark.parametrize(
    "secret",
    [*SECRETS, SECRET.rstrip("="), NEW.translate(str.maketrans("+/", "-_"))],
    ids=["new", "old", "unpadded", "url-safe"],
)
def test_either_secret_of_a_replacement_verifies_however_it_is_written(secret: str) -> None:
    assert signature.verify(secret, headers(), BODY).message_id == "msg-1"


@given(position=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_a_body_that_was_altered_is_not_the_hubs(position: int, bit: int) -> None:
    altered = bytearray(BODY)
    altered[position] ^= 1 << bit

    with pytest.raises(NotTheHub):
        signature.verify(SECRET, headers(), bytes(altered))


@pytest.mark.parametrize(
    "name", ["webhook-id", "webhook-timestamp", "webhook-signature", "x-letsbe-timestamp", "x-letsbe-event"]
)
def test_a_header_that_is_missing_is_named(name: str) -> None:
    sent = headers()
    del sent[name]

    with pytest.raises(NotTheHub, match=name):
        signature.verify(SECRET, sent, BODY)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg-2"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "9" * 5000},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,not base64!"},
        {"x-letsbe-timestamp": "1"},
    ],
)
def test_headers_that_were_altered_are_not_the_hubs(change: dict[str, str]) -> None:
    with pytest.raises(NotTheHub):
        signature.verify(SECRET, headers() | change, BODY)


def test_another_version_of_the_scheme_is_not_ours() -> None:
    sent = headers()
    sent["webhook-signature"] = sent["webhook-signature"].replace("v1,", "v2,")

    with pytest.raises(NotTheHub):
        signature.verify(SECRET, sent, BODY)


def test_another_secret_is_not_the_hubs() -> None:
    with pytest.raises(NotTheHub):
        signature.verify(signing.new_secret(), headers(), BODY)


@pytest.mark.parametrize(("age", "genuine"), [(290, True), (-290, True), (310, False), (-310, False)])
def test_a_message_is_new_for_five_minutes(age: float, *, genuine: bool) -> None:
    if genuine:
        signature.verify(SECRET, headers(age=age), BODY)
    else:
        with pytest.raises(NotTheHub, match="too far"):
            signature.verify(SECRET, headers(age=age), BODY)

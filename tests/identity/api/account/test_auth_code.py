"""Signing in with a mailed code over the API."""

import re
from typing import Any

import pytest

from identity.models import Session
from platform_core.models import Mail
from tests import make
from tests.clients import ApiClient

ASK, VERIFY = "/api/user/auth/code", "/api/user/auth/code/verify"


def mailed() -> str:
    found = re.search(r"\d{4} \d{4}", Mail.objects.latest("created_at").text)
    assert found
    return found[0]


def test_the_code_is_exchanged_for_tokens(anonymous: ApiClient) -> None:
    user = make.user("ada@example.test")

    asked = anonymous.post(ASK, {"email": "ada@example.test"})
    answer = anonymous.post(VERIFY, {"email": "ada@example.test", "code": mailed()})

    assert (asked.status_code, answer.status_code) == (202, 200)
    assert answer.json()["user"]["id"] == str(user.pk)
    assert answer.cookies["rt"]["httponly"]
    assert Session.objects.get().methods == ["mail"]


def test_known_and_unknown_addresses_get_the_same_answers(anonymous: ApiClient) -> None:
    make.user("ada@example.test")
    make.user("suspended@example.test", status="suspended")
    addresses = ["ada@example.test", "suspended@example.test", "nobody@example.test"]

    asked = [anonymous.post(ASK, {"email": email}) for email in addresses]
    tried = [anonymous.post(VERIFY, {"email": email, "code": "0000 0000"}) for email in addresses]

    assert {(answer.status_code, answer.content) for answer in asked} == {(202, asked[0].content)}
    assert {(answer.status_code, answer.content) for answer in tried} == {(401, tried[0].content)}
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (ASK, {"email": "no address"}, "email"),
        (ASK, {}, "email"),
        (ASK, {"email": "ada@example.test", "code": "1"}, "code"),
        (VERIFY, {"email": "ada@example.test"}, "code"),
        (VERIFY, {"email": "ada@example.test", "code": "1" * 21}, "code"),
        (VERIFY, {"email": "ada@example.test", "code": ["1"]}, "code"),
    ],
    ids=["no address", "nothing", "too much", "no code", "long", "list"],
)
def test_bad_input_is_named(anonymous: ApiClient, path: str, body: dict[str, Any], field: str) -> None:
    answer = anonymous.post(path, body)

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]

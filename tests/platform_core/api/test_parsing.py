"""Bodies and queries that mean one thing, or are refused by name."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clients import ApiClient, PersonClient

pytestmark = pytest.mark.urls("tests.platform_core.api.example")
PATH = "/api/user/echo"
URL = '"successUrl": "https://a.test"'


def details(answer: Any) -> Any:
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] == "VALIDATION_ERROR"
    return answer.json()["details"]


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "nope",
        "{'a': 1}",
        '{"a": NaN}',
        '{"a": Infinity}',
        b"\xff\xfe",
        "[" * 100_000,
        "[" * 101 + "]" * 101,
        '{"a":' * 101 + "1" + "}" * 101,
        '{"a": ' + "9" * 5000 + "}",
    ],
)
def test_malformed_json(owner: PersonClient, body: str | bytes) -> None:
    assert details(owner.post(PATH, body))["body"][0].startswith("Malformed JSON")


def test_a_body_may_be_a_hundred_deep_and_as_broad_as_it_likes(owner: PersonClient) -> None:
    deep, broad = "[" * 98 + "]" * 98, f"[{','.join(['{}'] * 200)}]"

    for notes in (deep, broad, f"[{deep},{broad}]"):
        assert owner.post(PATH, f'{{{URL}, "notes": {notes}}}').status_code == 200


def test_an_empty_body_is_an_empty_object(owner: PersonClient) -> None:
    assert details(owner.post(PATH, b"")) == {"successUrl": ["This field is required."]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (f'{{{URL}, "successUrl": "https://b.test"}}', "successUrl"),
        (f'{{{URL}, "notes": {{"a": [1, "\\u0000"]}}}}', "notes.a.1"),
        (f'{{{URL}, "notes": {{"a": "\\ud800"}}}}', "notes.a"),
        (f'{{{URL}, "notes": {{"\\u0000": 1}}}}', "notes"),
        ('{"\\u0000": 1}', "body"),
        ('{"\\ud800": "\\udfff"}', "body"),
        ('{"\\ud800": {"a": "\\udfff"}}', "body"),
        ('{"\\ud800": 1, "\\ud800": 2}', "\ufffd"),
        ('"\\u0000"', "body"),
        (f'{{{URL}, "notes": 9223372036854775808}}', "notes"),
        (f'{{{URL}, "notes": -9223372036854775809}}', "notes"),
        (f'{{{URL}, "notes": 1e999}}', "notes"),
        ("[]", "body"),
        ("null", "body"),
        ('"text"', "body"),
    ],
)
def test_a_value_that_cannot_be_kept_is_named(owner: PersonClient, body: str, field: str) -> None:
    assert list(details(owner.post(PATH, body))) == [field]


def test_the_largest_numbers_pass(owner: PersonClient) -> None:
    notes = [2**63 - 1, -(2**63) + 1, 1.5, True, None, "é\U0001f600"]

    answer = owner.post(PATH, {"successUrl": "https://a.test", "notes": notes})

    assert answer.json()["notes"] == notes


def test_a_body_that_is_too_large(owner: PersonClient, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    answer = owner.post(PATH, {"successUrl": "https://a.test/" + "x" * 100})

    assert answer.status_code == 413
    assert answer.json()["code"] == "PAYLOAD_TOO_LARGE"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/xml"])
def test_another_media_type(owner: PersonClient, content_type: str) -> None:
    answer = owner.post(PATH, "a=1", content_type=content_type)

    assert answer.status_code == 415
    assert answer.json()["code"] == "UNSUPPORTED_MEDIA_TYPE"


def test_a_charset_beside_the_media_type(owner: PersonClient) -> None:
    answer = owner.post(PATH, f"{{{URL}}}", content_type="Application/JSON; charset=utf-8")

    assert answer.status_code == 200


def test_a_query_value_that_cannot_be_compared(owner: PersonClient) -> None:
    assert owner.get("/api/v1/customer/products?search=a%00").json()["error"]["details"] == [
        {"field": "search", "message": "This text holds characters that cannot be stored."}
    ]


def test_a_query_is_read_like_a_body(anonymous: ApiClient) -> None:
    assert anonymous.get(f"{PATH}?successUrl=https://a.test").json() == {"successUrl": "https://a.test"}
    assert details(anonymous.get(f"{PATH}?odd=1&successUrl=https://a.test")) == {"odd": ["Unknown field."]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(notes=JSON)
def test_any_json_is_echoed_or_refused(owner: PersonClient, notes: Any) -> None:
    answer = owner.post(PATH, json.dumps({"successUrl": "https://a.test", "notes": notes}))

    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        assert answer.json()["notes"] == notes


@given(body=st.binary(max_size=60))
def test_any_bytes_are_refused(owner: PersonClient, body: bytes) -> None:
    assert owner.post(PATH, body).status_code == 400

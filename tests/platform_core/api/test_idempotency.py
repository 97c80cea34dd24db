"""One act for each Idempotency-Key, whatever goes wrong in between."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from orgs.models import Organization, Product
from platform_core import clock
from platform_core.models import IdempotentRequest
from platform_core.services import idempotency
from tests.clients import PersonClient

pytestmark = pytest.mark.urls("tests.platform_core.api.example")
ACT = "/api/user/act"


def act(client: PersonClient, key: str, body: Any = None, path: str = ACT) -> Any:
    return client.post(path, body or {"code": "one"}, headers={"Idempotency-Key": key})


def pass_by(**time: float) -> None:
    """The machine's time goes on for what is kept."""
    for row in IdempotentRequest.objects.all():
        earlier = {name: getattr(row, name) - timedelta(**time) for name in ("lease_until", "expires_at")}
        IdempotentRequest.objects.filter(pk=row.pk).update(**earlier)


def test_the_same_request_is_answered_the_same_and_acts_once(owner: PersonClient) -> None:
    first, second = act(owner, '"a-1"'), act(owner, '"a-1"')

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert second.headers["Cache-Control"] == "no-store"
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert Product.objects.count() == 1


def test_without_a_key_each_request_acts(owner: PersonClient) -> None:
    answers = [owner.post(ACT, {"code": "one"}) for _ in range(2)]

    assert [answer.json()["key"] for answer in answers] == ["", ""]
    assert Product.objects.count() == 2
    assert not IdempotentRequest.objects.exists()


def test_a_verb_that_takes_no_key_does_not_mind_one(owner: PersonClient) -> None:
    body = {"successUrl": "https://a.test"}

    assert act(owner, "not , a key", body, "/api/user/echo").status_code == 200
    assert not IdempotentRequest.objects.exists()


def test_quoted_or_bare_it_is_the_same_key(owner: PersonClient) -> None:
    assert act(owner, '"9f:a-1"').content == act(owner, "9f:a-1").content
    assert act(owner, r'"a \"b\" \\"').status_code == 201
    assert Product.objects.count() == 2


def test_a_key_may_be_long_and_no_longer(owner: PersonClient) -> None:
    assert act(owner, "k" * 255).status_code == 201
    assert act(owner, "k" * 256).status_code == 400


@pytest.mark.parametrize(
    "key", ["", '""', '"open', 'op"en', '"a","b"', "a,b", "a b", "a;b", '"a";b', "é", '"é"', "a\tb", r'"\a"', '"' * 3]
)
def test_a_key_that_is_none_is_named(owner: PersonClient, key: str) -> None:
    answer = act(owner, key)

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert list(answer.json()["details"]) == ["Idempotency-Key"]
    assert not Product.objects.exists()


def test_another_body_or_query_is_a_conflict(owner: PersonClient) -> None:
    act(owner, "a", {"code": "one", "then": ""})

    for answer in (act(owner, "a", {"code": "two", "then": ""}), act(owner, "a", path=f"{ACT}?x=1")):
        assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_CONFLICT")
    assert act(owner, "a", {"then": "", "code": "one"}).status_code == 201
    assert Product.objects.count() == 1


def test_another_caller_and_another_path_have_keys_of_their_own(owner: PersonClient, member: PersonClient) -> None:
    answers = [act(owner, "a"), act(member, "a"), act(owner, "a", path="/api/user/act-too")]

    assert len({answer.json()["key"] for answer in answers}) == 3
    assert Product.objects.count() == 3


def test_a_machine_has_keys_of_its_own_and_a_text_is_kept_as_it_was(owner: PersonClient, anonymous: Any) -> None:
    act(owner, "a")
    headers = {"x-cron-token": "test-cron-token", "Idempotency-Key": "a"}

    first, second = (anonymous.post("/api/v1/cron/receipt", headers=headers) for _ in range(2))

    assert (first.status_code, first.content.decode()) == (200, "Made receipt-1 för credential:scheduler")
    assert (second.status_code, second.content) == (200, first.content)
    assert second.headers["Content-Type"] == first.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert ("Idempotency-Replayed" in first.headers, second.headers["Idempotency-Replayed"]) == (False, "true")
    assert Product.objects.count() == 2


def test_a_secret_is_kept_encrypted(owner: PersonClient) -> None:
    secret = act(owner, "a").json()["secret"]

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM platform_core_idempotentrequest")
        stored = str(cursor.fetchall())
    assert secret not in stored
    assert '"code"' not in stored
    assert secret in IdempotentRequest.objects.get().body


def test_while_it_is_in_hand_others_are_told_to_wait(owner: PersonClient) -> None:
    act(owner, "a")
    IdempotentRequest.objects.update(status_code=None, lease_until=clock.wall() + timedelta(seconds=60))

    answer = act(owner, "a")

    assert (answer.status_code, answer.headers["Retry-After"]) == (409, "1")
    assert Product.objects.count() == 1


def test_after_a_crash_it_runs_again_under_the_same_key(owner: PersonClient) -> None:
    first = act(owner, "a")
    IdempotentRequest.objects.update(status_code=None, body="", lease_until=clock.wall() - timedelta(seconds=1))

    again, after = act(owner, "a"), act(owner, "a")

    assert again.json()["key"] == first.json()["key"]
    assert "Idempotency-Replayed" not in again.headers
    assert after.content == again.content
    assert IdempotentRequest.objects.get().attempt == 2


@pytest.mark.parametrize("then", ["bug", "away", "busy", "unsupported"])
def test_a_failure_of_ours_is_no_answer(owner: PersonClient, then: str) -> None:
    owner.raise_request_exception = False
    status = act(owner, "a", {"code": "one", "then": then}).status_code
    again = act(owner, "a", {"code": "one", "then": then})
    other = act(owner, "a")

    assert status >= 500
    assert (again.status_code, other.status_code) == (status, 422)
    assert "Idempotency-Replayed" not in again.headers
    assert IdempotentRequest.objects.get().attempt == 2


@pytest.mark.parametrize("then", ["declined", "conflict"])
def test_a_refusal_that_decides_is_an_answer(owner: PersonClient, then: str) -> None:
    first = act(owner, "a", {"code": "one", "then": then})
    again = act(owner, "a", {"code": "one", "then": then})

    assert first.status_code in {402, 409}
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("body", [{"code": "not a slug"}, {"code": "one", "then": "model"}, {"code": "one", "x": 1}])
def test_what_was_not_understood_may_be_mended_under_the_same_key(owner: PersonClient, body: dict[str, str]) -> None:
    assert act(owner, "a", body).status_code == 400
    assert act(owner, "a").status_code == 201
    assert Product.objects.count() == 1


def test_a_stranger_is_refused_before_a_key_counts(owner: PersonClient, anonymous: Any) -> None:
    act(owner, "a")

    assert act(anonymous, "a").status_code == 401
    assert IdempotentRequest.objects.count() == 1


def test_a_day_later_it_is_a_new_key(owner: PersonClient) -> None:
    act(owner, "a")
    pass_by(hours=23.9)
    assert idempotency.forget_old() == {"requests": 0}
    assert act(owner, "a").headers["Idempotency-Replayed"] == "true"

    pass_by(hours=0.2)
    answer = act(owner, "a", {"code": "two"})

    assert (answer.status_code, "Idempotency-Replayed" in answer.headers) == (201, False)
    assert Product.objects.count() == 2


def test_what_is_older_than_a_day_goes(owner: PersonClient, organization: Organization) -> None:
    act(owner, "a")
    pass_by(hours=24)

    assert idempotency.forget_old() == {"requests": 1}
    assert not IdempotentRequest.objects.exists()

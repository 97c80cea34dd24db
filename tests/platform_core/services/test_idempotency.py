"""A request is in one pair of hands at a time; whoever was overtaken keeps its answer to itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orgs.models import Product
from platform_core.errors import IdempotencyConflict, InHand
from platform_core.models import IdempotentRequest
from platform_core.models.leases import LONG_AGO
from platform_core.services import idempotency
from platform_core.services.idempotency import Asked
from tests import make
from tests.clients import ApiClient
from tests.processes import race, shared_database
from tests.sign_ins import enter

ASKED = Asked("person:1", "POST /x", "k", "[{},[]]")


def test_whoever_was_overtaken_keeps_its_answer_to_itself() -> None:
    slow = idempotency.take(ASKED)
    IdempotentRequest.objects.update(lease_until=LONG_AGO)
    quick = idempotency.take(ASKED)

    idempotency.answer(quick, 201, {}, "quick")
    idempotency.answer(slow, 201, {}, "slow")
    idempotency.give_up(slow)
    idempotency.forget(slow)

    assert idempotency.take(ASKED).body == "quick"


def test_what_was_given_up_keeps_its_content() -> None:
    idempotency.give_up(idempotency.take(ASKED))

    with pytest.raises(IdempotencyConflict):
        idempotency.take(Asked("person:1", "POST /x", "k", "other"))
    assert idempotency.take(ASKED).attempt == 2


def test_what_was_forgotten_was_never_there() -> None:
    idempotency.forget(idempotency.take(ASKED))

    assert idempotency.take(Asked("person:1", "POST /x", "k", "other")).attempt == 1


def test_in_hand_is_in_hand() -> None:
    idempotency.take(ASKED)

    with pytest.raises(InHand):
        idempotency.take(ASKED)


def test_what_was_forgotten_while_it_was_asked_for_is_to_be_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = idempotency.take(ASKED)
    begun = idempotency._begun

    def slowly(asked: Asked) -> IdempotentRequest | None:
        row = begun(asked)
        idempotency.forget(first)
        return row

    with monkeypatch.context() as overtaken:
        overtaken.setattr(idempotency, "_begun", slowly)
        with pytest.raises(InHand):
            idempotency.take(ASKED)

    assert not IdempotentRequest.objects.exists()
    assert idempotency.take(ASKED).attempt == 1


def test_long_paths_and_callers_have_room() -> None:
    row = idempotency.take(Asked("c" * 300, "POST /" + "p" * 3000, "k", ""))

    assert (len(row.caller), len(row.request)) == (120, 200)


@pytest.mark.django_db(transaction=True)
class TestRace:
    """Fifty at once, on both databases."""

    pytestmark = pytest.mark.urls("tests.platform_core.api.example")

    @pytest.fixture(autouse=True)
    def _shared(self, tmp_path: Path) -> Iterator[None]:
        ApiClient().get("/auth/me")
        with shared_database(tmp_path):
            yield

    def test_of_fifty_one_acts_and_the_others_wait_or_are_given_its_answer(self) -> None:
        user = make.user()
        clients = [ApiClient() for _ in range(50)]
        for client in clients:
            enter(client, user)

        def act(number: int) -> tuple[int, str, bytes]:
            answer = clients[number].post("/api/user/act", {"code": "one"}, headers={"Idempotency-Key": "a"})
            return answer.status_code, answer.headers.get("Idempotency-Replayed", ""), answer.content

        outcomes = race(50, act)

        kinds = [(status, replayed) for status, replayed, _ in outcomes]
        assert Product.objects.count() == 1
        assert kinds.count((201, "")) == 1
        assert set(kinds) <= {(201, ""), (201, "true"), (409, "")}
        assert len({content for status, _, content in outcomes if status == 201}) == 1

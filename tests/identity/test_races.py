"""What many processes do at the same moment, on both databases."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from identity.models import Session, Setup, SigningKey, User
from identity.services import accounts, codes, erasure, exchange, passwords, tokens
from identity.services.signing_keys import signing_key
from orgs.models import Membership, Organization
from orgs.roles import Role
from orgs.services.organizations import create_organization
from platform_core import clock, ratelimit
from platform_core.errors import Conflict, NotAuthenticated, NotFound
from platform_core.models import AuditEvent, Mail
from platform_core.ratelimit import Limit
from tests import make
from tests.clients import ApiClient
from tests.make.identity import PASSWORD
from tests.processes import race, shared_database

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _shared(tmp_path: Path) -> Iterator[None]:
    # Loads what a first request loads, once for all of the processes.
    ApiClient().get("/auth/me")
    with shared_database(tmp_path):
        yield


def browser(token: str) -> ApiClient:
    client = ApiClient()
    client.cookies["rt"] = token
    return client


def test_fifty_refreshes_of_one_cookie_sign_nobody_out_and_a_late_replay_ends_it_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The machine may be slow; when the grace is over is said below.
    monkeypatch.setattr(tokens, "GRACE", timedelta(hours=1))
    stolen = tokens.issue(make.user(), organization_id=None).refresh_token

    def refresh(_: int) -> tuple[int, str]:
        response = browser(stolen).post("/auth/refresh")
        return response.status_code, response.cookies["rt"].value

    outcomes = race(50, refresh, processes=50)

    assert len(set(outcomes)) == 1
    status, successor = outcomes[0]
    assert status == 200
    assert successor != stolen
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {"session.start"}
    assert browser(successor).post("/auth/refresh").status_code == 200

    session = Session.objects.get()
    session.spent = [{**step, "until": (clock.wall() - timedelta(seconds=1)).isoformat()} for step in session.spent]
    session.save()
    replay = browser(stolen).post("/auth/refresh")
    assert (replay.status_code, replay.json()["code"]) == (401, "REFRESH_REUSE")
    assert browser(successor).post("/auth/refresh").status_code == 401


def test_exactly_one_becomes_the_first_operator() -> None:
    def ask(number: int) -> int:
        body = {"email": f"boss{number}@example.test", "password": PASSWORD, "name": "Boss"}
        return int(ApiClient().post("/api/v1/setup", body).status_code)

    assert sorted(race(8, ask)) == [201] + [409] * 7

    assert User.objects.get(is_staff=True) == Setup.objects.get().operator
    assert User.objects.count() == 1


def test_one_address_signs_up_once() -> None:
    def sign_up(number: int) -> int:
        body = {"email": "ada@example.test", "password": PASSWORD, "name": f"Ada {number}"}
        return int(ApiClient().post("/api/user/auth/register", body).status_code)

    assert race(8, sign_up) == [201] * 8

    assert User.objects.count() == Organization.objects.count() == Membership.objects.count() == 1
    assert sorted(Mail.objects.values_list("template", flat=True)) == [
        "identity/address_taken",
        "identity/confirm_address",
    ]


def test_the_first_signing_key_is_made_once() -> None:
    keys = race(8, lambda _: str(signing_key().pk))

    assert set(keys) == {str(SigningKey.objects.get().pk)}


def test_namesakes_created_at_once_have_slugs_of_their_own() -> None:
    owner = make.user()

    slugs = race(8, lambda _: create_organization("Harbour Bakery", owner=owner, by=owner).slug)

    assert len(set(slugs)) == 8
    assert "harbour-bakery" in slugs


def test_a_link_sets_one_password() -> None:
    accounts.guest_account("guest@example.test")
    found = re.search(r"/accounts/welcome/(pw_[\w-]+)/", Mail.objects.get().text)
    assert found
    link = found[1]

    def use(number: int) -> str:
        try:
            passwords.set_by_link(link, f"a fine password {number}")
        except NotFound:
            return ""
        return f"a fine password {number}"

    winners = [password for password in race(8, use) if password]

    assert len(winners) == 1
    assert User.objects.get().check_password(winners[0])


def test_guesses_at_once_are_no_more_guesses() -> None:
    make.user("ada@example.test")

    def guess(number: int) -> int:
        body = {"email": "ada@example.test", "password": f"wrong password {number}"}
        client = ApiClient(REMOTE_ADDR=f"192.0.2.{number}")
        return int(client.post("/api/user/auth/login", body).status_code)

    assert sorted(race(20, guess)) == [401] * 5 + [429] * 15


def test_an_exchange_token_signs_one_browser_in() -> None:
    token = exchange.issue(tokens.issue(make.user(), organization_id=None).session)

    def redeem(_: int) -> bool:
        try:
            exchange.redeem(token)
        except NotAuthenticated:
            return False
        return True

    assert sorted(race(8, redeem)) == [False] * 7 + [True]
    assert Session.objects.count() == 2


def test_requests_at_once_are_counted_one_by_one() -> None:
    limit = Limit("race", 7, 3600)

    assert sum(race(20, lambda _: ratelimit.spend(limit, "session:1").is_allowed)) == 7


def test_of_two_owners_who_leave_at_once_one_stays() -> None:
    shared = make.organization()
    owners = [make.person(shared, Role.OWNER) for _ in range(2)]

    def leave(number: int) -> str:
        try:
            erasure.erase(owners[number], by=owners[number])
        except Conflict as error:
            return error.code
        return "gone"

    assert sorted(race(2, leave)) == ["LAST_OWNER", "gone"]
    assert [place.user.status for place in Membership.objects.present()] == [User.Status.ACTIVE]


def test_a_mailed_code_signs_in_one_of_all_who_have_it() -> None:
    kim = make.user()
    code = codes.new(kim, "sign_in", kim.email)

    def enter(_: int) -> bool:
        return codes.spend(kim, "sign_in", code) is not None

    assert sorted(race(6, enter)) == [False] * 5 + [True]


def test_guesses_side_by_side_are_all_counted() -> None:
    kim = make.user()
    code = codes.new(kim, "sign_in", kim.email)
    wrong = f"{(int(code) + 1) % 10**codes.DIGITS:0{codes.DIGITS}d}"

    assert not any(race(6, lambda _: codes.spend(kim, "sign_in", wrong) is not None))
    assert codes.spend(kim, "sign_in", code) is None

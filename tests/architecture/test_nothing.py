"""What declares that it takes nothing refuses something."""

import ast

import pytest

from identity.models import Session
from tests import make
from tests.architecture import source
from tests.clients import ApiClient, PersonClient, staff_in
from tests.make.identity import PASSWORD

REFRESH, LOGIN = "/auth/refresh", "/api/user/auth/login"


def _declares_nothing(function: source.Function) -> bool:
    words = (word for each in function.decorator_list if isinstance(each, ast.Call) for word in each.keywords)
    return any(word.arg == "request" and ast.unparse(word.value) == "Nothing" for word in words)


def test_every_view_that_takes_nothing_looks() -> None:
    takers = [
        (f"{path}:{each.lineno}", ast.unparse(each))
        for path in source.files()
        for each in source.functions(path)
        if _declares_nothing(each)
    ]

    assert takers
    assert [where for where, text in takers if "self.validated(Nothing)" not in text] == []


@pytest.mark.parametrize("path", ["/auth/refresh", "/auth/logout", "/api/user/auth/refresh"])
@pytest.mark.parametrize(("body", "named"), [('{"odd": 1}', "odd"), ("{", "body"), ("[]", "body")])
def test_the_refresh_cookie_is_not_spent_for_a_body_that_nobody_asked_for(path: str, body: str, named: str) -> None:
    make.user("ada@example.test")
    browser = ApiClient()
    browser.post(LOGIN, {"email": "ada@example.test", "password": PASSWORD})
    before = browser.cookies["rt"].value

    refused = browser.post(path, body)

    assert (refused.status_code, list(refused.json()["details"])) == (400, [named])
    assert browser.cookies["rt"].value == before
    # One that was just spent is taken once more, for a while.
    assert Session.objects.get().spent == []
    assert browser.post(REFRESH, "").status_code == 200


@pytest.mark.parametrize("path", ["/api/user/auth/logout", "/api/admin/auth/logout"])
@pytest.mark.parametrize(("body", "named"), [('{"odd": 1}', "odd"), ("{", "body")])
def test_nobody_is_signed_out_by_one(owner: PersonClient, path: str, body: str, named: str) -> None:
    client = staff_in("SUPPORT") if "admin" in path else owner

    refused = client.post(path, body)

    assert (refused.status_code, list(refused.json()["details"])) == (400, [named])
    assert client.get("/auth/me").status_code == 200
    assert client.post(path, {}).status_code == 204

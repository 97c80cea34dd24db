"""The token that shows that one of our own pages sent a request."""

from tests.clients import ApiClient, PersonClient


def test_it_fits_the_cookie_and_is_never_the_same_text(anonymous: ApiClient) -> None:
    first, second = (anonymous.get("/api/auth/csrf") for _ in range(2))

    assert first.cookies["csrf"].value
    assert list(first.json()) == ["csrfToken"]
    assert first.json() != second.json()
    assert first["Cache-Control"] == "no-store"


def test_it_lets_a_page_write(owner: PersonClient) -> None:
    browser = ApiClient(enforce_csrf_checks=True)
    browser.cookies["session"] = owner.cookies["session"].value
    token = browser.get("/api/auth/csrf").json()["csrfToken"]

    def rename(**headers: str) -> int:
        return int(browser.patch("/api/v1/users/me", {"firstName": "Ada"}, headers=headers).status_code)

    assert rename() == 403
    assert rename(Origin="http://testserver") == 403
    assert rename(**{"X-CSRFToken": token, "Origin": "http://testserver"}) == 200


def test_another_browsers_token_is_none() -> None:
    mine, theirs = ApiClient(enforce_csrf_checks=True), ApiClient()
    mine.get("/api/auth/csrf")
    token = theirs.get("/api/auth/csrf").json()["csrfToken"]

    assert mine.post("/api/auth/signout", {"csrfToken": token}).status_code == 403

"""Who is signed in."""

from tests.clients import ApiClient, PersonClient


def test_it_says_who(owner: PersonClient) -> None:
    response = owner.get("/auth/me")

    assert response.status_code == 200
    assert response.json() == owner.get("/api/v1/users/me").json()


def test_nobody_is_nobody(anonymous: ApiClient) -> None:
    assert anonymous.get("/auth/me").status_code == 401

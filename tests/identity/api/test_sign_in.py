"""What every way of signing in answers, right or wrong."""

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from identity.models import Session
from tests import make
from tests.clients import ApiClient
from tests.make.identity import PASSWORD

DOORS = ["/api/user/auth/login", "/api/admin/auth/login"]
REFUSED = [
    ("ada@example.test", "wrong password"),
    ("nobody@example.test", PASSWORD),
    ("suspended@example.test", PASSWORD),
    ("deleted@example.test", PASSWORD),
    ("guest@example.test", PASSWORD),
    ("unconfirmed@example.test", PASSWORD),
]


class Counting(MD5PasswordHasher):
    """Counts how often a password was hashed."""

    algorithm = "counting"
    count = 0

    def encode(self, password: str, salt: str) -> str:
        Counting.count += 1
        return super().encode(password, salt)


@pytest.fixture
def people(settings: Any) -> None:
    """One of each who must not get in, and one who may."""
    settings.PASSWORD_HASHERS = [f"{__name__}.Counting"]
    make.user("ada@example.test", is_staff=True)
    make.user("suspended@example.test", is_staff=True, status="suspended")
    make.user("deleted@example.test", is_staff=True, status="deleted")
    make.user("guest@example.test", password=None)
    make.user("unconfirmed@example.test", is_staff=True, confirmed=False)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("door", DOORS)
def test_every_refusal_is_the_same_bytes_and_one_hash(anonymous: ApiClient, door: str) -> None:
    answers, hashes = set(), []
    for email, password in REFUSED:
        Counting.count = 0
        answer = anonymous.post(door, {"email": email, "password": password})
        hashes.append(Counting.count)
        answers.add((answer.status_code, answer.content, frozenset(answer.cookies)))

    assert len(answers) == 1
    assert next(iter(answers))[0] == 401
    assert hashes == [1] * len(REFUSED)
    assert not Session.objects.exists()


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("door", DOORS)
def test_signing_in_costs_one_hash_too(anonymous: ApiClient, door: str) -> None:
    Counting.count = 0

    answer = anonymous.post(door, {"email": "ada@example.test", "password": PASSWORD})

    assert (answer.status_code, Counting.count) == (200, 1)
    assert set(answer.json()) == {"accessToken", "tokenType", "expiresIn", "user"}


def test_a_second_factor_is_asked_for_whatever_the_first_was(anonymous: ApiClient) -> None:
    user = make.user("ada@example.test", is_staff=True)
    user.totp_devices.create(secret="JBSWY3DPEHPK3PXP", confirmed_at=user.created_at)

    for door in DOORS:
        answer = anonymous.post(door, {"email": "ada@example.test", "password": PASSWORD})
        assert (answer.status_code, set(answer.json())) == (200, {"requires2FA", "pendingToken"})
        assert answer.json()["requires2FA"] is True
        assert not answer.cookies
    assert not Session.objects.exists()

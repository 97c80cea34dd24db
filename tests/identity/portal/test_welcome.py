"""The page behind a guest's link."""

import re

import pytest
from django.test import Client

from identity.models import User
from identity.services import accounts
from platform_core.models import Mail
from tests.make.identity import PASSWORD


@pytest.fixture
def path() -> str:
    accounts.guest_account("guest@example.test", name="Grace")
    found = re.search(r"http://127\.0\.0\.1:8000(/accounts/welcome/\S+)", Mail.objects.get().text)
    assert found
    return found[1]


def test_a_guest_sets_a_password_and_is_signed_in(path: str) -> None:
    browser = Client()
    page = browser.get(path)
    assert page.status_code == 200
    assert b"guest@example.test" in page.content

    response = browser.post(path, {"password": PASSWORD})

    assert response.status_code == 302
    assert browser.get("/auth/me").json()["email"] == "guest@example.test"


def test_the_link_works_once(path: str) -> None:
    Client().post(path, {"password": PASSWORD})
    thief = Client()

    assert thief.get(path).status_code == 404
    assert thief.post(path, {"password": "another fine password"}).status_code == 404

    assert User.objects.get().check_password(PASSWORD)
    assert thief.get("/auth/me").status_code == 401


@pytest.mark.parametrize("password", ["", "short", "guest@example.test"])
def test_a_weak_password_is_asked_for_again(path: str, password: str) -> None:
    response = Client().post(path, {"password": password})

    assert response.status_code == 200
    assert b"errorlist" in response.content or b"error" in response.content
    assert not User.objects.get().has_usable_password()


def test_an_unknown_link_is_not_found() -> None:
    assert Client().get("/accounts/welcome/pw_unknown/").status_code == 404


def test_the_form_is_protected_against_other_sites(path: str) -> None:
    assert Client(enforce_csrf_checks=True).post(path, {"password": PASSWORD}).status_code == 403
    assert not User.objects.get().has_usable_password()

"""How often the forms of allauth's pages may be sent."""

from typing import Any

import pytest
from django.urls import reverse

from identity.middleware import LIMITED
from identity.services import limits
from platform_core.models import Mail, RateCounter
from tests import make
from tests.clients import ApiClient
from tests.pages import Browser
from tests.sign_ins import step_up

LOGIN = "/accounts/login/"


def test_each_form_has_its_limit_and_each_limit_a_rate() -> None:
    paths = [reverse(name) for name in LIMITED if name != "account_reset_password_from_key"]

    assert len(paths) == len(LIMITED) - 1
    assert set(LIMITED.values()) <= set(limits.RATES)


@pytest.mark.usefixtures("one_moment")
def test_pages_and_the_api_count_together() -> None:
    for _ in range(15):
        Browser().post(LOGIN, {"login": "", "password": ""})
    for number in range(15):
        answer = ApiClient().post("/api/user/auth/login", {"email": f"p{number}@x.test", "password": "wrong wrong"})
        assert answer.status_code in (401, 429)

    refused = Browser().read(LOGIN), Browser().send(LOGIN, login="", password="")

    assert [page.status for page in refused] == [200, 429]
    assert refused[1].heading == "Too many attempts"
    assert 1 <= int(refused[1].response["Retry-After"]) <= 61


@pytest.mark.usefixtures("one_moment")
@pytest.mark.parametrize(
    ("path", "free", "form"),
    [
        ("/accounts/signup/", 20, {"email": "", "password1": ""}),
        ("/accounts/password/reset/", 5, {"email": "ada@example.test"}),
        ("/accounts/password/change/", 5, {"oldpassword": "wrong", "password1": "x", "password2": "x"}),
        ("/accounts/email/", 10, {"email": "no address", "action_add": ""}),
    ],
    ids=["signup", "reset", "password", "address"],
)
def test_a_form_is_taken_so_often_and_no_oftener(path: str, free: int, form: dict[str, str]) -> None:
    person = make.person(make.organization(), email="ada@example.test")
    browser = Browser(None if path.endswith(("signup/", "reset/")) else person)
    if path.endswith("email/"):
        step_up(person, "account.address")

    statuses = [browser.post(path, form).status_code for _ in range(free + 1)]

    assert 429 not in statuses[:-1]
    assert statuses[-1] == 429
    assert browser.get(path).status_code == 200


@pytest.mark.usefixtures("one_moment")
def test_nothing_of_it_is_in_a_cache(settings: Any) -> None:
    settings.REDIS_URL = ""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

    statuses = [Browser().post(LOGIN, {"login": "", "password": ""}).status_code for _ in range(31)]

    assert statuses == [200] * 30 + [429]
    assert RateCounter.objects.exists()
    assert settings.ACCOUNT_RATE_LIMITS is False


@pytest.mark.usefixtures("one_moment")
def test_while_redis_is_away_people_still_sign_in_and_are_still_counted(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    statuses = [Browser().post(LOGIN, {"login": "", "password": ""}).status_code for _ in range(31)]

    assert statuses == [200] * 30 + [429]


@pytest.mark.usefixtures("one_moment")
def test_a_link_is_mailed_again_so_often_and_no_oftener() -> None:
    person = make.person(make.organization(), email="ada@example.test")
    browser = Browser(person)
    step_up(person, "account.address")
    browser.post("/accounts/email/", {"email": "new@example.test", "action_add": ""})
    assert Mail.objects.filter(to="new@example.test").count() == 1

    for _ in range(3):
        browser.post("/accounts/email/", {"email": "new@example.test", "action_send": ""})

    assert Mail.objects.filter(to="new@example.test").count() == 2

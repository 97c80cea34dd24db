"""Machines that share one secret with us."""

import pytest
from pytest_django.fixtures import Settings

from tests import make
from tests.clients import ApiClient

pytestmark = pytest.mark.urls("tests.platform_core.api.example")


def test_the_scheduler_shows_its_token_and_sees_every_organization(anonymous: ApiClient) -> None:
    make.order()

    answer = anonymous.post("/api/v1/cron/count", headers={"x-cron-token": "test-cron-token"})

    assert answer.json() == {"success": True, "data": {"orders": 1}}


def test_an_internal_service_shows_its_token(anonymous: ApiClient) -> None:
    answer = anonymous.get("/internal/count", headers={"x-platform-internal-token": "test-internal-token"})

    assert answer.json() == {"orders": 0}


@pytest.mark.parametrize("token", [None, "", "wrong", "test-cron-tokeN", "test-internal-token", "täst"])
def test_any_other_token_is_none(anonymous: ApiClient, token: str | None) -> None:
    headers = {} if token is None else {"x-cron-token": token}

    answer = anonymous.post("/api/v1/cron/count", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'CronToken realm="mainstay"'


@pytest.mark.parametrize("given", ["", "anything"])
def test_an_empty_setting_closes_the_surface(anonymous: ApiClient, settings: Settings, given: str) -> None:
    settings.INTERNAL_TOKEN = ""

    answer = anonymous.get("/internal/count", headers={"x-platform-internal-token": given})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'InternalToken realm="mainstay"'


def test_a_token_opens_its_own_surface_only(anonymous: ApiClient) -> None:
    headers = {"x-platform-internal-token": "test-internal-token"}

    assert anonymous.post("/internal/count", headers=headers).status_code == 403
    assert anonymous.post("/api/v1/cron/count", headers=headers).status_code == 401


def test_a_persons_session_is_no_machine(owner: ApiClient) -> None:
    assert owner.get("/internal/count").status_code == 401

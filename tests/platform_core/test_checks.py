"""Configurations that start, and are not what anybody wants."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as installed
from django.db import connection

from platform_core import checks

HTTPS = "https://hub.example.com"


def ids(*found: Any) -> list[str]:
    return [message.id for messages in found for message in messages]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost", "http://hub.localhost:1", "http://[::1]"])
def test_ones_own_machine_may_do_what_it_likes(settings: Any, url: str) -> None:
    settings.BASE_URL, settings.DEBUG, settings.SANDBOX = url, True, True

    assert ids(checks.check_reach(None), checks.check_transport(None)) == []


def test_what_others_can_reach_may_not(settings: Any) -> None:
    settings.BASE_URL, settings.DEBUG, settings.SANDBOX = "http://hub.example.com", True, True

    assert ids(checks.check_reach(None)) == ["mainstay.E001", "mainstay.W001"]
    assert ids(checks.check_transport(None)) == ["mainstay.W003"]


def test_a_reachable_instance_as_it_should_be(settings: Any) -> None:
    settings.BASE_URL, settings.DEBUG, settings.SANDBOX = HTTPS, False, False

    assert ids(checks.check_reach(None), checks.check_transport(None)) == []


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    """Secrets as they are made at the first start."""
    settings.DATA_DIR = tmp_path
    for name in ("secret_key", "field_key", "token_pepper"):
        (tmp_path / name).write_text(f"kept-{name}\n")
    settings.SECRET_KEY, settings.FIELD_ENCRYPTION_KEYS = "kept-secret_key", ["kept-field_key", "older"]
    settings.TOKEN_PEPPERS = ["p1:kept-token_pepper"]
    settings.CRON_TOKEN = settings.INTERNAL_TOKEN = "x" * 32
    return tmp_path


def test_made_secrets_are_not_for_production(settings: Any, kept: Path) -> None:
    settings.BASE_URL = HTTPS

    assert ids(checks.check_secrets(None)) == ["mainstay.E002", "mainstay.E003", "mainstay.E004"]


def test_made_secrets_do_at_home(settings: Any, kept: Path) -> None:
    settings.BASE_URL = "http://127.0.0.1:8000"

    assert ids(checks.check_secrets(None)) == []


def test_secrets_of_ones_own_are_fine(settings: Any, kept: Path) -> None:
    settings.BASE_URL = HTTPS
    settings.SECRET_KEY, settings.FIELD_ENCRYPTION_KEYS, settings.TOKEN_PEPPERS = "own", ["own"], ["p2:own"]
    (kept / "token_pepper").unlink()

    assert ids(checks.check_secrets(None)) == []


def test_tokens_of_machines(settings: Any, kept: Path) -> None:
    settings.CRON_TOKEN, settings.INTERNAL_TOKEN = "", "short"

    cron, internal = checks.check_secrets(None)

    assert (cron.id, internal.id) == ("mainstay.I001", "mainstay.W002")
    assert "CRON_TOKEN" in cron.msg
    assert "INTERNAL_TOKEN" in internal.msg


@pytest.mark.parametrize("peppers", [["p1:a"], ["p2:b:c", "p1:a"]])
def test_named_peppers(settings: Any, peppers: list[str]) -> None:
    settings.TOKEN_PEPPERS = peppers

    assert ids(checks.check_peppers(None)) == []


@pytest.mark.parametrize("peppers", [[], ["secret"], [":secret"], ["p1:"], ["p1:a", "p1:b"]])
def test_peppers_without_a_name_or_a_secret(settings: Any, peppers: list[str]) -> None:
    settings.TOKEN_PEPPERS = peppers

    assert ids(checks.check_peppers(None)) == ["mainstay.E006"]


def test_webhooks_must_be_verifiable(settings: Any) -> None:
    assert ids(checks.check_webhook_secrets(None)) == []

    settings.STRIPE_WEBHOOK_SECRETS = []

    assert ids(checks.check_webhook_secrets(None)) == ["mainstay.E005"]


@pytest.mark.postgres
@pytest.mark.skipif(not installed.PLATFORM_RLS, reason="needs PLATFORM_RLS=1")
def test_row_level_security_is_there_and_its_tables_are_somebody_elses() -> None:
    (owner,) = checks.check_row_security(None)
    assert owner.id == "mainstay.W004"

    with connection.cursor() as cursor:
        cursor.execute("DROP POLICY scope ON tenants_order")

    assert ids(checks.check_row_security(None)) == ["mainstay.E007", "mainstay.W004"]


@pytest.mark.postgres
@pytest.mark.skipif(installed.PLATFORM_RLS, reason="needs a superuser, so PLATFORM_RLS must not be on")
def test_a_role_that_bypasses_row_level_security(settings: Any) -> None:
    assert checks.check_row_security(None) == []

    settings.PLATFORM_RLS = True

    assert ids(checks.check_row_security(None)) == ["mainstay.E007", "mainstay.E008"]

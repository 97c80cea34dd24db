"""New keys: nobody is signed out, and nothing stays under an old one."""

from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection

from identity.models import SigningKey
from identity.services import access_tokens, tokens
from identity.services.signing_keys import signing_key
from platform_core.models import AuditEvent, Mail
from platform_core.services import reencryption
from tests import make
from tests.clients import ApiClient


def rotate(**options: Any) -> list[str]:
    output = StringIO()
    call_command("rotate_keys", stdout=output, **options)
    return output.getvalue().splitlines()


def key_ids(table: str, column: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM "{table}"')  # noqa: S608
        return {stored.partition(":")[0] for (stored,) in cursor.fetchall() if stored}


def test_tokens_of_before_live_on_and_new_ones_have_the_new_key() -> None:
    issued = tokens.issue(make.user(), organization_id=None)
    before = signing_key()

    assert rotate(only="signing") == [f"Access tokens are signed with {signing_key().pk}."]

    assert signing_key() != before
    assert access_tokens.verify(issued.access_token).session == issued.session
    assert access_tokens.verify(tokens.refresh(issued.refresh_token).access_token).session == issued.session
    before.refresh_from_db()
    assert (before.is_signing, before.private_key) == (False, "")
    event = AuditEvent.objects.latest("created_at")
    assert (event.action, event.actor_type, event.target_id) == (
        "signing_key.rotate",
        "system",
        str(signing_key().pk),
    )
    assert event.actor_label.startswith("command rotate_keys by ")


def test_after_a_leak_the_key_before_verifies_nothing_and_refreshing_goes_on() -> None:
    issued = tokens.issue(make.user(), organization_id=None)
    bearer = {"Authorization": f"Bearer {issued.access_token}"}

    rotate(only="signing", overlap=0)

    client = ApiClient()
    assert client.get("/auth/me", headers=bearer).status_code == 401
    client.cookies["rt"] = issued.refresh_token
    assert client.post("/auth/refresh").status_code == 200


def test_every_secret_comes_under_the_newest_key(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(reencryption, "BATCH", 2)
    for _ in range(5):
        make.mail(text="hello", html="")
    key = signing_key()
    old = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = ["a new key", *old]

    said = rotate(only="fields")

    assert "platform_core.Mail.text: 5 encrypted anew." in said
    assert "platform_core.Mail.html: 0 encrypted anew." in said
    assert "identity.SigningKey.private_key: 1 encrypted anew." in said
    assert len(key_ids("platform_core_mail", "text")) == len(key_ids("identity_signingkey", "private_key")) == 1
    settings.FIELD_ENCRYPTION_KEYS = ["a new key"]
    assert {mail.text for mail in Mail.objects.all()} == {"hello"}
    assert SigningKey.objects.get().private_key == key.private_key
    assert all(line.endswith(": 0 encrypted anew.") for line in rotate(only="fields"))


def test_both_are_done_by_default() -> None:
    said = rotate()

    assert said[0].startswith("Access tokens are signed with ")
    assert len(said) > 3

"""Secrets at rest."""

from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from platform_core.encryption import DecryptionError, decrypt, encrypt
from platform_core.models import Mail
from tests import make


def stored() -> tuple[str, str]:
    """Text and HTML of the one message, as the database holds them."""
    with connection.cursor() as cursor:
        cursor.execute('SELECT "text", "html" FROM platform_core_mail')
        text, html = cursor.fetchone()
    return text, html


@given(st.text())
def test_what_was_encrypted_can_be_read(text: str) -> None:
    assert decrypt(encrypt(text)) == text


def test_the_same_text_is_never_encrypted_alike() -> None:
    assert encrypt("hello") != encrypt("hello")


def test_the_database_sees_no_plain_text() -> None:
    make.mail(text="the link is 12345", html="")

    text, html = stored()
    assert "12345" not in text
    assert html == ""
    assert Mail.objects.get().text == "the link is 12345"
    assert Mail.objects.get().html == ""


def test_keys_rotate_by_listing_the_new_one_first(settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["old"]
    make.mail(text="kept")
    by_old, _ = stored()

    settings.FIELD_ENCRYPTION_KEYS = ["new", "old"]
    again = Mail.objects.get()
    assert again.text == "kept"
    again.save()

    settings.FIELD_ENCRYPTION_KEYS = ["new"]
    assert Mail.objects.get().text == "kept"
    assert stored()[0].partition(":")[0] != by_old.partition(":")[0]


def test_without_its_key_a_secret_stays_closed(settings: Any) -> None:
    secret = encrypt("kept")
    settings.FIELD_ENCRYPTION_KEYS = ["another"]

    with pytest.raises(DecryptionError, match="No key in FIELD_ENCRYPTION_KEYS"):
        decrypt(secret)


@pytest.mark.parametrize("text", ["", "plain text", "12345678:", "12345678:gAAAA"])
def test_what_was_never_encrypted_is_refused(text: str) -> None:
    with pytest.raises(DecryptionError):
        decrypt(text)


def test_an_altered_secret_is_noticed() -> None:
    secret = encrypt("kept")

    with pytest.raises(DecryptionError, match="altered"):
        decrypt(secret[:-4] + "AAA=")


def test_an_encrypted_column_cannot_be_searched() -> None:
    with pytest.raises(FieldError, match="text is encrypted"):
        Mail.objects.filter(text="hello").exists()

    assert not Mail.objects.filter(text__isnull=True).exists()


def test_bulk_updates_encrypt_too() -> None:
    mail = make.mail()
    mail.text = "in bulk"

    Mail.objects.bulk_update([mail], ["text"])

    assert "in bulk" not in stored()[0]
    assert Mail.objects.get().text == "in bulk"

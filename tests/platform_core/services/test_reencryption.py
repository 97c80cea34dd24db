"""Which fields a rotation covers; tests of `rotate_keys` show that it does."""

from typing import Any

import pytest
from django.apps import apps

from platform_core.encryption import DecryptionError, EncryptedTextField
from platform_core.models import Mail
from platform_core.services import reencryption
from tests import make


def test_every_encrypted_field_is_covered() -> None:
    names = {f"{model._meta.label}.{name}" for model, name in reencryption.fields()}

    assert {"identity.SigningKey.private_key", "identity.TotpDevice.secret", "platform_core.Mail.text"} <= names
    everywhere = [field for model in apps.get_models() for field in model._meta.fields]
    assert len(names) == sum(isinstance(field, EncryptedTextField) for field in everywhere)


def test_a_second_run_writes_nothing(django_assert_num_queries: Any) -> None:
    make.mail(text="hello", html="")

    assert set(reencryption.reencrypt_all().values()) == {0}


def test_a_secret_that_no_key_opens_stops_it(settings: Any) -> None:
    make.mail(text="hello", html="")
    settings.FIELD_ENCRYPTION_KEYS = ["another key altogether"]

    with pytest.raises(DecryptionError):
        reencryption.reencrypt_all()

    settings.FIELD_ENCRYPTION_KEYS = ["another key altogether", "x"]
    assert Mail.objects.count() == 1

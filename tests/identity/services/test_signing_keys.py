"""Keys of access tokens."""

import pytest
from django.db import IntegrityError, transaction

from identity.models import SigningKey
from identity.services import signing_keys
from identity.services.signing_keys import signing_key


def test_the_first_need_makes_the_key_and_later_ones_find_it() -> None:
    first = signing_key()

    assert signing_key() == first
    assert SigningKey.objects.count() == 1
    assert first.private_key.startswith("-----BEGIN PRIVATE KEY-----")
    assert first.public_key.startswith("-----BEGIN PUBLIC KEY-----")


def test_only_one_key_signs() -> None:
    signing_key()

    with pytest.raises(IntegrityError), transaction.atomic():
        signing_keys._make()


def test_whoever_loses_the_race_for_the_first_key_uses_the_winners() -> None:
    winners = signing_key()

    assert signing_keys._make_once() == winners
    assert SigningKey.objects.get() == winners


def test_private_keys_are_encrypted_at_rest() -> None:
    key = signing_key()

    stored = SigningKey.objects.filter(pk=key.pk).extra(select={"raw": "private_key"}).values_list("raw", flat=True)

    assert "PRIVATE KEY" not in stored[0]

"""Bringing stored secrets under the newest key of FIELD_ENCRYPTION_KEYS, so that the older ones can be taken out."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models, router, transaction
from django.db.models import F, Q
from django.db.models.functions import Cast

from platform_core import scoping
from platform_core.encryption import EncryptedTextField, newest_key_id

BATCH = 200


def fields() -> Iterator[tuple[type[models.Model], str]]:
    """Every encrypted field of every model: a new one is covered by being one."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field.name


def reencrypt_all() -> dict[str, int]:
    """Encrypt anew whatever an older key still holds; how many rows of each field that were."""
    with scoping.system():
        return {f"{model._meta.label}.{name}": _reencrypt(model, name) for model, name in fields()}


def _reencrypt(model: type[models.Model], name: str) -> int:
    """Batch by batch, so that nobody waits long for a lock."""
    total = 0
    while count := _reencrypt_batch(model, name):
        total += count
    return total


def _reencrypt_batch(model: type[models.Model], name: str) -> int:
    using = router.db_for_write(model)
    held_by_older = ~Q(stored="") & ~Q(stored__startswith=f"{newest_key_id()}:")
    with transaction.atomic(using=using):
        rows = model._base_manager.using(using).annotate(stored=Cast(F(name), models.TextField()))
        stale = rows.filter(held_by_older, stored__isnull=False).order_by("pk")
        keys: list[Any] = list(stale.values_list("pk", flat=True)[:BATCH])
        # Locked before they are read: what somebody writes meanwhile is under the newest key anyway.
        locked = model._base_manager.using(using).select_for_update().filter(pk__in=keys)
        for row in locked:
            model._base_manager.using(using).filter(pk=row.pk).update(**{name: getattr(row, name)})
    return len(keys)

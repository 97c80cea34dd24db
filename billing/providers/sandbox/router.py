"""Keeps the sandbox's tables in the sandbox's database, and nothing else there."""

from typing import Any

from django.db.models import Model

ALIAS = "sandbox"


class SandboxRouter:
    """The app label decides."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return ALIAS if model._meta.app_label == ALIAS else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        return ALIAS if model._meta.app_label == ALIAS else None

    def allow_relation(self, first: Model, second: Model, **hints: Any) -> bool | None:
        return first._meta.app_label == second._meta.app_label if ALIAS in _labels(first, second) else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return (db == ALIAS) == (app_label == ALIAS)


def _labels(*rows: Model) -> set[str]:
    return {row._meta.app_label for row in rows}

"""A database of the test's own, on the engine that the instance uses: made before, dropped after."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command


@contextmanager
def own_database(folder: Path) -> Iterator[str]:
    """Its address."""
    given = settings.DATABASES["default"]
    if given["ENGINE"].endswith("sqlite3"):
        yield f"sqlite:///{folder / 'crashtest.sqlite3'}"
        return
    name = f"crashtest_{uuid4().hex[:12]}"
    host, port = given["HOST"] or "127.0.0.1", int(given["PORT"] or 5432)
    user, password = given["USER"], given["PASSWORD"]
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    with psycopg.connect(
        dbname="postgres", host=host, port=port, user=user, password=password, autocommit=True
    ) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield f"postgres://{login}@{host}:{port}/{name}"
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def make_tables() -> None:
    """Every table as the models say, without the history of how it came about: most of a short test would be that.

    For processes of their own: this one knows no migrations any more.
    """
    settings.MIGRATION_MODULES = {config.label: None for config in apps.get_app_configs()}
    for alias in settings.DATABASES:
        call_command("migrate", database=alias, run_syncdb=True, verbosity=0)

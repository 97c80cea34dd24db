"""A database of one's own is gone afterwards, and the instance's is never it."""

from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from tenants.management.crashtest.database import own_database


@pytest.mark.sqlite
def test_a_file_of_its_own(tmp_path: Path) -> None:
    with own_database(tmp_path) as url:
        assert url == f"sqlite:///{tmp_path}/crashtest.sqlite3"


@pytest.mark.postgres
def test_made_and_dropped(tmp_path: Path) -> None:
    with own_database(tmp_path) as url:
        name = urlsplit(url).path.removeprefix("/")
        with psycopg.connect(url.replace("postgres://", "postgresql://")) as there:
            assert there.execute("SELECT current_database()").fetchone() == (name,)
        assert name not in {settings.DATABASES["default"]["NAME"], connections["default"].settings_dict["NAME"]}

    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [name])
        assert cursor.fetchone() == (0,)

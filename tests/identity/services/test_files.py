"""Files of people, on disk and in S3."""

import resource
import signal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage, storages
from django.db import transaction

from identity.services import files
from platform_core.errors import Unavailable
from platform_core.models import Job
from platform_core.transactions import InsideTransaction
from tests import loopback, make
from tests.identity.jobs import work
from tests.loopback import Reply


def test_a_file_is_kept_under_a_name_of_its_own_and_read_back() -> None:
    one, other = files.keep("photos", "webp", b"one"), files.keep("photos", "webp", b"other")

    assert one != other
    assert one.startswith("photos/")
    assert (files.read(one), files.read(other), files.read("photos/none.webp")) == (b"one", b"other", None)


def test_a_file_is_written_over_what_a_try_before_left() -> None:
    assert files.write("exports/1.zip", b"half") == files.write("exports/1.zip", b"whole")

    assert files.read("exports/1.zip") == b"whole"


def test_a_file_is_deleted_by_a_job_however_often_it_is_asked_for() -> None:
    kim, name = make.user(), files.keep("photos", "webp", b"one")

    for _ in range(2):
        files.discard(name, kim)
    files.discard("", kim)

    assert Job.objects.count() == 1
    work()
    assert Job.objects.get().status == Job.Status.DONE
    assert not default_storage.exists(name)


def test_no_transaction_waits_for_a_storage() -> None:
    with transaction.atomic(), pytest.raises(InsideTransaction):
        files.keep("photos", "webp", b"one")


def test_the_disk_is_private(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}

    name = files.keep("photos", "webp", b"one")

    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / name).parent.stat().st_mode & 0o777 == 0o700


def test_a_disk_that_is_full_keeps_no_half_of_a_file(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(Unavailable) as refused:
            files.keep("photos", "webp", b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)

    assert refused.value.headers == {"Retry-After": "60"}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert files.read(files.keep("photos", "webp", b"x" * 5000)) == b"x" * 5000


def test_s3_is_asked_with_the_names_that_are_configured(settings: Any) -> None:
    with loopback.serve(Reply(status=404, body=b""), Reply(body=b"")) as server:
        options = {
            "bucket_name": "people",
            "endpoint_url": server.url,
            "region_name": "eu-central-1",
            "access_key": "key",
            "secret_key": "secret",
            "addressing_style": "path",
            "default_acl": None,
        }
        backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
        storage = storages.create_storage(backend)
        settings.STORAGES = {**settings.STORAGES, "default": backend}

        assert storage.exists("photos/one.webp") is False
        name = files.keep("photos", "webp", b"one")

    assert name.startswith("photos/")
    assert {asked.path.partition("?")[0] for asked in server.asked} <= {f"/people/{name}", "/people/photos/one.webp"}
    assert all("AWS4-HMAC-SHA256" in asked.headers["Authorization"] for asked in server.asked)

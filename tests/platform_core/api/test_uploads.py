"""Pictures as they come in and go out."""

import pytest
from django.test import RequestFactory
from rest_framework.request import Request

from platform_core import pictures
from platform_core.api import uploads
from platform_core.errors import PayloadTooLarge


def announced(length: str) -> Request:
    return Request(RequestFactory().post("/", CONTENT_LENGTH=length))


@pytest.mark.parametrize("length", ["", "0", str(pictures.MOST_BYTES)])
def test_what_may_come_is_read(length: str) -> None:
    uploads.refuse_large(announced(length))


def test_what_is_announced_as_large_is_not_read() -> None:
    with pytest.raises(PayloadTooLarge):
        uploads.refuse_large(announced(str(pictures.MOST_BYTES + uploads.AROUND + 1)))


def test_the_same_picture_has_the_same_tag() -> None:
    one, same, other = (uploads.served(content) for content in (b"one", b"one", b"other"))

    assert one["ETag"] == same["ETag"] != other["ETag"]

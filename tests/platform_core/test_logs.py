"""Log lines say which request they belong to."""

import io
import logging

import pytest
from django.test import Client

from platform_core import context, tokens
from platform_core.logs import ContextFilter, RedactingFormatter


def line() -> logging.LogRecord:
    record = logging.LogRecord("x", logging.INFO, "file.py", 1, "hello", None, None)
    assert ContextFilter().filter(record)
    return record


def test_the_request_in_hand() -> None:
    context.begin(context.RequestContext("abcdefgh"))

    assert line().__dict__["request_id"] == "abcdefgh"


def test_no_request() -> None:
    assert line().__dict__["request_id"] == "-"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/welcome/{}/", "/accounts/staff-invitation/{}/", "/api/v1/auth/invite/{}"])
def test_a_mailed_link_that_is_refused_is_not_logged(client: Client, path: str) -> None:
    token, written = tokens.new("link"), io.StringIO()
    console = next(each for each in logging.getLogger().handlers if isinstance(each.formatter, RedactingFormatter))
    assert isinstance(console, logging.StreamHandler)
    before = console.setStream(written)
    try:
        assert client.get(path.format(token)).status_code == 404
    finally:
        console.setStream(before)

    assert f"Not Found: {path.format('[secret]')}\n" in written.getvalue()
    assert token not in written.getvalue()

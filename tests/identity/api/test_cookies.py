"""Cookies of tokens over http; test_auth.py shows them at work."""

from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api import cookies


def test_dropping_expires_both_where_they_were_set() -> None:
    response = Response()

    cookies.drop(response)

    for name in ("at", "rt"):
        assert (response.cookies[name].value, response.cookies[name]["max-age"]) == ("", 0)
        assert response.cookies[name]["path"] == "/"


def test_a_browser_without_them_sends_nothing() -> None:
    request = Request(RequestFactory().get("/"))

    assert (cookies.access_token(request), cookies.refresh_token(request)) == ("", "")

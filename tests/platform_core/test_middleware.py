"""What is known of a request, text that no database takes, and scopes."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from platform_core import clock, context, scoping
from platform_core.middleware import RequestContextMiddleware, ScopeMiddleware, client_ip
from platform_core.scoping import ScopeMissing
from tests.clients import ApiClient, PersonClient
from tests.pages import Browser


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "address"),
    [
        (0, "198.51.100.9", "192.0.2.1", "192.0.2.1"),
        (1, "203.0.113.5, 198.51.100.9", "192.0.2.1", "198.51.100.9"),
        (2, "203.0.113.5, 198.51.100.9", "192.0.2.1", "203.0.113.5"),
        (3, "203.0.113.5, 198.51.100.9", "192.0.2.1", "192.0.2.1"),
        (1, "", "192.0.2.1", "192.0.2.1"),
        (1, "unknown", "192.0.2.1", None),
        (1, "198.51.100.9:4711", "192.0.2.1", "198.51.100.9"),
        (1, "[2001:db8::1]:443", "192.0.2.1", "2001:db8::1"),
        (1, "2001:db8::1", "192.0.2.1", "2001:db8::1"),
        (1, "fe80::1%eth0", "192.0.2.1", "fe80::1"),
        (1, "1.2.3", "192.0.2.1", None),
        (0, "", "", None),
    ],
)
def test_an_address_is_believed_as_far_as_our_own_proxies_wrote_it(
    settings: Any, proxies: int, forwarded: str, remote: str, address: str | None
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory(REMOTE_ADDR=remote).get("/", headers={"X-Forwarded-For": forwarded})

    assert client_ip(request) == address


def test_an_address_nobody_gave() -> None:
    request = RequestFactory().get("/")
    del request.META["REMOTE_ADDR"]

    assert client_ip(request) is None


def run(request: HttpRequest, seen: list[Any]) -> HttpResponse:
    def view(_: HttpRequest) -> HttpResponse:
        seen.append(context.current())
        return HttpResponse()

    return RequestContextMiddleware(view)(request)


def test_a_well_formed_id_is_kept_through_the_request() -> None:
    seen: list[Any] = []
    headers = {"X-Request-Id": "abc-DEF.123_x", "User-Agent": "x" * 300}

    response = run(RequestFactory().get("/", headers=headers), seen)

    assert response["X-Request-Id"] == "abc-DEF.123_x"
    assert seen == [context.RequestContext("abc-DEF.123_x", "127.0.0.1", "x" * 256)]
    assert context.current() is None


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "has space", "new\nline-in-it", "<script>alert(1)</script>"])
def test_any_other_id_is_replaced(given: str) -> None:
    response = run(RequestFactory().get("/", headers={"X-Request-Id": given}), [])

    assert response["X-Request-Id"].startswith("req_")


def test_the_context_ends_when_the_view_fails() -> None:
    def view(_: HttpRequest) -> HttpResponse:
        raise LookupError

    with pytest.raises(LookupError):
        RequestContextMiddleware(view)(RequestFactory().get("/"))

    assert context.current() is None


def test_each_request_reads_business_time_anew() -> None:
    before, ahead = clock._reader, [timedelta(0)]
    clock.install_reader(lambda: ahead[0])
    seen: list[timedelta] = []

    def view(_: HttpRequest) -> HttpResponse:
        seen.append(clock.offset())
        return HttpResponse()

    try:
        RequestContextMiddleware(view)(RequestFactory().get("/"))
        ahead[0] = timedelta(days=1)
        RequestContextMiddleware(view)(RequestFactory().get("/"))
    finally:
        clock._reader = before
        clock._offset.value = timedelta(0)

    assert seen == [timedelta(0), timedelta(days=1)]


def test_every_answer_carries_the_id_and_a_refusals_log_line_too(
    anonymous: ApiClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = anonymous.get("/api/v1/nothing", headers={"X-Request-Id": "abcdefgh"})

    assert answer.headers["X-Request-Id"] == "abcdefgh"
    assert [record.getMessage() for record in caplog.records] == ["Not Found: /api/v1/nothing"]


@pytest.mark.parametrize("path", ["/checkout/return?session=%00", "/checkout/return?%00=1", "/accounts/welcome/%00/"])
def test_an_address_with_a_nul_is_refused_before_a_database_sees_it(anonymous: ApiClient, path: str) -> None:
    assert anonymous.get(path).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/internal/payments/tenants/a%00b/plan-status",
        "/api/billing/products/%00",
        "/api/v1/organizations/%00",
    ],
)
def test_an_address_of_an_api_with_a_nul_is_refused_in_its_own_words(anonymous: ApiClient, path: str) -> None:
    answer = anonymous.get(path)

    assert (answer.status_code, "holds a NUL" in answer.text) == (400, True)
    assert answer.headers["Content-Type"].startswith("application/")


def test_a_form_with_a_nul_is_refused_before_a_database_sees_it() -> None:
    assert Browser().post("/buy", {"plan": "hosting\x00"}).status_code == 400


def test_an_api_names_the_field_that_holds_a_nul(owner: PersonClient) -> None:
    answer = owner.get("/api/v1/organizations?page=%00")

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["page"]


@pytest.mark.parametrize("name", ["session", "at", "csrf"])
def test_a_cookie_with_a_nul_is_no_cookie(anonymous: ApiClient, name: str) -> None:
    # Quoted cookies hold any character as an octal number.
    answer = anonymous.get("/api/v1/users/me", headers={"Cookie": f'{name}="aaaaaaaaaaaaaaaaaaaa\\000"'})

    assert answer.status_code == 401


def test_a_refresh_cookie_with_a_nul_is_no_cookie(anonymous: ApiClient) -> None:
    assert anonymous.post("/auth/refresh", {}, headers={"Cookie": 'rt="rt_\\000a.b"'}).status_code == 401


def test_a_request_begins_without_a_scope_and_leaves_none_behind() -> None:
    def view(_: HttpRequest) -> HttpResponse:
        with pytest.raises(ScopeMissing):
            scoping.current()
        scoping.enter(scoping.STAFF)
        return HttpResponse()

    ScopeMiddleware(view)(RequestFactory().get("/"))

    assert scoping.current() is scoping.SYSTEM


def test_a_scope_ends_when_the_view_fails() -> None:
    def view(_: HttpRequest) -> HttpResponse:
        scoping.enter(scoping.STAFF)
        raise LookupError

    with pytest.raises(LookupError):
        ScopeMiddleware(view)(RequestFactory().get("/"))

    assert scoping.current() is scoping.SYSTEM

"""The watch over refusals is awake: one that the API's description hides fails the test that met it."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from identity.api.account.account_exports import AccountExportDetail, AccountExportList
from identity.portal.profile import Profile
from platform_core.api.schema import failures_of
from tests.declared import FailuresAreDeclared, Undeclared


def refused(view: Any, status: int, method: str = "POST", **kwargs: str) -> HttpResponse:
    """What the watch lets through of a view's refusal."""
    request: HttpRequest = RequestFactory().generic(method, "/anything")

    class Match:
        func = staticmethod(view.as_view())

    Match.kwargs = kwargs  # type: ignore[attr-defined]
    request.resolver_match = Match()  # type: ignore[assignment]
    return FailuresAreDeclared(lambda _: HttpResponse(status=status))(request)


def test_what_follows_from_rule_address_and_body_need_not_be_said() -> None:
    for status in (400, 401, 403, 413, 415, 429):
        assert refused(AccountExportList, status).status_code == status
    for method in ("GET", "HEAD"):
        assert refused(AccountExportDetail, 404, method, pk="1").status_code == 404


def test_what_a_view_declares_is_expected() -> None:
    assert AccountExportList.failures == {"POST": [409]}
    assert refused(AccountExportList, 409).status_code == 409


@pytest.mark.parametrize("status", [402, 404, 410, 422])
def test_anything_else_is_hidden(status: int) -> None:
    with pytest.raises(Undeclared, match=f"AccountExportList hides|with {status}"):
        refused(AccountExportList, status)


def test_pages_crashes_and_verbs_that_are_not_there_are_not_its_business() -> None:
    assert refused(Profile, 409).status_code == 409
    assert refused(AccountExportList, 500).status_code == 500
    assert refused(AccountExportList, 405, "PUT").status_code == 405


def test_the_watch_stands_in_front_of_every_view(settings: Any) -> None:
    assert "tests.declared.FailuresAreDeclared" in settings.MIDDLEWARE
    assert 409 in failures_of(AccountExportList, "POST", is_of_one=False)

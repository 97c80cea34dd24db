"""The theme: chosen without JavaScript, kept in a cookie, in the first byte of the next page."""

import pytest
from django.http import HttpRequest

from platform_core.portal.preferences import theme_of
from tests.pages import Browser

HERE = "http://testserver/pricing"


def test_a_theme_is_kept_and_in_the_next_page() -> None:
    browser = Browser()

    answer = browser.post("/theme", {"theme": "dark"}, headers={"Referer": HERE})

    assert (answer.status_code, answer["Location"]) == (302, HERE)
    assert answer.cookies["theme"]["samesite"] == "Lax"
    assert '<html lang="en" data-theme="dark">' in browser.read("/pricing").html


def test_following_the_system_forgets_the_choice() -> None:
    browser = Browser()
    browser.post("/theme", {"theme": "dark"})

    browser.post("/theme", {"theme": ""})

    assert '<html lang="en">' in browser.read("/pricing").html


def test_another_word_is_no_theme() -> None:
    answer = Browser().post("/theme", {"theme": "<script>"})

    assert answer.status_code == 400
    assert "theme" not in answer.cookies


@pytest.mark.parametrize("referer", ["https://elsewhere.test/x", "javascript:alert(1)", ""])
def test_nobody_is_sent_elsewhere(referer: str) -> None:
    answer = Browser().post("/theme", {"theme": "dark"}, headers={"Referer": referer})

    assert answer["Location"] == "/"


def test_a_forged_cookie_changes_nothing() -> None:
    request = HttpRequest()
    request.COOKIES["theme"] = 'dark" onload="'

    assert theme_of(request) == ""


def test_the_theme_needs_the_form_s_token() -> None:
    from_elsewhere = Browser(enforce_csrf_checks=True).post("/theme", {"theme": "dark"})

    assert from_elsewhere.status_code == 403

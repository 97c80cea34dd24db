"""A charset that a caller names changes nothing: forms and queries are read as UTF-8."""

import httpx
import pytest

from config.wsgi import application

# Two that Django refuses for forms, one that cannot decode, one that is no text encoding, one named as RFC 2231 does.
CHARSETS = ["charset=utf-16", "charset=latin-1", "charset=undefined", "charset=rot13", "charset*=us-ascii''rot13"]


@pytest.mark.django_db
@pytest.mark.parametrize("charset", CHARSETS)
def test_a_form_in_a_strange_charset_is_a_form(charset: str) -> None:
    with httpx.Client(transport=httpx.WSGITransport(application), base_url="http://localhost") as browser:
        headers = {"Content-Type": f"application/x-www-form-urlencoded; {charset}"}
        # Django looks for a NUL in the form before anything else, and answers 400 for one.
        with_nul = browser.post("/accounts/code/?next=%C3%A9", content="email=a%00", headers=headers)
        without_token = browser.post("/accounts/code/?next=%C3%A9", content="email=%C3%A9", headers=headers)

    assert with_nul.status_code == 400
    assert without_token.status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("charset", CHARSETS)
def test_a_query_beside_a_strange_charset_is_read(charset: str) -> None:
    with httpx.Client(transport=httpx.WSGITransport(application), base_url="http://localhost") as client:
        answer = client.get("/api/v1/health/live?x=%00", headers={"Content-Type": f"application/json; {charset}"})

    assert answer.status_code == 400
    assert answer.json()["details"] == {"x": ["This text holds characters that cannot be stored."]}

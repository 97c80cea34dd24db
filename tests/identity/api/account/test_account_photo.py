"""One's own picture over the API."""

import pytest
from django.test.client import MULTIPART_CONTENT

from platform_core import pictures
from tests.clients import ApiClient, PersonClient
from tests.pictures import HIDDEN, picture, upload, with_location

PHOTO = "/api/user/account/photo"


def form(client: ApiClient, content: bytes, **fields: str) -> tuple[int, dict[str, object]]:
    answer = client.post(PHOTO, {"photo": upload(content), **fields}, content_type=MULTIPART_CONTENT)
    return answer.status_code, answer.json()


def test_it_is_set_shown_and_taken_away(member: PersonClient) -> None:
    status, body = form(member, with_location())

    assert status == 200
    shown = member.get(str(body["photoUrl"]))
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/webp")
    assert HIDDEN.encode() not in shown.content
    assert member.delete(PHOTO).status_code == 204
    assert member.get(str(body["photoUrl"])).status_code == 404


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b"<svg/>", 400, id="svg"),
        pytest.param(b"", 400, id="nothing"),
        pytest.param(bytes(pictures.MOST_BYTES + 1), 413, id="large"),
        pytest.param(bytes(pictures.MOST_BYTES + 100_000), 413, id="announced as large"),
    ],
)
def test_what_is_no_picture_is_refused(member: PersonClient, content: bytes, status: int) -> None:
    assert form(member, content)[0] == status

    member.user.refresh_from_db()
    assert member.user.photo == ""


def test_more_than_a_picture_is_refused_by_name(member: PersonClient) -> None:
    status, body = form(member, picture(), userId="1")

    assert (status, body["details"]) == (400, {"userId": ["Unknown field."]})


def test_it_comes_as_a_form(member: PersonClient) -> None:
    assert member.post(PHOTO, {"photo": "data:image/png;base64,AAAA"}).status_code == 415


def test_nobody_has_no_picture(anonymous: ApiClient) -> None:
    assert form(anonymous, picture())[0] == 401
    assert anonymous.delete(PHOTO).status_code == 401

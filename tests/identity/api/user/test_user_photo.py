"""Pictures of people, for those who know them."""

from uuid import uuid4

import pytest

from identity.models import User
from identity.services import photos
from orgs.models import Membership
from tests.clients import ApiClient, PersonClient, staff
from tests.pictures import picture


@pytest.fixture
def kim(member: PersonClient) -> User:
    """A member with a picture."""
    photos.replace(member.user, picture(), by=member.user)
    return member.user


def test_it_can_be_nothing_but_a_picture(member: PersonClient, kim: User) -> None:
    answer = member.get(kim.photo_url or "")

    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Content-Disposition"] == 'inline; filename="photo.webp"'
    assert answer["Cache-Control"] == "private, max-age=86400"


def test_colleagues_and_staff_see_it(owner: PersonClient, kim: User) -> None:
    assert owner.get(kim.photo_url or "").status_code == 200
    assert staff("identity.view_user").get(kim.photo_url or "").status_code == 200


def test_to_others_it_does_not_exist(outsider: PersonClient, kim: User) -> None:
    unknown = outsider.get(f"/api/v1/users/{uuid4()}/photo")

    for client in (outsider, staff()):
        answer = client.get(kim.photo_url or "")
        assert (answer.status_code, answer.content) == (404, unknown.content)


def test_former_colleagues_see_it_no_more(owner: PersonClient, kim: User) -> None:
    Membership.objects.filter(user=kim).update(status=Membership.Status.SUSPENDED)

    assert owner.get(kim.photo_url or "").status_code == 404


def test_nobody_sees_it(anonymous: ApiClient, kim: User) -> None:
    assert anonymous.get(kim.photo_url or "").status_code == 401

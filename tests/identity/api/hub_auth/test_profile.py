"""The staff member's own profile."""

from typing import Any

import pytest
from django.test.client import MULTIPART_CONTENT

from identity.models import User
from identity.services import addresses
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.clients import ApiClient, PersonClient, staff, staff_in
from tests.make.identity import PASSWORD
from tests.pictures import picture, upload
from tests.sign_ins import enter, step_up

PROFILE, PHOTO, CHANGE = "/api/v1/profile", "/api/v1/profile/photo", "/api/v1/profile/password"


def test_it_is_shown_with_the_role() -> None:
    client = staff_in("MANAGER", first_name="Ada")

    body = client.get(PROFILE).json()

    assert body["success"] is True
    assert (body["data"]["role"], body["data"]["name"], body["data"]["pendingEmail"]) == ("MANAGER", "Ada", None)
    assert staff().get(PROFILE).json()["data"]["role"] is None


def test_a_name_is_changed_at_once_and_an_address_when_it_is_confirmed() -> None:
    client = staff()
    before = client.user.email
    step_up(client.user, "account.address")

    body = client.patch(PROFILE, {"name": "Ada Lovelace", "email": "Ada@Example.test"}).json()["data"]

    assert (body["firstName"], body["lastName"]) == ("Ada", "Lovelace")
    assert (body["email"], body["pendingEmail"]) == (before, "ada@example.test")
    assert Mail.objects.get().to == "ada@example.test"
    assert addresses.confirm(addresses.pending(client.user))
    assert client.get(PROFILE).json()["data"]["email"] == "ada@example.test"
    assert Mail.objects.latest("created_at").to == before


def test_another_address_takes_a_proof() -> None:
    client = staff()

    answer = client.patch(PROFILE, {"email": "new@example.test"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "STEP_UP_REQUIRED")
    assert not Mail.objects.exists()


def test_a_last_name_alone_is_enough() -> None:
    client = staff_in("SUPPORT", first_name="Ada")

    assert client.patch(PROFILE, {"lastName": "Lovelace"}).json()["data"]["name"] == "Ada Lovelace"
    assert not Mail.objects.exists()


def test_somebody_elses_address_gets_the_same_answer_and_a_mail_that_tells_them() -> None:
    make.user("taken@example.test")
    client = staff()
    step_up(client.user, "account.address")

    answer = client.patch(PROFILE, {"email": "taken@example.test"})

    assert answer.status_code == 200
    assert Mail.objects.get().template == "identity/address_taken"
    assert User.objects.filter(email="taken@example.test").count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"role": "OWNER"}, "role"),
        ({"isEmployee": True}, "isEmployee"),
        ({"password": "x"}, "password"),
    ],
    ids=["address", "nameless", "long", "role", "employee", "password"],
)
def test_nothing_else_can_be_changed(body: dict[str, Any], field: str) -> None:
    client = staff()

    answer = client.patch(PROFILE, body)

    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == field
    assert not AuditEvent.objects.exists()


def test_a_picture_is_set_and_taken_away() -> None:
    client = staff()

    answer = client.post(PHOTO, {"photo": upload(picture())}, content_type=MULTIPART_CONTENT)

    assert client.get(answer.json()["data"]["photoUrl"])["Content-Type"] == "image/webp"
    assert client.delete(PHOTO).status_code == 204
    assert client.get(PROFILE).json()["data"]["photoUrl"] is None
    bad = client.post(PHOTO, {"photo": upload(b"GIF89a")}, content_type=MULTIPART_CONTENT)
    assert (bad.status_code, bad.json()["error"]["details"][0]["field"]) == (400, "photo")


def test_the_password_is_changed_by_who_knows_it() -> None:
    client = staff()
    other = ApiClient()
    enter(other, client.user)

    wrong = client.post(CHANGE, {"currentPassword": "wrong", "newPassword": "another fine password"})
    right = client.post(CHANGE, {"currentPassword": PASSWORD, "newPassword": "another fine password"})

    assert (wrong.status_code, wrong.json()["error"]["details"][0]["field"]) == (400, "currentPassword")
    assert right.status_code == 204
    assert (client.get(PROFILE).status_code, other.get(PROFILE).status_code) == (200, 401)


def test_customers_have_no_staff_profile(owner: PersonClient, anonymous: ApiClient) -> None:
    assert owner.get(PROFILE).status_code == 403
    assert owner.patch(PROFILE, {"name": "Ada"}).status_code == 403
    assert anonymous.get(PROFILE).status_code == 401

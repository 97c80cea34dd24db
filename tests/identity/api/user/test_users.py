"""The person's own profile."""

from typing import Any

import pytest

from identity.api.user.users import UserSerializer
from identity.models import User
from platform_core.api.strict import StrictModelSerializer
from platform_core.models import AuditEvent
from tests import make
from tests.clients import ApiClient, PersonClient

ME = "/api/v1/users/me"


def test_it_shows_the_person_and_whether_they_are_an_employee() -> None:
    user = make.user("ada@example.test", first_name="Ada", last_name="Lovelace", is_employee=True)

    response = PersonClient(user).get(ME)

    body = response.json()
    assert body.pop("createdAt").endswith("Z")
    assert body == {
        "id": str(user.pk),
        "email": "ada@example.test",
        "firstName": "Ada",
        "lastName": "Lovelace",
        "name": "Ada Lovelace",
        "photoUrl": None,
        "isEmployee": True,
        "isStaff": False,
        "status": "active",
    }


def test_people_change_their_name(owner: PersonClient) -> None:
    response = owner.patch(ME, {"firstName": "Grace", "lastName": "Hopper"})

    assert response.status_code == 200
    assert response.json()["name"] == "Grace Hopper"
    event = AuditEvent.objects.get()
    assert (event.action, event.changes) == ("user.update", {"first_name": "Grace", "last_name": "Hopper"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("isEmployee", True),
        ("isStaff", True),
        ("isSuperuser", True),
        ("status", "deleted"),
        ("email", "victim@example.test"),
        ("id", "018f3c4e-0000-7000-8000-000000000000"),
        ("password", "another fine password"),
        ("groups", [1]),
        ("securityVersion", 1),
        ("role", "owner"),
    ],
)
def test_people_change_nothing_else(owner: PersonClient, field: str, value: Any) -> None:
    before = User.objects.filter(pk=owner.user.pk).values().get()

    response = owner.patch(ME, {"firstName": "Grace", field: value})

    assert response.status_code == 400
    assert list(response.json()["details"]) == [field]
    assert User.objects.filter(pk=owner.user.pk).values().get() == before
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("name", ["x" * 81, None, ["Grace"], {"a": 1}])
def test_a_bad_name_is_refused_by_field(owner: PersonClient, name: Any) -> None:
    response = owner.patch(ME, {"firstName": name})

    assert response.status_code == 400
    assert list(response.json()["details"]) == ["firstName"]


def test_nobody_has_no_profile(anonymous: ApiClient) -> None:
    assert anonymous.get(ME).status_code == 401
    assert anonymous.patch(ME, {"firstName": "Grace"}).status_code == 401


def test_what_is_written_out_is_what_the_fields_say(owner: PersonClient) -> None:
    shown = UserSerializer(owner.user)

    assert dict(shown.data) == dict(StrictModelSerializer.to_representation(shown, owner.user))
    assert set(shown.data) == set(shown.fields)

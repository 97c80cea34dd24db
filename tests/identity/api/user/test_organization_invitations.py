"""Joining an organization as somebody new."""

from typing import Any

import pytest

from identity.models import User
from orgs.models import Invitation, Membership, Organization
from platform_core.models import AuditEvent
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.make.identity import PASSWORD

SIGN_UP = "/api/v1/organizations/invitations/sign-up"
BODY = {"token": "join_nora", "name": "Nora Lind", "password": PASSWORD}


@pytest.fixture(autouse=True)
def invitation(owner: PersonClient) -> Invitation:
    return make.invitation(owner.organization, "join_nora", by=owner.user, email="nora@example.test")


def test_a_newcomer_belongs_to_that_organization_only(anonymous: ApiClient, owner: PersonClient) -> None:
    response = anonymous.post(SIGN_UP, BODY)

    nora = User.objects.get(email="nora@example.test")
    assert response.status_code == 201
    assert response.json() == {"id": str(nora.pk), "email": "nora@example.test", "name": "Nora Lind"}
    assert [each.organization for each in Membership.objects.filter(user=nora)] == [owner.organization]
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
        "user.register",
        "invitation.accept",
    ]
    login = anonymous.post("/api/user/auth/login", {"email": nora.email, "password": PASSWORD})
    assert login.status_code == 200


def test_the_link_works_once(anonymous: ApiClient) -> None:
    assert anonymous.post(SIGN_UP, BODY).status_code == 201
    assert anonymous.post(SIGN_UP, BODY).status_code == 404
    assert User.objects.filter(email="nora@example.test").count() == 1


def test_the_holder_of_an_account_signs_in_instead(anonymous: ApiClient) -> None:
    nora = make.user("nora@example.test")

    assert anonymous.post(SIGN_UP, {**BODY, "password": "another fine password"}).status_code == 409
    nora.refresh_from_db()
    assert nora.check_password(PASSWORD)
    assert not Membership.objects.filter(user=nora).exists()


def test_without_a_seat_there_is_no_account_either(anonymous: ApiClient) -> None:
    Organization.objects.update(seat_limit=1)

    assert anonymous.post(SIGN_UP, BODY).status_code == 402
    assert not User.objects.filter(email="nora@example.test").exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"password": "short"}, "password"),
        ({"email": "mallory@example.test"}, "email"),
        ({"role": "owner"}, "role"),
    ],
    ids=str,
)
def test_bad_input_names_the_field(anonymous: ApiClient, changed: dict[str, Any], field: str) -> None:
    response = anonymous.post(SIGN_UP, {**BODY, **changed})

    assert response.status_code == 400
    assert list(response.json()["details"]) == [field]
    assert not User.objects.filter(email="nora@example.test").exists()


@pytest.mark.usefixtures("one_moment")
def test_guessing_ends(anonymous: ApiClient) -> None:
    answers = [anonymous.post(SIGN_UP, {**BODY, "token": f"join_{number}"}).status_code for number in range(60)]

    assert answers[0] == 404
    assert answers[-1] == 429

"""The picture of an organization."""

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from orgs.models import Organization
from orgs.roles import Role
from platform_core import pictures
from platform_core.models import AuditEvent
from tests.clients import ApiClient, PersonClient
from tests.identity.jobs import work
from tests.orgs.people import caller
from tests.pictures import picture, upload


def path(organization: Organization) -> str:
    return f"/api/v1/organizations/{organization.pk}/avatar"


def send(client: PersonClient, content: bytes | None) -> Any:
    """Django's own form upload: ours sends JSON."""
    body = {} if content is None else {"photo": upload(content)}
    return Client.post(client, path(client.organization), body)


def test_it_is_drawn_anew_and_shown_to_members(owner: PersonClient, member: PersonClient) -> None:
    answer = send(owner, picture())

    saved = Organization.objects.get()
    assert answer.status_code == 200
    assert answer.json()["avatarUrl"].startswith(f"{path(saved)}?v=")
    shown = member.get(answer.json()["avatarUrl"])
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/webp")
    assert shown.content.startswith(b"RIFF")
    assert AuditEvent.objects.get().action == "organization.set_avatar"


def test_the_one_before_is_deleted(owner: PersonClient) -> None:
    send(owner, picture())
    before = Organization.objects.get().avatar

    send(owner, picture("GIF", mode="P"))
    assert owner.delete(path(owner.organization)).status_code == 204
    assert owner.delete(path(owner.organization)).status_code == 204
    work()

    assert not default_storage.exists(before)
    assert Organization.objects.get().avatar == ""
    assert owner.get(path(owner.organization)).status_code == 404
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["organization.set_avatar"] * 2 + ["organization.remove_avatar"]


def test_a_file_that_the_storage_lost_is_none(owner: PersonClient) -> None:
    Organization.objects.update(avatar="avatars/lost.webp")

    assert owner.get(path(owner.organization)).status_code == 404


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_its_part(organization: Organization, role: Role) -> None:
    client = caller(organization, role)
    allowed = role in {Role.OWNER, Role.ADMIN}

    assert send(client, picture()).status_code == (200 if allowed else 403)
    assert client.get(path(organization)).status_code == (200 if allowed else 404)
    assert client.delete(path(organization)).status_code == (204 if allowed else 403)
    assert Organization.objects.get().avatar == ""


def test_strangers_see_none(owner: PersonClient, outsider: PersonClient, anonymous: ApiClient) -> None:
    send(owner, picture())

    assert outsider.get(path(owner.organization)).status_code == 404
    assert Client.post(outsider, path(owner.organization), {"photo": upload(picture())}).status_code == 404
    assert anonymous.get(path(owner.organization)).status_code == 401


@pytest.mark.parametrize("content", [None, b"", b"no picture"], ids=str)
def test_what_is_no_picture_names_the_field(owner: PersonClient, content: bytes | None) -> None:
    answer = send(owner, content)

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["photo"]
    assert Organization.objects.get().avatar == ""


def test_what_is_too_large_is_refused(owner: PersonClient) -> None:
    assert send(owner, bytes(pictures.MOST_BYTES + 100_000)).status_code == 413

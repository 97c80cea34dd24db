"""Who tries what they may not is told of, in the record of where they work, and cannot fill it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from identity.models import User
from orgs.models import Membership, Organization
from orgs.roles import Role
from platform_core import clock, context
from platform_core.models import AuditEvent
from platform_core.services import denials
from platform_core.services.denials import Attempt
from platform_core.transactions import InsideTransaction
from tests import clients, make
from tests.clients import ApiClient, PersonClient
from tests.pages import Browser

ORGANIZATIONS = "/api/v1/organizations"
ONE = f"{ORGANIZATIONS}/<uuid:organization_id>"


def denied() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action="access.denied").order_by("pk"))


def test_a_stranger_is_told_of_where_they_work(owner: PersonClient, outsider: PersonClient) -> None:
    there = f"{ORGANIZATIONS}/{owner.organization.pk}"

    answers = [outsider.patch(there, {"name": "Mine"}), outsider.delete(there)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert Organization.objects.get(pk=owner.organization.pk).name == "Harbour Bakery"
    patched, deleted = denied()
    assert (patched.organization_id, patched.actor_label) == (outsider.organization.pk, "outsider@other.test")
    assert patched.changes == {
        "method": "PATCH", "address": ONE, "status": 404, "needs": "organization.update",
        "organization_id": str(owner.organization.pk),
    }  # fmt: skip
    assert (deleted.changes["method"], deleted.changes["needs"]) == ("DELETE", "organization.delete")
    assert deleted.target_type == "orgs.membership"
    assert deleted.person_id == str(outsider.user.pk)
    log = outsider.get(f"{ORGANIZATIONS}/{outsider.organization.pk}/audit-logs", {"action": "access.denied"}).json()
    assert [item["id"] for item in log["items"]] == [str(deleted.pk), str(patched.pk)]
    assert not AuditEvent.objects.filter(organization_id=owner.organization.pk).exists()


def test_an_organization_and_an_id_of_none_look_the_same(owner: PersonClient, outsider: PersonClient) -> None:
    there, nowhere = f"{ORGANIZATIONS}/{owner.organization.pk}", f"{ORGANIZATIONS}/{uuid4()}"
    real, made_up = outsider.get(there), PersonClient(outsider.user, outsider.organization).delete(nowhere)

    assert (real.status_code, real.content) == (made_up.status_code, made_up.content)
    first, second = denied()
    assert first.changes.keys() == second.changes.keys()


def test_who_belongs_nowhere_is_told_of_to_the_platform(owner: PersonClient) -> None:
    stranger = PersonClient(make.user())

    assert stranger.get(f"{ORGANIZATIONS}/{owner.organization.pk}").status_code == 404

    (event,) = denied()
    assert (event.organization_id, event.target_type, event.target_id) == (None, "identity.user", str(stranger.user.pk))


def test_an_admin_who_would_be_owner_is_told_of(organization: Organization) -> None:
    admin = PersonClient(make.person(organization, Role.ADMIN), organization)
    place = Membership.objects.get(user=admin.user)

    body = {"role": "owner", "productRoles": {}}
    assert admin.put(f"{ORGANIZATIONS}/{organization.pk}/members/{place.pk}", body).status_code == 403

    (event,) = denied()
    assert (event.organization_id, event.target_id) == (organization.pk, str(place.pk))
    assert event.changes == {
        "method": "PUT", "address": f"{ONE}/members/<uuid:pk>", "status": 403, "needs": "member.update",
        "organization_id": str(organization.pk), "pk": str(place.pk),
    }  # fmt: skip
    assert Membership.objects.get().role == "admin"


def test_a_page_that_is_not_ones_own(organization: Organization) -> None:
    browser = Browser(make.person(organization, Role.MEMBER))

    assert browser.send("/settings", name="Mine").status == 403
    assert browser.read("/invitations").status == 403

    assert [(event.organization_id, event.changes) for event in denied()] == [
        (organization.pk, {"method": "POST", "address": "/settings", "status": 403, "needs": "organization.update"}),
        (organization.pk, {"method": "GET", "address": "/invitations", "status": 403, "needs": "member.invite"}),
    ]


def test_staff_beyond_their_role_are_told_of_to_the_platform_only(organization: Organization) -> None:
    order = make.order(organization)
    support = clients.staff()

    assert support.post(f"/api/v1/admin/orders/{order.pk}/provision").status_code == 403
    assert Browser(support.user).get("/admin/orgs/organization/").status_code == 403
    assert Browser(support.user).get(f"/staff/reset-second-factor?person={support.user.pk}").status_code == 403

    assert {event.organization_id for event in denied()} == {None}
    first, second, *_ = denied()
    assert first.changes == {
        "method": "POST", "address": "/api/v1/admin/orders/<uuid:pk>/provision", "status": 403,
        "needs": "tenants.provision_order", "pk": str(order.pk),
    }  # fmt: skip
    assert second.changes == {"method": "GET", "address": "/admin/orgs/organization/", "status": 403}


@pytest.mark.parametrize("path", ["/settings", "/api/v1/organizations"])
def test_a_page_of_another_site_is_nothing_that_the_person_tried(owner: PersonClient, path: str) -> None:
    browser = Browser(owner.user, enforce_csrf_checks=True)

    assert browser.post(path, {"name": "Mine"}).status_code == 403

    assert denied() == []


def test_proof_and_second_factor_that_are_owed_are_no_denial(owner: PersonClient) -> None:
    Organization.objects.update(two_factor_required=True)
    assert owner.get(f"{ORGANIZATIONS}/{owner.organization.pk}").json()["code"] == "MFA_ENROLLMENT_REQUIRED"
    Organization.objects.update(two_factor_required=False)
    assert owner.delete(f"{ORGANIZATIONS}/{owner.organization.pk}").json()["code"] == "STEP_UP_REQUIRED"
    assert ApiClient().get(f"{ORGANIZATIONS}/{owner.organization.pk}").status_code == 401

    assert denied() == []


def test_staff_who_act_as_somebody_stand_beside_them(organization: Organization) -> None:
    member = make.person(organization, Role.MEMBER)
    context.begin(context.RequestContext())
    context.act_as("0", "staff@platform.test")
    try:
        denials.record(Membership.objects.get(user=member), attempt(), by=member)
    finally:
        context.end()

    (event,) = denied()
    assert (event.actor_id, event.impersonator_label) == (str(member.pk), "staff@platform.test")


def attempt(place: str = "/there", method: str = "GET") -> Attempt:
    return Attempt(method, place, {}, "", 403)


def tried(person: User, *places: Any) -> int:
    before = len(denied())
    for place in places:
        denials.record(person, attempt(*place), by=person)
    return len(denied()) - before


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The machine's time, which stands still."""
    held = [clock.wall()]
    monkeypatch.setattr(clock, "wall", lambda: held[0])
    return held


def test_trying_again_within_the_minute_adds_nothing(now: list[datetime]) -> None:
    kim, lea = make.user(), make.user()

    assert tried(kim, ("/a",), ("/a",), ("/a",)) == 1
    assert tried(kim, ("/a", "POST"), ("/b",), ("/b",)) == 2
    assert tried(lea, ("/a",)) == 1
    now[0] += timedelta(seconds=59)
    assert tried(kim, ("/a",)) == 0
    now[0] += timedelta(seconds=2)
    assert tried(kim, ("/a",), ("/a",)) == 1


def test_nobody_fills_the_record_by_trying_everywhere(now: list[datetime]) -> None:
    kim, lea = make.user(), make.user()

    assert tried(kim, *((f"/{number}",) for number in range(200))) == 60
    assert tried(lea, ("/1",)) == 1
    now[0] += timedelta(hours=2)
    assert tried(kim, *((f"/{number}",) for number in range(200))) == 60


def test_it_is_told_after_what_was_begun_is_undone() -> None:
    kim = make.user()

    with pytest.raises(InsideTransaction), transaction.atomic():
        denials.record(kim, attempt(), by=kim)
    assert denied() == []


@pytest.mark.usefixtures("one_moment")
def test_trying_counts_as_asking(owner: PersonClient, outsider: PersonClient, settings: Any) -> None:
    settings.SESSION_REQUESTS_PER_MINUTE = 5

    answers = [outsider.get(f"{ORGANIZATIONS}/{uuid4()}") for _ in range(7)]

    assert [answer.status_code for answer in answers] == [404] * 5 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert outsider.get(ORGANIZATIONS).status_code == 429
    assert len(denied()) == 1
    assert owner.get(ORGANIZATIONS).status_code == 200

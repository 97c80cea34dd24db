"""Who changed what in an organization: for those who may know, narrowed by whatever is asked."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from orgs.models import Organization
from orgs.roles import Role
from platform_core import clock, context, selectors
from platform_core.models import AuditEvent
from platform_core.services import audit, audit_sealing
from tests import make
from tests.clients import ApiClient, PersonClient


def path(organization: Organization) -> str:
    return f"/api/v1/organizations/{organization.pk}/audit-logs"


def actions(client: PersonClient, organization: Organization, **query: Any) -> list[str]:
    answer = client.get(path(organization), query)
    assert answer.status_code == 200, answer.content
    return [item["action"] for item in answer.json()["items"]]


@pytest.fixture
def happened(organization: Organization, owner: PersonClient) -> list[AuditEvent]:
    """Three things, of three kinds, by three."""
    staff = make.user("staff@mainstay.test", is_staff=True)
    membership = owner.user.memberships.get()
    with transaction.atomic():
        renamed = audit.record("organization.update", organization, by=owner.user, changes={"name": ["A", "B"]})
        context.begin(context.RequestContext("request-77", "192.0.2.1", impersonator=(str(staff.pk), staff.email)))
        changed = audit.record("member.update", membership, by=owner.user, changes={"role": ["member", "owner"]})
        context.end()
        granted = audit.record(
            "product_role.grant", membership, by=None, actor=("token", "t1", "CI token"), product="pages"
        )
    return [renamed, changed, granted]


def test_an_event_in_full(organization: Organization, owner: PersonClient, happened: list[AuditEvent]) -> None:
    audit_sealing.seal_all()

    body = owner.get(path(organization)).json()

    assert body["meta"] == {"nextCursor": None}
    sealed = AuditEvent.objects.get(pk=happened[1].pk)
    staff = make_id(sealed.impersonator_id)
    assert body["items"][1] == {
        "id": str(sealed.pk),
        "createdAt": sealed.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "action": "member.update",
        "product": "",
        "actor": {"type": "user", "id": str(owner.user.pk), "label": "owner@harbour.test"},
        "impersonator": {"type": "staff", "id": staff, "label": "staff@mainstay.test"},
        "entityType": "orgs.membership",
        "entityId": str(owner.user.memberships.get().pk),
        "entityLabel": sealed.target_label,
        "changes": {"role": ["member", "owner"]},
        "requestId": "request-77",
        "ipAddress": "192.0.2.1",
        "sequence": 2,
        "hash": sealed.hash,
    }


def make_id(value: str) -> str:
    assert len(value) == 36
    return value


@pytest.mark.usefixtures("happened")
def test_what_is_not_sealed_yet_has_no_place(organization: Organization, owner: PersonClient) -> None:
    first = owner.get(path(organization)).json()["items"][0]

    assert (first["sequence"], first["hash"], first["impersonator"]) == (None, "", None)


@pytest.mark.usefixtures("happened")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["product_role.grant", "member.update", "organization.update"]),
        ({"product": "pages"}, ["product_role.grant"]),
        ({"product": "alerts"}, []),
        ({"entityType": "organization"}, ["organization.update"]),
        ({"entityType": "orgs.membership"}, ["product_role.grant", "member.update"]),
        ({"entityType": "ship"}, []),
        ({"action": "member.update"}, ["member.update"]),
        ({"action": "member.*"}, ["member.update"]),
        ({"action": "member"}, []),
        ({"actor": "OWNER@harbour.test"}, ["member.update", "organization.update"]),
        ({"actor": "staff@mainstay.test"}, ["member.update"]),
        ({"actor": "t1"}, ["product_role.grant"]),
        ({"actor": "nobody@harbour.test"}, []),
        ({"text": "Harbour Baker"}, ["product_role.grant", "member.update", "organization.update"]),
        ({"text": "request-7"}, ["member.update"]),
        ({"text": "GRANT"}, ["product_role.grant"]),
        ({"text": "100%"}, []),
        ({"text": "_"}, ["product_role.grant"]),
        ({"action": "member.*", "entityType": "membership", "actor": "owner@harbour.test"}, ["member.update"]),
    ],
)
def test_filters(organization: Organization, owner: PersonClient, query: dict[str, str], found: list[str]) -> None:
    assert actions(owner, organization, **query) == found


@pytest.mark.usefixtures("happened")
def test_dates(organization: Organization, owner: PersonClient) -> None:
    soon, before = clock.now() + timedelta(minutes=1), clock.now() - timedelta(minutes=1)

    assert len(actions(owner, organization, since=before.isoformat(), until=soon.isoformat())) == 3
    assert actions(owner, organization, since=soon.isoformat()) == []
    assert actions(owner, organization, until=before.isoformat()) == []


def test_the_actors_id_finds_who_acted(
    organization: Organization, owner: PersonClient, happened: list[AuditEvent]
) -> None:
    assert actions(owner, organization, actor=str(owner.user.pk)) == ["member.update", "organization.update"]
    assert actions(owner, organization, actor=happened[1].impersonator_id) == ["member.update"]


def test_pages_stay_right_while_events_are_added(organization: Organization, owner: PersonClient) -> None:
    for number in range(5):
        make.audit_event(organization, f"thing.number_{number}")
    first = owner.get(path(organization), {"limit": "2", "action": "thing.*"}).json()
    make.audit_event(organization, "thing.number_5")

    second = owner.get(path(organization), {"limit": 2, "cursor": first["meta"]["nextCursor"]}).json()
    third = owner.get(path(organization), {"limit": 2, "cursor": second["meta"]["nextCursor"]}).json()

    pages = [[item["action"] for item in page["items"]] for page in (first, second, third)]
    assert pages == [
        ["thing.number_4", "thing.number_3"],
        ["thing.number_2", "thing.number_1"],
        ["thing.number_0"],
    ]
    assert third["meta"] == {"nextCursor": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"until": "2026-13-01T00:00:00Z"}, "until"),
        ({"text": "x" * 101}, "text"),
        ({"action": ""}, "action"),
        ({"cursor": "forged"}, "cursor"),
        ({"limit": "0"}, "limit"),
        ({"organization": str(uuid4())}, "organization"),
        ({"page": "2"}, "page"),
        ({"action": ["a", "b"]}, "action"),
        ({"actor": "x\x00y"}, "actor"),
    ],
)
def test_a_bad_question_names_its_word(
    organization: Organization, owner: PersonClient, query: dict[str, Any], field: str
) -> None:
    answer = owner.get(path(organization), query)

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert field in answer.json()["details"]


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 200), (Role.ADMIN, 200), (Role.MEMBER, 200), (Role.AUDITOR, 200), (Role.BILLING, 403)],
)
def test_whoever_may_read_it(organization: Organization, role: Role, status: int) -> None:
    client = PersonClient(make.person(organization, role), organization)

    assert client.get(path(organization)).status_code == status


def test_strangers_learn_nothing(organization: Organization, anonymous: ApiClient, outsider: PersonClient) -> None:
    make.audit_event(organization)

    assert anonymous.get(path(organization)).status_code == 401
    stranger = outsider.get(path(organization))
    unknown = outsider.get(f"/api/v1/organizations/{uuid4()}/audit-logs")
    assert (stranger.status_code, stranger.json()) == (404, unknown.json())


def test_a_filter_shows_nothing_of_another_organization(organization: Organization, outsider: PersonClient) -> None:
    event = make.audit_event(organization, "secret.thing")

    for query in ({"actor": event.actor_id or "x"}, {"text": event.target_id}, {"action": "secret.thing"}):
        assert actions(outsider, outsider.organization, **query) == []


@pytest.mark.usefixtures("happened")
def test_rows_cost_no_queries(organization: Organization, owner: PersonClient) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            owner.get(path(organization))
        counts.append(len(queries))
        for _ in range(10):
            make.audit_event(organization)

    assert counts[0] == counts[1]


def test_a_caller_says_nothing_of_who_or_from_where(organization: Organization, owner: PersonClient) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "X-Actor": "mallory", "User-Agent": "evil"}

    owner.patch(f"/api/v1/organizations/{organization.pk}/audit-settings", {"legalHold": True}, headers=headers)

    event = AuditEvent.objects.get(action="audit_log.configure")
    assert (event.actor_id, event.actor_label) == (str(owner.user.pk), "owner@harbour.test")
    assert (event.ip_address, event.impersonator_id) == ("127.0.0.1", "")


def test_a_search_looks_through_the_log_piece_by_piece(
    organization: Organization, owner: PersonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "LOOKED_THROUGH", 4)
    for number in range(10):
        make.audit_event(organization, "thing.needle" if number in {0, 1, 7} else "thing.hay")

    found: list[list[str]] = []
    query: dict[str, Any] = {"text": "needle", "limit": 1}
    while len(found) < 10:
        body = owner.get(path(organization), query).json()
        found.append([item["action"] for item in body["items"]])
        if body["meta"]["nextCursor"] is None:
            break
        query["cursor"] = body["meta"]["nextCursor"]

    needle = ["thing.needle"]
    assert found == [needle, [], needle, needle]


def test_a_role_in_a_product_concerns_that_product(
    organization: Organization, owner: PersonClient, member: PersonClient
) -> None:
    for code in ("alerts", "pages"):
        make.product(code=code, role_options=["admin", "viewer"])
    roles = f"/api/v1/organizations/{organization.pk}/members/{member.user.memberships.get().pk}/product-roles"

    for given in ({"pages": "admin"}, {"pages": "viewer", "alerts": "viewer"}):
        answer = owner.put(roles, {"productRoles": given})
        assert answer.status_code == 200, answer.content

    assert actions(owner, organization, product="pages") == ["membership.update_product_roles"]
    assert actions(owner, organization, product="alerts") == []

"""Customers, for staff."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import BillingAccount, FoundingMember
from billing.services import founding
from billing.services.periods import mirror
from identity.models import User
from identity.services import tokens
from orgs.models import Membership, Organization
from orgs.roles import Role
from platform_core import clock
from platform_core.models import AuditEvent, Mail
from tenants.models import Order
from tests import clients, make
from tests.clients import ApiClient, PersonClient
from tests.make.identity import owner
from tests.sign_ins import step_up

PATH = "/api/v1/admin/customers"


@pytest.fixture
def manager() -> PersonClient:
    return clients.staff_in("MANAGER")


@pytest.fixture
def admin() -> PersonClient:
    return clients.staff_in("ADMIN")


def customer(email: str = "maria@acme.test", company: str = "Acme Marketing GmbH", **fields: Any) -> User:
    organization = make.organization(company)
    person = make.person(organization, email=email, **fields)
    make.order(organization, make.subscription(organization), customer=person)
    return person


def listed(client: PersonClient, query: str = "") -> list[str]:
    response = client.get(f"{PATH}{query}")
    assert response.status_code == 200, response.json()
    return [row["email"] for row in response.json()["data"]]


def bought(person: User) -> FoundingMember:
    """Everything that a customer can have: an account at the provider, a period with usage, a founding membership."""
    organization = Organization.objects.get()
    BillingAccount.objects.create(organization=organization, provider_customer_id="cus_acme")
    subscription = organization.subscriptions.get()
    period = mirror(subscription)
    assert period is not None
    make.usage_bucket(subscription, bucket_hour=period.usage_from, tokens_input=7, tokens_output=0, tokens_total=7)
    return founding.grant(organization.pk, person, by=owner())


def test_a_customer_is_shown_whole(manager: PersonClient) -> None:
    person = customer(first_name="Maria", last_name="Weber")
    member = bought(person)

    response = manager.get(f"{PATH}/{person.pk}")

    data = response.json()["data"]
    assert response.status_code == 200
    order = Order.objects.get()
    assert [shown["id"] for shown in data.pop("orders")] == [str(order.pk)]
    assert data.pop("createdAt").endswith("Z")
    assert data.pop("subscription") == {
        "id": str(order.subscription.pk),
        "plan": order.subscription.plan.name,
        "planCode": order.subscription.plan.code,
        "tier": "Team",
        "status": "active",
        "cancelAtPeriodEnd": False,
        "tokenLimit": 2_000_000,
        "tokensUsed": 7,
        "periodStart": "2026-01-01T00:00:00.000000Z",
        "periodEnd": "2026-02-01T00:00:00.000000Z",
        "stripeCustomerId": "cus_acme",
    }
    expires_at = member.expires_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert data.pop("foundingMember") == {"number": 1, "tokenMultiplier": 2, "expiresAt": expires_at}
    assert data == {
        "id": str(person.pk), "email": "maria@acme.test", "name": "Maria Weber", "company": "Acme Marketing GmbH",
        "organizationId": str(order.organization_id), "status": "active", "orderCount": 1,
    }  # fmt: skip


def test_the_list_comes_in_pages_and_can_be_searched(manager: PersonClient) -> None:
    customer("maria@acme.test", "Acme", first_name="Maria")
    customer("tom@quarry.test", "Quarry & Sons", last_name="Quarry", status=User.Status.SUSPENDED)
    make.person(make.organization("Idle"))

    assert listed(manager) == ["tom@quarry.test", "maria@acme.test"]
    assert listed(manager, "?pageSize=1&page=2") == ["maria@acme.test"]
    assert listed(manager, "?search=ACME") == ["maria@acme.test"]
    assert listed(manager, "?search=sons") == ["tom@quarry.test"]
    assert listed(manager, "?search=maria") == ["maria@acme.test"]
    assert listed(manager, "?search=nobody") == []
    assert listed(manager, "?status=suspended") == ["tom@quarry.test"]


@pytest.mark.parametrize("query", ["?page=0", "?page=9", "?pageSize=101", "?status=x", "?serach=a"])
def test_a_bad_query_is_refused(manager: PersonClient, query: str) -> None:
    customer()

    assert manager.get(f"{PATH}{query}").status_code == 400


def test_rows_cost_no_queries_and_no_call_more_than_eight(manager: PersonClient) -> None:
    person = customer()
    issued = tokens.issue(manager.user, organization_id=None, methods=["pwd", "otp"], two_factor=True)
    caller = ApiClient(headers={"Authorization": f"Bearer {issued.access_token}"})
    counts = []
    for path in (PATH, PATH, f"{PATH}/{person.pk}"):
        with CaptureQueriesContext(connection) as queries:
            assert caller.get(path).status_code == 200
        counts.append(len(queries))
        customer(f"other{len(counts)}@acme.test")

    assert counts[0] == counts[1]
    assert max(counts) <= 8


def test_staff_open_an_account_and_the_customer_sets_the_password(manager: PersonClient) -> None:
    response = manager.post(PATH, {"email": "New@Acme.test", "name": "Nora Lind", "company": "Acme"})

    data = response.json()["data"]
    person = User.objects.get(email="new@acme.test")
    assert response.status_code == 201
    assert (data["id"], data["company"], data["orders"], data["subscription"]) == (str(person.pk), "Acme", [], None)
    assert (person.added_by, person.has_usable_password()) == (manager.user, False)
    assert Membership.objects.get(user=person).role == Role.OWNER
    mail = Mail.objects.get()
    assert (mail.to, mail.template) == ("new@acme.test", "identity/welcome_added")
    assert "/accounts/welcome/pw_" in mail.text
    assert AuditEvent.objects.get(action="customer.create").actor_id == str(manager.user.pk)
    assert listed(manager) == ["new@acme.test"]
    assert manager.get(f"{PATH}/{person.pk}").status_code == 200


def test_a_known_address_is_a_conflict(manager: PersonClient) -> None:
    make.user("maria@acme.test")

    response = manager.post(PATH, {"email": "maria@acme.test", "name": "Maria"})

    assert response.status_code == 409
    assert not Organization.objects.exists()
    assert not Mail.objects.exists()


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email", "name"}),
        ({"email": "x", "name": "x"}, {"email"}),
        ({"email": "a@b.test", "name": "x", "id": 1}, {"id"}),
    ],
    ids=["empty", "address", "unknown"],
)
def test_bad_input_names_the_fields(manager: PersonClient, body: dict[str, Any], fields: set[str]) -> None:
    response = manager.post(PATH, body)

    assert response.status_code == 400
    assert {detail["field"] for detail in response.json()["error"]["details"]} == fields


def test_name_company_and_status_are_changed_together(manager: PersonClient) -> None:
    person = customer()

    response = manager.patch(f"{PATH}/{person.pk}", {"name": "Maria Lang", "company": "Acme SE", "status": "suspended"})

    data = response.json()["data"]
    assert (data["name"], data["company"], data["status"]) == ("Maria Lang", "Acme SE", "suspended")
    assert {event.action for event in AuditEvent.objects.filter(actor_id=str(manager.user.pk))} == {
        "user.update", "organization.update", "user.suspend"
    }  # fmt: skip
    assert PersonClient(person).get("/auth/me").status_code == 401
    assert manager.patch(f"{PATH}/{person.pk}", {"status": "active"}).json()["data"]["status"] == "active"


def colleague(role: str = "SUPPORT", **fields: Any) -> User:
    """A customer who is staff too."""
    person = customer(is_staff=True, **fields)
    person.groups.add(Group.objects.get(name=role))
    return person


@pytest.mark.parametrize(("before", "after"), [("active", "suspended"), ("suspended", "active")])
@pytest.mark.parametrize("has_left", [False, True])
def test_whether_a_customer_who_is_staff_may_sign_in_takes_a_proof(before: str, after: str, *, has_left: bool) -> None:
    boss = clients.staff_in("OWNER")
    person = colleague(status=before, added_by=boss.user)
    if has_left:
        Membership.ALL.filter(user=person).delete()
    step_up(boss.user, "console.enter")
    wanted = {"name": "Maria Lang", "status": after}

    refused = boss.patch(f"{PATH}/{person.pk}", wanted)

    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "STEP_UP_REQUIRED")
    assert (User.objects.get(pk=person.pk).status, AuditEvent.objects.count()) == (before, 0)
    assert boss.patch(f"{PATH}/{person.pk}", {"name": "Maria Lang", "status": before}).status_code == 200
    step_up(boss.user, "staff.change_role")
    assert boss.patch(f"{PATH}/{person.pk}", wanted).json()["data"]["status"] == after


@pytest.mark.parametrize("role", ["OWNER", "SUPPORT"])
def test_a_customer_who_is_staff_is_out_of_reach_of_those_who_do_not_decide_about_staff(role: str) -> None:
    person = colleague(role, first_name="Maria")

    for change in ({"name": "Mallory"}, {"company": "Evil"}, {"status": "suspended"}):
        for client in (clients.staff_in("MANAGER"), clients.staff_in("ADMIN")):
            assert client.patch(f"{PATH}/{person.pk}", change).status_code == 403

    assert User.objects.get(pk=person.pk).first_name == "Maria"
    assert Organization.objects.get().name == "Acme Marketing GmbH"
    assert PersonClient(person).patch(f"{PATH}/{person.pk}", {"name": "Mia"}).status_code == (
        200 if role == "OWNER" else 403
    )


def test_a_customer_who_is_staff_is_changed_by_their_superior() -> None:
    boss = clients.staff_in("OWNER")
    person = colleague()
    step_up(boss.user, "staff.change_role")
    wanted = {"name": "Maria Lang", "company": "Acme SE", "status": "suspended"}

    data = boss.patch(f"{PATH}/{person.pk}", wanted).json()["data"]

    assert (data["name"], data["company"], data["status"]) == ("Maria Lang", "Acme SE", "suspended")
    assert boss.patch(f"{PATH}/{person.pk}", {"status": "active"}).json()["data"]["status"] == "active"


def test_the_same_again_changes_nothing(manager: PersonClient) -> None:
    person = customer(first_name="Maria", last_name="Weber")
    same = {"name": "Maria Weber", "company": "Acme Marketing GmbH", "status": "active"}

    assert manager.patch(f"{PATH}/{person.pk}", same).status_code == 200

    assert not AuditEvent.objects.exists()


def test_a_founding_membership_is_granted_changed_and_ended(admin: PersonClient) -> None:
    person = customer()
    until = (clock.now() + timedelta(days=30)).isoformat()

    granted = admin.patch(f"{PATH}/{person.pk}", {"foundingMember": {}}).json()["data"]["foundingMember"]
    assert (granted["number"], granted["tokenMultiplier"]) == (1, 2)
    changed = admin.patch(f"{PATH}/{person.pk}", {"foundingMember": {"tokenMultiplier": 3, "expiresAt": until}})
    assert changed.json()["data"]["foundingMember"]["tokenMultiplier"] == 3
    ended = admin.patch(f"{PATH}/{person.pk}", {"foundingMember": None})

    assert ended.status_code == 200
    assert FoundingMember.objects.get().expires_at <= clock.now()
    assert admin.patch(f"{PATH}/{person.pk}", {"foundingMember": None}).status_code == 409


def test_a_grant_answers_with_what_the_period_includes_now(admin: PersonClient) -> None:
    person = customer()
    unbegun = admin.patch(f"{PATH}/{person.pk}", {"foundingMember": {"tokenMultiplier": 3}}).json()["data"]
    assert unbegun["subscription"]["tokenLimit"] == 3_000_000

    other = customer("tom@quarry.test", "Quarry")
    mirror(Organization.objects.get(name="Quarry").subscriptions.get())
    granted = admin.patch(f"{PATH}/{other.pk}", {"foundingMember": {}}).json()["data"]

    assert granted["subscription"]["tokenLimit"] == 2_000_000
    assert granted == admin.get(f"{PATH}/{other.pk}").json()["data"]


def test_one_is_granted_before_anything_is_bought(admin: PersonClient) -> None:
    made = admin.post(PATH, {"email": "new@acme.test", "name": "New", "company": "Acme"}).json()["data"]

    data = admin.patch(f"{PATH}/{made['id']}", {"foundingMember": {}}).json()["data"]

    assert (data["foundingMember"]["number"], data["subscription"]) == (1, None)


def test_there_is_nothing_to_end_without_one(admin: PersonClient) -> None:
    assert admin.patch(f"{PATH}/{customer().pk}", {"foundingMember": None}).status_code == 400


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "deleted"}, "status"),
        ({"email": "other@acme.test"}, "email"),
        ({"foundingMember": {"tokenMultiplier": 11}}, "foundingMember.tokenMultiplier"),
        ({"foundingMember": {"number": 7}}, "foundingMember.number"),
        ({"foundingMember": {}, "name": "Maria"}, "foundingMember"),
        ({"foundingMember": {"expiresAt": "2020-01-01T00:00:00Z"}}, "foundingMember.expiresAt"),
    ],
    ids=str,
)
def test_a_bad_change_names_the_field(admin: PersonClient, change: dict[str, Any], field: str) -> None:
    response = admin.patch(f"{PATH}/{customer().pk}", change)

    assert response.status_code == 400
    assert {detail["field"] for detail in response.json()["error"]["details"]} == {field}


def test_one_that_is_there_is_not_changed_to_have_ended(admin: PersonClient) -> None:
    person = customer()
    admin.patch(f"{PATH}/{person.pk}", {"foundingMember": {}})
    before = FoundingMember.objects.values().get()

    refused = admin.patch(f"{PATH}/{person.pk}", {"foundingMember": {"expiresAt": "2020-01-01T00:00:00Z"}})

    (detail,) = refused.json()["error"]["details"]
    assert (refused.status_code, detail["field"]) == (400, "foundingMember.expiresAt")
    assert FoundingMember.objects.values().get() == before


def test_a_refused_part_leaves_the_whole_undone(admin: PersonClient) -> None:
    person = customer(first_name="Maria")

    boss = PersonClient(make.user(is_staff=True, is_superuser=True))
    User.objects.filter(pk=person.pk).update(is_staff=True)
    answer = admin.patch(f"{PATH}/{person.pk}", {"name": "Other", "status": "suspended"})

    assert answer.status_code == 403
    assert boss.get(f"{PATH}/{person.pk}").json()["data"]["status"] == "active"
    assert User.objects.get(pk=person.pk).first_name == "Maria"


def test_each_part_takes_its_own_permission(manager: PersonClient) -> None:
    person = customer()

    assert clients.staff_in("SUPPORT").patch(f"{PATH}/{person.pk}", {"name": "x"}).status_code == 403
    assert clients.staff_in("SUPPORT").post(PATH, {"email": "a@b.test", "name": "x"}).status_code == 403
    assert manager.patch(f"{PATH}/{person.pk}", {"foundingMember": {}}).status_code == 403
    only_names = clients.staff("identity.change_user")
    assert only_names.patch(f"{PATH}/{person.pk}", {"status": "suspended"}).status_code == 403
    assert not FoundingMember.objects.exists()


def test_whoever_is_no_customer_is_not_found(manager: PersonClient) -> None:
    idle, colleague = make.person(make.organization()), owner()

    for person in (idle, colleague):
        assert manager.get(f"{PATH}/{person.pk}").status_code == 404
        assert manager.patch(f"{PATH}/{person.pk}", {"status": "suspended"}).status_code == 404


def test_the_last_owner_of_the_platform_is_not_suspended_as_a_customer(manager: PersonClient) -> None:
    boss = owner()
    organization = make.organization()
    make.membership(organization, boss, role=Role.OWNER)
    make.order(organization, make.subscription(organization), customer=boss)
    root = PersonClient(make.user(is_staff=True, is_superuser=True))

    step_up(root.user, "staff.change_role")

    assert manager.patch(f"{PATH}/{boss.pk}", {"status": "suspended"}).status_code == 403
    refused = root.patch(f"{PATH}/{boss.pk}", {"status": "suspended"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "LAST_OWNER")


def test_a_customer_who_left_their_organization_can_be_renamed_and_no_more(admin: PersonClient) -> None:
    person = make.user(added_by=admin.user)

    data = admin.patch(f"{PATH}/{person.pk}", {"name": "Nora Lind"}).json()["data"]
    assert (data["name"], data["company"], data["organizationId"], data["orders"]) == ("Nora Lind", None, None, [])
    assert admin.patch(f"{PATH}/{person.pk}", {"company": "Acme"}).status_code == 409
    assert admin.patch(f"{PATH}/{person.pk}", {"foundingMember": {}}).status_code == 409


def test_before_its_first_period_a_subscription_has_its_plans_tokens(manager: PersonClient) -> None:
    data = manager.get(f"{PATH}/{customer().pk}").json()["data"]["subscription"]

    assert (data["tokenLimit"], data["tokensUsed"], data["periodStart"], data["stripeCustomerId"]) == (
        1_000_000, 0, None, None
    )  # fmt: skip


def test_a_plan_without_tokens_includes_none(manager: PersonClient) -> None:
    organization = make.organization()
    person = make.person(organization)
    make.order(organization, make.subscription(organization, make.plan(token_allotment=None)), customer=person)

    data = manager.get(f"{PATH}/{person.pk}").json()["data"]["subscription"]

    assert (data["tokenLimit"], data["tokensUsed"]) == (None, 0)

"""A person's page in the console: everything known of them."""

from django.contrib.auth.models import Permission
from pytest_django import DjangoAssertNumQueries

from billing.models import FoundingMember
from billing.services.periods import mirror
from identity.models import User
from identity.services import two_factor
from orgs.models import Organization
from platform_core import clock
from platform_core.services import audit
from tests import authenticators, clients, make
from tests.clients import PersonClient
from tests.sign_ins import make_session, step_up

RESET, FOUNDING = "Reset second factor", "Make founding member"


def customer() -> User:
    organization = make.organization("Harbour Bakery")
    person = make.person(organization, email="ada@harbour.test", first_name="Ada", last_name="Marlow")
    subscription = make.subscription(organization)
    order = make.order(organization, subscription, customer=person, domain="harbour.tenants.localhost")
    make.server(order)
    period = mirror(subscription)
    assert period is not None
    make.usage_bucket(subscription, bucket_hour=period.usage_from, tokens_total=250_000)
    make_session(person, ip_address="203.0.113.9", user_agent="Firefox on a ferry")
    return person


def page_of(person: User, role: str = "OWNER") -> str:
    client = clients.staff_in(role)
    answer = client.get(f"/admin/identity/user/{person.pk}/change/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_everything_is_on_one_page() -> None:
    person = customer()
    colleague = clients.staff_in("SUPPORT", email="sven@mainstay.test").user
    make_session(person, impersonator=colleague, reason="To help.")
    audit.record("organization.create", Organization.objects.get(), by=person)
    audit.record("user.suspend", person, by=colleague)
    member = FoundingMember.objects.create(
        organization=Organization.objects.get(), user=person, number=42, expires_at=clock.now()
    )

    html = page_of(person)

    for text in (
        "Harbour Bakery",
        "harbour.tenants.localhost",
        "250K of 1M tokens, 25%",
        "203.0.113.9",
        "Firefox on a ferry",
        "sven@mainstay.test",
        "Organization create",
        "User suspend",
        f"№ {member.number}",
        "2 times the tokens until",
        "not set up",
    ):
        assert text in html, text


def test_of_a_newcomer_it_says_that_there_is_nothing() -> None:
    html = page_of(make.user())

    for text in (
        "Belongs to no organization.",
        "Nothing bought yet.",
        "No order yet.",
        "Never signed in.",
        "Nothing that is on record.",
        "never",
    ):
        assert text in html, text


def test_a_role_sees_what_it_may_see() -> None:
    html = page_of(customer(), "SUPPORT")

    assert "harbour.tenants.localhost" in html
    for hidden in ("Subscriptions and usage", "What they did", "203.0.113.9", "/staff/act-as", "Make founding member"):
        assert hidden not in html, hidden


def test_staff_without_a_second_factor_stand_out() -> None:
    html = page_of(clients.staff_in("SUPPORT").user)

    assert "required, and not set up" in html
    assert "/staff/act-as" not in html


def test_acting_as_a_customer_begins_here() -> None:
    person = customer()

    assert f"/staff/act-as?person={person.pk}" in page_of(person, "MANAGER")


def test_a_founding_membership_is_granted_here() -> None:
    person, boss = customer(), clients.staff_in("ADMIN")

    answer = boss.post(f"/admin/identity/user/{person.pk}/do/make_founding_member/", follow=True)

    assert "number 1" in answer.content.decode()
    assert FoundingMember.objects.get().user == person
    assert "make_founding_member" not in page_of(person)


def test_whether_a_colleague_may_sign_in_takes_a_proof() -> None:
    boss, colleague = clients.staff_in("OWNER"), clients.staff_in("SUPPORT").user

    refused = boss.post(f"/admin/identity/user/{colleague.pk}/do/suspend/")
    assert refused["Location"].startswith("/staff/console?purpose=staff.change_role&next=")
    assert User.objects.get(pk=colleague.pk).is_active

    step_up(boss.user, "staff.change_role")
    boss.post(f"/admin/identity/user/{colleague.pk}/do/suspend/")
    assert not User.objects.get(pk=colleague.pk).is_active


def test_what_takes_a_proof_begins_here_for_those_who_may() -> None:
    colleague, customer = clients.staff_in("SUPPORT").user, make.user()
    two_factor.enrol(colleague)

    assert f"/staff/role?person={colleague.pk}" in page_of(colleague)
    assert f"/staff/reset-second-factor?person={colleague.pk}" in page_of(colleague)
    assert f"/staff/reset-second-factor?person={colleague.pk}" in page_of(colleague, "ADMIN")
    for html in (page_of(customer), page_of(colleague, "MANAGER")):
        assert "/staff/role" not in html
        assert "/staff/reset-second-factor" not in html


def test_the_last_owner_is_not_suspended_here() -> None:
    boss, root = clients.staff_in("OWNER").user, PersonClient(make.user(is_staff=True, is_superuser=True))
    step_up(root.user, "staff.change_role")

    answer = root.post(f"/admin/identity/user/{boss.pk}/do/suspend/", follow=True)

    assert "This is the last owner: make somebody else an owner first." in answer.content.decode()
    assert User.objects.get(pk=boss.pk).is_active


def test_the_page_costs_the_same_for_many_rows(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    person = customer()
    for _ in range(3):
        make_session(person)
        make.membership(make.organization(), person)
    client = PersonClient(make.user(is_staff=True))
    client.user.user_permissions.set(Permission.objects.all())

    with django_assert_max_num_queries(32):
        assert client.get(f"/admin/identity/user/{person.pk}/change/").status_code == 200


def test_what_would_be_refused_is_not_offered() -> None:
    above, below = clients.staff_in("OWNER").user, clients.staff_in("SUPPORT").user
    alone = make.user()
    for person in (above, below, alone):
        authenticators.app_of(person)

    assert [RESET in page_of(person, "ADMIN") for person in (above, below, alone)] == [False, True, True]
    assert [FOUNDING in page_of(person, "ADMIN") for person in (alone, make.person(make.organization()))] == [
        False,
        True,
    ]

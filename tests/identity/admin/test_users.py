"""People in the console: what staff who may look can do there, and what not."""

import logging

import pytest

from identity.models import User
from platform_core.models import AuditEvent
from tests import clients, make
from tests.authenticators import code
from tests.clients import PersonClient
from tests.sign_ins import enter, make_session

LIST = "/admin/identity/user/"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "path",
    [
        f"{LIST}?password__startswith=argon2",
        f"{LIST}?password__regex=.",
        f"{LIST}?is_superuser__exact=1",
        f"{LIST}?security_version__gt=0",
        "/admin/identity/session/?token_digest__startswith=a",
        "/admin/identity/session/?user__password__startswith=argon2",
        "/admin/identity/staffinvitation/?token_digest__gt=a",
        "/admin/identity/staffinvitation/?invited_by__password__startswith=argon2",
        "/admin/tenants/server/?key_digest__startswith=a",
    ],
)
def test_what_is_not_shown_cannot_be_found_out_by_filtering(path: str) -> None:
    assert clients.staff_in("OWNER").get(path).status_code == 400


@pytest.mark.parametrize("query", ["status__exact=active", "is_staff__exact=1", "email__icontains=ada", "q=ada", "o=1"])
def test_what_is_shown_can_be_filtered_by(query: str) -> None:
    make.user("ada@acme.test", is_staff=True)

    page = clients.staff_in("SUPPORT").get(f"{LIST}?{query}")

    assert (page.status_code, "ada@acme.test" in page.content.decode()) == (200, True)


def test_a_role_that_looks_is_offered_no_action_and_a_forged_one_does_nothing() -> None:
    support, person = clients.staff_in("SUPPORT"), make.user()
    assert 'value="suspend"' not in support.get(LIST).content.decode()

    support.post(LIST, f"action=suspend&_selected_action={person.pk}", content_type=FORM)
    assert support.post(f"{LIST}{person.pk}/do/suspend/").status_code == 403

    assert User.objects.get(pk=person.pk).is_active


@pytest.mark.parametrize("page", ["history/", "delete/"])
def test_pages_that_nobody_needs_show_and_do_nothing(page: str) -> None:
    person = make.user("ada@acme.test")

    answer = clients.staff("orgs.view_organization").get(f"{LIST}{person.pk}/{page}")

    assert answer.status_code == 403
    assert clients.staff_in("OWNER").post(f"{LIST}{person.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=person.pk).exists()


def test_related_rows_are_not_looked_up_by_those_who_may_not_see_them() -> None:
    asked = {"app_label": "orgs", "model_name": "membership", "field_name": "user", "term": "a"}

    assert clients.staff("orgs.view_membership").get("/admin/autocomplete/", asked).status_code == 403


def test_many_who_are_suspended_at_once_are_out_at_once() -> None:
    people = [PersonClient(make.user()) for _ in range(3)]
    other = PersonClient(make.user())
    tokens = [make_session(each.user, "console") for each in people]
    chosen = "".join(f"&_selected_action={each.user.pk}" for each in people)

    clients.staff_in("ADMIN").post(LIST, f"action=suspend{chosen}", content_type=FORM)

    assert [each.get("/auth/me").status_code for each in (*people, other)] == [401, 401, 401, 200]
    for session in tokens:
        session.refresh_from_db()
        assert session.revoked_reason == "suspended"


def test_a_sign_in_that_begins_while_one_is_suspended_is_worth_nothing() -> None:
    person = make.user()
    stale = User.objects.get(pk=person.pk)
    clients.staff_in("ADMIN").post(f"{LIST}{person.pk}/do/suspend/")

    late = clients.ApiClient()
    enter(late, stale)

    assert late.get("/auth/me").status_code == 401


def test_the_secret_of_an_authenticator_app_is_shown_to_nobody_else(
    member: PersonClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        secret = member.post("/api/v1/auth/2fa/setup").json()["data"]["secret"]
        codes = member.post("/api/v1/auth/2fa/verify", {"code": code(secret)}).json()["data"]["backupCodes"]
    staff = clients.staff_in("OWNER")
    pages = [
        staff.get(path)
        for path in (
            LIST,
            f"{LIST}{member.user.pk}/change/",
            f"{LIST}{member.user.pk}/export/",
            f"/admin/platform_core/auditevent/?q={member.user.email}",
            f"/api/admin/users?search={member.user.email}",
            f"/api/v1/admin/customers?search={member.user.email}",
        )
    ]
    shown = "".join(page.content.decode() for page in pages if page.status_code == 200)
    recorded = str(list(AuditEvent.objects.values()))

    assert member.user.email in shown
    assert "two_factor" in recorded
    for hidden in (secret, *codes):
        for text in (shown, recorded, caplog.text):
            assert hidden not in text


def changed(client: PersonClient, person: User) -> int:
    """What the console answers to another first name."""
    answer = client.post(
        f"{LIST}{person.pk}/change/", "first_name=Kim&last_name=Berg&is_employee=on", content_type=FORM
    )
    return int(answer.status_code)


def test_what_is_said_of_a_person_is_changed_and_nothing_of_who_was_erased() -> None:
    person, erased = make.user(first_name="Ada"), make.user(first_name="", status=User.Status.DELETED)
    manager = clients.staff_in("MANAGER")

    assert 'name="first_name"' not in manager.get(f"{LIST}{erased.pk}/change/").content.decode()
    assert (changed(manager, person), changed(manager, erased)) == (302, 403)

    assert [User.objects.get(pk=each.pk).first_name for each in (person, erased)] == ["Kim", ""]


def test_colleagues_are_changed_by_those_who_decide_about_staff() -> None:
    boss, manager = clients.staff_in("OWNER"), clients.staff_in("MANAGER")

    assert (changed(manager, boss.user), changed(clients.staff_in("ADMIN"), manager.user)) == (403, 403)
    assert (changed(boss, manager.user), changed(manager, manager.user)) == (302, 302)

    assert User.objects.get(pk=boss.user.pk).first_name != "Kim"

"""What staff do to one person, in the browser."""

import pytest

from identity import staff_roles
from identity.models import User
from identity.services import two_factor
from platform_core.models import AuditEvent, Mail
from tests import clients, make
from tests.make.identity import PASSWORD, owner
from tests.pages import Browser
from tests.sign_ins import enter, step_up

REASON = "Ticket 4711: the phone was stolen."
RESET, ROLE = "/staff/reset-second-factor", "/staff/role"
PURPOSES = {RESET: "two_factor.reset", ROLE: "staff.change_role"}


def browser(role: str = "ADMIN", *purposes: str) -> Browser:
    user = clients.staff_in(role).user
    made = Browser(user)
    step_up(user, *purposes)
    return made


def enrolled(user: User) -> User:
    two_factor.enrol(user)
    return user


def test_a_lost_second_factor_is_reset() -> None:
    person = enrolled(make.user("ada@acme.test", first_name="Ada"))
    theirs, staff = Browser(person), browser("ADMIN", "two_factor.reset")
    assert "ada@acme.test" in staff.read(f"{RESET}?person={person.pk}").text

    done = staff.send(f"{RESET}?person={person.pk}", reason=REASON)

    assert (done.status, done.location) == (302, f"/admin/identity/user/{person.pk}/change/")
    assert "The second factor is reset" in staff.get(done.location).content.decode()
    assert theirs.get("/auth/me").status_code == 401
    # The password alone leads in, and nothing else was lost.
    signed_in = Browser().post("/accounts/login/", {"login": "ada@acme.test", "password": PASSWORD})
    assert signed_in["Location"] == "/overview"


def test_of_staff_it_leads_to_enrolment() -> None:
    colleague = enrolled(clients.staff_in("SUPPORT", email="sven@mainstay.test").user)

    browser("ADMIN", "two_factor.reset").send(f"{RESET}?person={colleague.pk}", reason=REASON)

    theirs = Browser()
    theirs.post("/accounts/login/", {"login": "sven@mainstay.test", "password": PASSWORD})
    assert theirs.get("/staff/console")["Location"] == "/security"
    assert theirs.get("/api/v1/admin/orders").json()["error"]["code"] == "MFA_ENROLLMENT_REQUIRED"


@pytest.mark.parametrize("reason", ["", "why", "a        b", "x" * 501], ids=["none", "short", "spaces", "long"])
def test_without_a_reason_the_form_comes_back(reason: str) -> None:
    person = enrolled(make.user())

    page = browser("ADMIN", "two_factor.reset").send(f"{RESET}?person={person.pk}", reason=reason)

    assert (page.status, page.heading) == (400, "Reset their second factor")
    assert two_factor.is_enabled(person)


@pytest.mark.parametrize("path", PURPOSES)
def test_it_takes_a_proof_for_this_purpose(path: str) -> None:
    colleague = enrolled(clients.staff_in("SUPPORT").user)
    others = [purpose for purpose in ("console.enter", *PURPOSES.values()) if purpose != PURPOSES[path]]
    staff = browser("OWNER", *others)

    for page in (
        staff.read(f"{path}?person={colleague.pk}"),
        staff.send(f"{path}?person={colleague.pk}", reason=REASON, role="ADMIN"),
    ):
        assert page.location.startswith(f"/security/confirm?purpose={PURPOSES[path]}&next=")
    assert two_factor.is_enabled(colleague)
    assert staff_roles.role_of(colleague) == "SUPPORT"


@pytest.mark.parametrize("path", PURPOSES)
def test_a_session_without_a_second_factor_may_not(path: str) -> None:
    colleague, boss = enrolled(clients.staff_in("SUPPORT").user), owner()
    staff = Browser()
    enter(staff, boss, two_factor_at=None)
    step_up(boss, *PURPOSES.values())

    page = staff.send(f"{path}?person={colleague.pk}", reason=REASON, role="ADMIN")

    assert (page.status, "Two-factor authentication is required here" in page.text) == (403, True)
    assert two_factor.is_enabled(colleague)
    assert staff_roles.role_of(colleague) == "SUPPORT"


@pytest.mark.parametrize(("path", "role"), [(RESET, "MANAGER"), (RESET, "SUPPORT"), (ROLE, "ADMIN"), (ROLE, "SUPPORT")])
def test_it_takes_a_role(path: str, role: str) -> None:
    colleague = enrolled(clients.staff_in("SUPPORT").user)

    for caller in (browser(role, *PURPOSES.values()), Browser(make.person(make.organization()))):
        assert caller.read(f"{path}?person={colleague.pk}").status == 403
        assert caller.send(f"{path}?person={colleague.pk}", reason=REASON, role="ADMIN").status == 403
    assert two_factor.is_enabled(colleague)
    assert staff_roles.role_of(colleague) == "SUPPORT"


@pytest.mark.parametrize("path", PURPOSES)
@pytest.mark.parametrize("person", ["", "x", "0190a5d0-0000-7000-8000-000000000000"])
def test_an_unknown_person_is_a_404(path: str, person: str) -> None:
    staff = browser("OWNER", *PURPOSES.values())

    assert staff.read(f"{path}?person={person}").status == 404
    assert staff.send(f"{path}?person={person}", reason=REASON, role="ADMIN").status == 404


def test_a_superior_and_oneself_are_out_of_reach() -> None:
    staff, boss, admin = browser("ADMIN", "two_factor.reset"), enrolled(owner()), clients.staff_in("ADMIN").user
    own = enrolled(admin)
    me = Browser(own)
    step_up(own, "two_factor.reset")

    assert staff.send(f"{RESET}?person={boss.pk}", reason=REASON).status == 403
    assert me.send(f"{RESET}?person={own.pk}", reason=REASON).status == 409
    assert two_factor.is_enabled(boss)
    assert two_factor.is_enabled(own)
    assert not Mail.objects.filter(template="identity/security_notice").exists()


def test_a_role_is_changed() -> None:
    colleague = clients.staff_in("SUPPORT", first_name="Sven").user
    staff = browser("OWNER", "staff.change_role")
    assert 'value="SUPPORT" selected' in staff.read(f"{ROLE}?person={colleague.pk}").html

    done = staff.send(f"{ROLE}?person={colleague.pk}", role="MANAGER")

    assert (done.status, done.location) == (302, f"/admin/identity/user/{colleague.pk}/change/")
    assert staff_roles.role_of(User.objects.get(pk=colleague.pk)) == "MANAGER"
    event = AuditEvent.objects.get(action="staff.change_role")
    assert (event.target_id, event.changes) == (str(colleague.pk), {"role": ["SUPPORT", "MANAGER"]})
    assert "Sven is manager now." in staff.get(done.location).content.decode()


@pytest.mark.parametrize("role", ["", "KING"])
def test_no_such_role_is_said_at_the_field(role: str) -> None:
    colleague = clients.staff_in("SUPPORT").user

    page = browser("OWNER", "staff.change_role").send(f"{ROLE}?person={colleague.pk}", role=role)

    assert page.status == 400
    assert staff_roles.role_of(User.objects.get(pk=colleague.pk)) == "SUPPORT"


def test_the_permission_without_the_role_gives_none_above_it() -> None:
    colleague = clients.staff_in("SUPPORT").user
    caller = clients.staff("identity.manage_staff").user
    staff = Browser(caller)
    step_up(caller, "staff.change_role")

    assert "<option" not in staff.read(f"{ROLE}?person={colleague.pk}").html
    assert staff.send(f"{ROLE}?person={colleague.pk}", role="OWNER").status == 400


def test_a_customer_has_no_role() -> None:
    staff, customer = browser("OWNER", "staff.change_role"), make.user()

    assert staff.read(f"{ROLE}?person={customer.pk}").status == 404
    assert staff.send(f"{ROLE}?person={customer.pk}", role="OWNER").status == 404
    assert not User.objects.get(pk=customer.pk).is_staff


def test_the_last_owner_keeps_the_role() -> None:
    boss = owner()
    staff = Browser(boss)
    step_up(boss, "staff.change_role")

    page = staff.send(f"{ROLE}?person={boss.pk}", role="SUPPORT")

    assert (page.status, "This is the last owner" in page.text) == (409, True)
    assert staff_roles.role_of(User.objects.get(pk=boss.pk)) == "OWNER"

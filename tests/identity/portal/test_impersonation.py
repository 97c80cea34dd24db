"""Acting as a customer, in the browser."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from identity.models import AnalyticsEvent, Session, User
from identity.services import impersonation
from orgs.models import Membership
from platform_core import clock
from platform_core.models import AuditEvent
from tests import clients, make
from tests.pages import Browser
from tests.sign_ins import step_up

REASON = "Ticket 4711: the invoice page is empty."
USUAL = settings.SESSION_COOKIE_NAME


@pytest.fixture
def customer() -> User:
    return make.person(make.organization("Harbour Bakery"), email="ada@harbour.test", first_name="Ada")


def staff(role: str = "ADMIN", *, ready: bool = True) -> Browser:
    user = clients.staff_in(role, first_name="Sven").user
    browser = Browser(user)
    if ready:
        step_up(user, "impersonation.start")
    return browser


def act(browser: Browser, person: User, **form: str) -> None:
    done = browser.send(f"/staff/act-as?person={person.pk}", **{"reason": REASON, **form})
    assert (done.status, done.location) == (302, "/overview"), done.text


def test_every_page_says_so_and_offers_the_way_back(customer: User) -> None:
    browser = staff()
    form = browser.read(f"/staff/act-as?person={customer.pk}")
    assert form.heading == "Act as Ada"

    act(browser, customer)

    page = browser.read("/overview")
    assert "Sven , you are acting as ada@harbour.test : you can look, and change nothing." in page.text
    assert "Harbour Bakery" in page.text
    assert 'action="/staff/act-as/stop"' in page.html
    assert browser.read("/profile").text.count("you are acting as") == 1


def test_the_console_stays_the_staffs_own(customer: User) -> None:
    browser = staff()
    act(browser, customer)

    assert browser.get("/admin/").status_code == 200
    assert browser.get("/auth/me").json()["email"] == "ada@harbour.test"
    assert browser.get("/api/v1/admin/orders").status_code == 403


def test_looking_changes_nothing_on_pages_and_in_the_api(customer: User) -> None:
    browser = staff()
    act(browser, customer)

    page = browser.send("/profile", first_name="Eve")
    assert (page.status, "may only look" in page.text) == (403, True)
    api = browser.patch("/api/v1/users/me", {"first_name": "Eve"}, content_type="application/json")
    assert (api.status_code, api.json()["code"]) == (403, "FORBIDDEN")
    for path in ("/accounts/logout/", "/accounts/password/change/", "/profile"):
        assert browser.post(path, {}).status_code == 403
    assert User.objects.get(pk=customer.pk).first_name == "Ada"


def test_with_leave_to_change_things_that_is_possible(customer: User) -> None:
    browser = staff()
    act(browser, customer, may_write="on")

    made = browser.post("/api/v1/organizations", {"name": "Harbour Cafe"}, content_type="application/json")

    assert made.status_code == 201
    assert Membership.objects.get(organization__name="Harbour Cafe").user == customer
    event = AuditEvent.objects.get(action="organization.create")
    assert (event.actor_id, event.impersonator_label) == (str(customer.pk), User.objects.get(is_staff=True).email)


def test_each_of_their_organizations_can_be_looked_at(customer: User) -> None:
    second = make.membership(make.organization("Lighthouse Studio"), customer).organization
    browser = staff()
    act(browser, customer)

    assert browser.send("/organizations/switch", organization=str(second.pk)).status == 302

    assert browser.read("/overview").heading == "Lighthouse Studio"
    event = AuditEvent.objects.get(action="session.switch_organization")
    assert (event.actor_id, event.impersonator_id) == (str(customer.pk), str(User.objects.get(is_staff=True).pk))
    # What staff do is no sign of life of the customer.
    assert not AnalyticsEvent.objects.filter(name="organization.switched").exists()


@pytest.mark.parametrize(
    "path",
    [
        "/profile",
        "/accounts/password/change/",
        "/accounts/email/",
        "/security/app/set-up",
        "/security/turn-off",
        "/profile/delete",
        "/api/user/auth/exchange",
        "/api/v1/billing/checkout",
        "/api/v1/auth/2fa/setup",
        "/auth/refresh",
    ],
)
def test_how_they_sign_in_and_what_they_pay_is_out_of_reach_even_then(customer: User, path: str) -> None:
    browser = staff()
    act(browser, customer, may_write="on")
    before = User.objects.values().get(pk=customer.pk)

    assert browser.post(path, {}, content_type="application/json").status_code == 403

    assert User.objects.values().get(pk=customer.pk) == before
    assert not Session.objects.filter(user=customer, kind="tokens").exists()


def run_out() -> None:
    """The half hour is over."""
    Session.objects.exclude(impersonator=None).update(absolute_expires_at=clock.wall() - timedelta(seconds=1))


def test_after_half_an_hour_staff_are_themselves_again(customer: User) -> None:
    browser = staff()
    act(browser, customer)
    acting = browser.cookies[USUAL].value
    run_out()

    led = browser.get("/overview")

    assert led["Location"] == f"/admin/identity/user/{customer.pk}/change/"
    assert "You no longer act as ada@harbour.test" in browser.get(led["Location"]).content.decode()
    assert browser.get("/auth/me").json()["isStaff"] is True
    session = Session.objects.exclude(impersonator=None).get()
    assert session.revoked_reason == "expired"
    event = AuditEvent.objects.get(action="impersonation.stop")
    assert (event.actor_id, event.target_id) == (str(session.impersonator_id), str(customer.pk))
    assert event.changes == {"session": str(session.pk), "reason": "expired"}
    replay = Client()
    replay.cookies[USUAL] = acting
    assert replay.get("/auth/me").status_code == 401


def test_what_the_clock_ended_is_not_said_twice(customer: User) -> None:
    browser = staff()
    act(browser, customer)
    run_out()
    assert impersonation.end_expired() == {"ended": 1}

    assert browser.get("/overview")["Location"] == f"/admin/identity/user/{customer.pk}/change/"

    assert browser.get("/auth/me").json()["isStaff"] is True
    assert AuditEvent.objects.filter(action="impersonation.stop").count() == 1


def test_what_was_meant_for_the_customer_is_not_done_to_oneself(customer: User) -> None:
    browser = staff()
    act(browser, customer, may_write="on")
    boss = User.objects.get(is_staff=True)
    run_out()

    page = browser.post("/profile", {"first_name": "Eve", "last_name": "", "email": boss.email})
    assert page.status_code == 302
    run = browser.patch("/api/v1/users/me", {"firstName": "Eve"}, content_type="application/json")

    assert run.status_code == 200, "the second request is one's own"
    assert not AuditEvent.objects.filter(action="user.update", target_id=str(customer.pk)).exists()
    assert AuditEvent.objects.filter(action="user.update").count() == 1


def test_the_api_and_parts_of_pages_are_told_in_their_own_way(customer: User) -> None:
    for path, headers in (("/api/v1/users/me", {}), ("/overview", {"HX-Request": "true"})):
        browser = staff()
        act(browser, customer)
        run_out()
        answer = browser.get(path, headers=headers)
        if headers:
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer["HX-Redirect"] == f"/admin/identity/user/{customer.pk}/change/"
        else:
            assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")
        assert browser.get("/auth/me").json()["isStaff"] is True


def test_where_the_own_sign_in_ended_too_there_is_none(customer: User) -> None:
    browser = staff()
    act(browser, customer)
    run_out()
    Session.objects.filter(impersonator=None).update(revoked_at=clock.wall())

    assert browser.get("/overview").status_code == 302

    assert browser.get("/auth/me").status_code == 401
    assert browser.get("/overview")["Location"].startswith("/accounts/login/")


def test_stopping_gives_the_own_sign_in_back_and_the_cookie_is_dead(customer: User) -> None:
    browser = staff()
    own = browser.cookies[USUAL].value
    act(browser, customer)
    acting = browser.cookies[USUAL].value

    done = browser.send("/staff/act-as/stop")

    assert (done.status, done.location) == (302, f"/admin/identity/user/{customer.pk}/change/")
    assert browser.get("/auth/me").json()["isStaff"] is True
    assert len({own, acting, browser.cookies[USUAL].value}) == 3
    for old in (own, acting):
        replay = Client()
        replay.cookies[USUAL] = old
        assert replay.get("/auth/me").status_code == 401


def test_the_person_takes_it_away_with_a_new_password(customer: User) -> None:
    browser = staff()
    act(browser, customer)
    User.objects.filter(pk=customer.pk).update(security_version=99)

    assert browser.get("/auth/me").status_code == 401
    assert browser.get("/auth/me").json()["isStaff"] is True
    assert AuditEvent.objects.get(action="impersonation.stop").changes["reason"] == "ended"


def test_it_takes_a_proof_of_who_one_is_just_before(customer: User) -> None:
    page = staff(ready=False).read(f"/staff/act-as?person={customer.pk}")

    assert page.location.startswith("/security/confirm?purpose=impersonation.start")


def test_it_takes_a_role(customer: User) -> None:
    for browser in (staff("SUPPORT"), Browser(customer)):
        assert browser.read(f"/staff/act-as?person={customer.pk}").status == 403
        assert browser.send(f"/staff/act-as?person={customer.pk}", reason=REASON).status == 403
    assert not Session.objects.exclude(impersonator=None).exists()


def test_a_role_that_only_looks_is_not_asked_whether_to_change(customer: User) -> None:
    browser = staff("MANAGER")

    assert "may_write" not in browser.read(f"/staff/act-as?person={customer.pk}").html
    act(browser, customer, may_write="on")
    assert Session.objects.exclude(impersonator=None).get().may_write is False


def test_without_a_reason_the_form_comes_back(customer: User) -> None:
    for reason in ("", "why", " " * 20, "a        b"):
        page = staff().send(f"/staff/act-as?person={customer.pk}", reason=reason)
        assert page.status == 400


def test_staff_are_out_of_reach() -> None:
    colleague = clients.staff_in("SUPPORT").user

    page = staff("OWNER").send(f"/staff/act-as?person={colleague.pk}", reason=REASON)

    assert (page.status, "Nobody acts as a member of staff." in page.text) == (403, True)


@pytest.mark.parametrize("person", ["", "x", "0190a5d0-0000-7000-8000-000000000000"])
def test_an_unknown_person_is_a_404(person: str) -> None:
    assert staff().read(f"/staff/act-as?person={person}").status == 404


def test_who_acts_as_nobody_has_nothing_to_stop(customer: User) -> None:
    assert Browser(customer).send("/staff/act-as/stop").status == 409

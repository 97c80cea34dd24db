"""The way into the staff console, and its cookie."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from identity.models import Session, User
from platform_core import clock
from platform_core.models import AuditEvent
from tests import clients, make
from tests.clients import ApiClient, PersonClient
from tests.make.identity import PASSWORD, owner
from tests.pages import Browser
from tests.sign_ins import enter, step_up

DOOR = "/staff/console?next=/admin/tenants/order/"
STAFF, USUAL = settings.CONSOLE_COOKIE_NAME, settings.SESSION_COOKIE_NAME


def signed_in(user: User, **fields: Any) -> Browser:
    """A browser with a sign-in at the pages, and none at the console."""
    browser = Browser()
    enter(browser, user, **fields)
    browser.cookies.pop(STAFF, None)
    user.sessions.filter(kind="console").delete()
    return browser


def test_whoever_just_showed_a_second_factor_enters_with_a_cookie_of_the_consoles_own() -> None:
    boss = owner()
    browser = signed_in(boss, methods=["otp", "pwd"])

    entered = browser.get(DOOR)

    assert (entered.status_code, entered["Location"]) == (302, "/admin/tenants/order/")
    assert entered.cookies[STAFF].value != browser.cookies[USUAL].value
    assert (entered.cookies[STAFF]["httponly"], entered.cookies[STAFF]["path"]) == (True, "/")
    session = Session.objects.latest("created_at")
    assert (session.kind, session.methods, session.has_two_factor) == ("console", ["otp", "pwd"], True)
    assert session.absolute_expires_at - session.created_at < timedelta(hours=12, seconds=1)
    event = AuditEvent.objects.latest("created_at")
    assert (event.action, event.actor_id, event.changes["kind"]) == ("session.start", str(boss.pk), "console")
    assert browser.get("/admin/").status_code == 200


def test_who_enters_again_is_there_once_and_keeps_what_was_proved() -> None:
    boss = owner()
    browser = signed_in(boss)
    browser.get(DOOR)
    step_up(boss, "staff.change_role", "two_factor.reset")
    first, key = Session.objects.get(kind="console"), browser.cookies[STAFF].value

    browser.get("/staff/console?purpose=two_factor.reset")

    first.refresh_from_db()
    assert first.revoked_reason == "replaced"
    second = Session.objects.open().get(kind="console")
    assert set(second.step_ups.values_list("purpose", flat=True)) == {"staff.change_role", "two_factor.reset"}
    assert browser.get("/admin/").status_code == 200
    browser.cookies[STAFF] = key
    assert browser.get("/admin/").status_code == 302


def test_somebody_elses_console_cookie_ends_nothing() -> None:
    other = clients.staff_in("OWNER")
    browser = signed_in(owner(email="boss@mainstay.test"))
    browser.cookies[STAFF] = other.cookies[STAFF].value

    browser.get(DOOR)

    assert other.get("/admin/").status_code == 200


def test_an_older_second_factor_is_shown_once_more() -> None:
    boss = owner()
    browser = signed_in(boss, two_factor_at=clock.wall() - timedelta(minutes=11))

    asked = browser.get(DOOR)

    assert asked["Location"].startswith("/security/confirm?purpose=console.enter&next=%2Fstaff%2Fconsole")
    assert STAFF not in asked.cookies
    step_up(boss, "console.enter")
    assert browser.get(DOOR)["Location"] == "/admin/tenants/order/"


def test_staff_without_a_second_factor_are_led_to_enrol_and_nowhere_else() -> None:
    browser = signed_in(owner(), two_factor_at=None)

    assert browser.get(DOOR)["Location"] == "/security"
    assert browser.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    refused = browser.get("/api/v1/admin/orders")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "MFA_ENROLLMENT_REQUIRED")
    assert not Session.objects.filter(kind="console").exists()


def test_a_password_alone_leads_staff_to_enrolment_too() -> None:
    owner(email="boss@mainstay.test")
    browser = Browser()

    browser.post("/accounts/login/", {"login": "boss@mainstay.test", "password": PASSWORD})

    assert browser.get("/staff/console")["Location"] == "/security"
    assert browser.get("/admin/").status_code == 302


def test_a_customers_cookie_is_worth_nothing_at_the_console(anonymous: ApiClient) -> None:
    customer = PersonClient(make.person(make.organization()))
    assert customer.get("/staff/console").status_code == 403
    assert customer.get("/admin/").status_code == 302
    assert customer.get("/api/v1/admin/orders").status_code == 403

    # The same value under the console's name, and the console's under the usual one.
    stranger = Client()
    stranger.cookies[STAFF] = customer.cookies[USUAL].value
    assert stranger.get("/admin/").status_code == 302
    boss = clients.staff_in("OWNER")
    anonymous.cookies[USUAL] = boss.cookies[STAFF].value
    assert anonymous.get("/auth/me").status_code == 401


def test_the_pages_cookie_of_staff_does_not_open_the_console() -> None:
    boss = clients.staff_in("OWNER")
    stranger = Client()
    stranger.cookies[USUAL] = stranger.cookies[STAFF] = boss.cookies[USUAL].value

    assert stranger.get("/admin/").status_code == 302


def test_leaving_the_console_leaves_the_portal_alone() -> None:
    boss = clients.staff_in("OWNER")

    boss.post("/admin/logout/")

    assert boss.get("/admin/").status_code == 302
    assert boss.get("/auth/me").status_code == 200


def test_who_is_no_longer_staff_is_out_at_once() -> None:
    boss = clients.staff_in("OWNER")
    assert boss.get("/admin/").status_code == 200

    User.objects.filter(pk=boss.user.pk).update(is_staff=False)

    assert boss.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    "wanted", ["https://evil.test/admin/", "//evil.test/admin/", "/admin/../accounts/logout/x", "/portal", ""], ids=str
)
def test_the_door_leads_into_the_console_only(wanted: str) -> None:
    browser = signed_in(owner())

    location = browser.get("/staff/console", {"next": wanted})["Location"]

    assert location.startswith("/admin/")


def test_the_console_under_https_has_a_host_cookie() -> None:
    assert ("__Host-staff" if settings.HTTPS else "staff") == STAFF

"""The second factor on the pages: asked for on every way in, and by passkey not at all."""

import json
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing

from identity.models import PendingSignIn, Session, User
from orgs.models import Organization
from orgs.roles import Role
from platform_core import clock, routes
from platform_core.models import Mail
from tests import authenticators, make
from tests.authenticators import BEYOND_READING, code, wrong_code
from tests.clients import ApiClient
from tests.make.identity import PASSWORD
from tests.pages import Browser, Page

SECOND = "/accounts/second-factor/"


@pytest.fixture
def ada() -> User:
    return make.person(make.organization("Harbour Bakery"), Role.OWNER, email="ada@example.test")


@pytest.fixture
def secret(ada: User) -> str:
    return authenticators.app_of(ada)


def begun(ada: User, then: str = "/profile") -> Browser:
    """A browser in which Ada entered her password."""
    browser = Browser()
    page = browser.send(f"/accounts/login/?next={then}", login=ada.email, password=PASSWORD)
    assert page.location == SECOND
    return browser


def test_after_the_password_the_code_is_asked_for(ada: User, secret: str) -> None:
    browser = begun(ada)
    page = browser.read(SECOND)
    assert page.heading == "One more step"
    assert browser.read("/profile").location == "/accounts/login/?next=/profile"
    before = browser.cookies["session"].value

    done = browser.send(SECOND, code=code(secret))

    assert done.location == "/profile"
    assert browser.read("/profile").status == 200
    assert browser.cookies["session"].value != before
    session = Session.objects.get()
    assert (session.kind, session.methods, session.two_factor_at is not None) == ("pages", ["otp", "pwd"], True)


def test_a_wrong_code_may_be_corrected(ada: User, secret: str) -> None:
    browser = begun(ada)

    page = browser.send(SECOND, code=wrong_code(secret))

    assert "The code is not correct." in page.text
    assert not Session.objects.exists()
    assert browser.send(SECOND, code=code(secret)).location == "/profile"


def test_nothing_entered_is_no_code(ada: User, secret: str) -> None:
    assert "This field is required." in begun(ada).send(SECOND).text
    assert PendingSignIn.objects.get().tries == 0


def test_after_five_wrong_codes_it_begins_again(ada: User, secret: str) -> None:
    browser = begun(ada)
    pages = [browser.send(SECOND, code=wrong_code(secret)) for _ in range(5)]

    assert [page.location for page in pages] == ["", "", "", "", "/accounts/login/"]
    assert browser.send(SECOND, code=code(secret)).location == "/accounts/login/"


@pytest.mark.usefixtures("one_moment")
def test_too_many_wrong_codes_over_all_sign_ins_are_told(ada: User, secret: str) -> None:
    for _ in range(2):
        browser = begun(ada)
        for _ in range(5):
            browser.send(SECOND, code=wrong_code(secret))

    page = begun(ada).send(SECOND, code=code(secret))

    assert page.status == 429
    assert "Too many wrong codes." in page.text


def test_a_begun_sign_in_waits_for_five_minutes(ada: User, secret: str) -> None:
    browser = begun(ada)
    PendingSignIn.objects.update(expires_at=clock.wall() - timedelta(seconds=1))

    assert browser.read(SECOND).location == "/accounts/login/"


def test_whoever_did_not_begin_is_sent_to_the_sign_in() -> None:
    assert Browser().read(SECOND).location == "/accounts/login/"


def test_a_passkey_does_in_the_place_of_the_code(ada: User) -> None:
    passkey = authenticators.passkey_of(ada)
    browser = begun(ada)
    page = browser.read(SECOND)
    assert "Use a passkey" in page.text
    token = page.html.partition('data-token="')[2].partition('"')[0]
    options = ApiClient().post("/api/v1/auth/2fa/options", {"token": token}).json()["data"]["publicKey"]

    assert browser.send(SECOND, passkey=json.dumps(passkey.asserted(options))).location == "/profile"
    assert Session.objects.get().methods == ["hwk", "pwd"]


@pytest.mark.parametrize("answer", ["", "x", "[]", "{}", *BEYOND_READING])
def test_what_is_no_passkey_is_told(ada: User, answer: str) -> None:
    authenticators.passkey_of(ada)

    page = begun(ada).send(SECOND, passkey=answer)

    assert page.status == 200
    assert not Session.objects.exists()


def test_a_recovery_code_lets_in(ada: User) -> None:
    browser = Browser(ada)
    authenticators.passkey_of(ada)
    granted = browser.post("/security/confirm?purpose=backup_codes.generate&next=/security", {"password": PASSWORD})
    assert granted.status_code == 200
    Session.objects.all().delete()
    from identity.services import recovery_codes  # noqa: PLC0415 - the one thing that no page shows twice

    codes = recovery_codes.generate(ada, by=ada)

    assert begun(ada).send(SECOND, code=codes[0]).location == "/profile"


def test_a_reset_password_does_not_go_around_it(ada: User, secret: str) -> None:
    browser = Browser()
    browser.send("/accounts/password/reset/", email=ada.email)
    link = next(word for word in Mail.objects.get().text.split() if "/accounts/password/reset/key/" in word)
    form = browser.read(link.removeprefix("http://127.0.0.1:8000")).location
    browser.send(form, password1="harbour lantern 42", password2="harbour lantern 42")
    assert browser.read("/profile").location == "/accounts/login/?next=/profile"

    page = browser.send("/accounts/login/", login=ada.email, password="harbour lantern 42")

    assert page.location == SECOND


def test_a_confirmed_address_does_not_go_around_it(ada: User, secret: str) -> None:
    EmailAddress.objects.update(verified=False)
    browser = Browser()
    browser.send("/accounts/login/", login=ada.email, password=PASSWORD)
    link = next(word for word in Mail.objects.get().text.split() if "/accounts/confirm-email/" in word)

    browser.send(link.removeprefix("http://127.0.0.1:8000"))

    assert not Session.objects.exists()
    assert browser.read("/profile").location.startswith("/accounts/login/")


def by_passkey(passkey: authenticators.SoftPasskey, **form: str) -> Page:
    options = ApiClient().post("/api/v1/auth/passkeys/sign-in/options").json()["data"]["publicKey"]
    return Browser().send("/accounts/passkey/", passkey=json.dumps(passkey.asserted(options)), **form)


@pytest.mark.parametrize(
    ("then", "lands"),
    [
        ("/profile", "/profile"),
        ("", "/overview"),
        ("//evil.example", "/overview"),
        ("https://evil.example", "/overview"),
    ],
)
def test_a_passkey_signs_in_at_once(ada: User, secret: str, then: str, lands: str) -> None:
    passkey = authenticators.passkey_of(ada)

    assert by_passkey(passkey, next=then).location == lands

    session = Session.objects.get()
    assert (session.kind, session.methods, session.two_factor_at is not None) == ("pages", ["hwk"], True)


def test_another_sites_passkey_does_not(ada: User) -> None:
    passkey = authenticators.passkey_of(ada, origin="https://evil.example")

    page = by_passkey(passkey)

    assert (page.status, page.heading) == (401, "That did not work")
    assert not Session.objects.exists()


@pytest.mark.parametrize("answer", ["", "x", "[]", *BEYOND_READING])
def test_nothing_is_no_passkey(answer: str) -> None:
    assert Browser().send("/accounts/passkey/", passkey=answer).status == 401


def test_an_organization_that_asks_for_it_opens_after_enrolling(ada: User) -> None:
    browser = Browser(ada)
    Organization.objects.update(two_factor_required=True)

    for path in ("/overview", "/invoices", "/servers"):
        assert browser.read(path).location.startswith("/security?required=")
    page = browser.read("/security")
    assert "Two-factor authentication is required of you." in page.text

    browser.send("/security/app/set-up")
    secret = _secret(browser.read("/security/app"))
    browser.send("/security/app", code=code(secret))
    assert browser.read("/overview").status == 200


def _secret(page: Page) -> str:
    found: Any = page.html.partition('id="secret">')[2].partition("<")[0]
    return str(found)


def test_no_browser_is_trusted_to_leave_it_out(ada: User, secret: str) -> None:
    """Devices that need no second factor are not offered: allauth's own are not installed, their cookie is nothing."""
    assert not [app for app in settings.INSTALLED_APPS if app.startswith("allauth.mfa")]
    assert not [name for name in dir(settings) if name.startswith("MFA_TRUST")]
    paths = [path for path, _ in routes.patterns()]
    assert not [path for path in paths if "trust" in path or path.startswith("/accounts/2fa")]
    browser = begun(ada)
    browser.send(SECOND, code=code(secret))
    browser.post("/accounts/logout/")
    forged = signing.dumps({"user": str(ada.pk), "at": 0}, salt="allauth.mfa")
    for name in ("mfa_trusted", "trusted_device"):
        browser.cookies[name] = forged

    assert browser.send("/accounts/login/", login=ada.email, password=PASSWORD, trust="on").location == SECOND
    assert browser.read("/profile").location == "/accounts/login/?next=/profile"

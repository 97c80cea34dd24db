"""The pages about signing in: enrolling, new codes, passkeys, and taking things away again."""

import json
from datetime import timedelta

import pytest

from identity.models import Passkey, Session, TotpDevice, User
from orgs.roles import Role
from platform_core import clock
from tests import authenticators, make
from tests.authenticators import BEYOND_READING, SoftPasskey, code, wrong_code
from tests.make.identity import PASSWORD
from tests.pages import Browser
from tests.sign_ins import enter


@pytest.fixture
def ada() -> User:
    return make.person(make.organization("Harbour Bakery"), Role.OWNER, email="ada@example.test")


@pytest.fixture
def browser(ada: User) -> Browser:
    return Browser(ada)


def secret_of(browser: Browser) -> str:
    """Begin with an app; the key on the page."""
    assert browser.send("/security/app/set-up").location == "/security/app"
    page = browser.read("/security/app")
    assert page.heading == "Set up your app"
    assert '<svg viewBox="0 0 ' in page.html
    return page.html.partition('id="secret">')[2].partition("<")[0]


def grow_old() -> None:
    """The sign-in is not fresh any more."""
    Session.objects.update(created_at=clock.now() - timedelta(hours=1))


def test_an_app_is_set_up_and_its_recovery_codes_are_shown_once(browser: Browser, ada: User) -> None:
    assert "Set up an app" in browser.read("/security").text
    secret = secret_of(browser)

    page = browser.send("/security/app", code=code(secret))

    assert page.heading == "Recovery codes"
    assert page.html.count("<li><code>") == 10
    shown = browser.read("/security")
    assert "10 left" in shown.text
    assert "Turn it all off" in shown.text
    assert not [word for word in page.html.split("<code>")[1:] if word[:11] in shown.html]
    assert browser.read("/security/app").location == "/security"


def test_a_wrong_or_missing_code_shows_the_same_secret_again(browser: Browser) -> None:
    secret = secret_of(browser)

    for entered in (wrong_code(secret), ""):
        page = browser.send("/security/app", code=entered)
        assert page.status == 400
        assert secret in page.html
    assert not TotpDevice.objects.filter(confirmed_at__isnull=False).exists()


def test_an_old_sign_in_confirms_itself_first(browser: Browser, ada: User) -> None:
    grow_old()
    asked = browser.send("/security/app/set-up")
    assert asked.location == "/security/confirm?purpose=two_factor.change&next=%2Foverview"
    assert browser.read("/security/passkeys/new").location == (
        "/security/confirm?purpose=two_factor.change&next=%2Fsecurity%2Fpasskeys%2Fnew"
    )

    page = browser.read(asked.location)
    assert page.heading == "Is it you?"
    assert "before you change how you sign in" in page.text
    assert "The password is not correct." in browser.send(asked.location, password="wrong").text
    assert browser.send(asked.location, password=PASSWORD).location == "/overview"
    assert browser.send("/security/app/set-up").location == "/security/app"


def test_with_an_app_the_password_is_not_asked_for(browser: Browser, ada: User) -> None:
    secret = authenticators.app_of(ada)
    where = "/security/confirm?purpose=backup_codes.generate&next=/security"

    assert "Use a code or a passkey." in browser.send(where, password=PASSWORD).text
    assert "The code is not correct." in browser.send(where, code=wrong_code(secret)).text
    assert "This field is required." in browser.send(where, code="").text
    assert browser.send(where, code=code(secret)).location == "/security"
    page = browser.send("/security/recovery-codes")
    assert page.html.count("<li><code>") == 10


def test_a_passkey_confirms_too(browser: Browser, ada: User) -> None:
    passkey = authenticators.passkey_of(ada)
    where = "/security/confirm?purpose=two_factor.disable&next=/security"
    assert "Use a passkey" in browser.read(where).text
    options = browser.post("/auth/step-up/options", {}, "application/json").json()["publicKey"]

    for answer in ("{}", *BEYOND_READING):
        assert "The passkey was not accepted." in browser.send(where, passkey=answer).text
    assert browser.send(where, passkey=json.dumps(passkey.asserted(options))).location == "/security"
    assert browser.send("/security/turn-off").location == "/security"
    assert not Passkey.objects.exists()


@pytest.mark.parametrize("query", ["", "?purpose=everything", "?purpose=two_factor"])
def test_there_is_nothing_to_confirm_without_a_purpose(browser: Browser, query: str) -> None:
    assert browser.read(f"/security/confirm{query}").status == 404


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
def test_the_way_back_stays_here(browser: Browser, back: str) -> None:
    page = browser.send(f"/security/confirm?purpose=account.delete&next={back}", password=PASSWORD)

    assert page.location == "/security"


def test_a_passkey_is_added_named_and_removed(browser: Browser, ada: User) -> None:
    page = browser.read("/security/passkeys/new")
    assert page.heading == "Add a passkey"
    options = browser.post("/api/v1/auth/passkeys/options", {}, "application/json").json()["data"]["publicKey"]
    credential = json.dumps(SoftPasskey().created(options))

    added = browser.send("/security/passkeys/new", name="Laptop", passkey=credential)

    assert added.heading == "Recovery codes"
    passkey = Passkey.objects.get()
    assert "Laptop" in browser.read("/security").text
    assert browser.read(f"/security/passkeys/{passkey.pk}").heading == "Laptop"
    assert browser.send(f"/security/passkeys/{passkey.pk}", name="").status == 400
    assert browser.send(f"/security/passkeys/{passkey.pk}", name="Blue key").location == "/security"
    assert "Blue key" in browser.read("/security").text
    assert browser.send(f"/security/passkeys/{passkey.pk}/remove").location == "/security"
    assert not Passkey.objects.exists()
    assert not User.objects.exclude(recovery_digests=[]).exists()


@pytest.mark.parametrize("credential", ["", "x", "{}", "[1]", '{"id": "x"}', *BEYOND_READING])
def test_what_is_no_passkey_is_told_at_the_form(browser: Browser, credential: str) -> None:
    page = browser.send("/security/passkeys/new", name="Laptop", passkey=credential)

    assert page.status == 400
    assert not Passkey.objects.exists()


def test_where_passkeys_are_possible_they_are_offered(browser: Browser, settings: pytest.FixtureRequest) -> None:
    assert "not at this address" in browser.read("/security").text
    settings.BASE_URL = "http://localhost:8000"  # type: ignore[attr-defined]
    assert "Add a passkey" in browser.read("/security").text


def test_the_app_is_removed_and_with_it_the_second_factor(browser: Browser, ada: User) -> None:
    authenticators.app_of(ada)
    elsewhere = Browser(ada)

    assert browser.send("/security/app/remove").location == "/security"

    assert not TotpDevice.objects.exists()
    assert elsewhere.read("/security").location == "/accounts/login/?next=/security"
    assert browser.send("/security/app/remove").status == 404


def test_whoever_must_have_it_keeps_the_last(ada: User) -> None:
    ada.is_staff = True
    ada.save()
    authenticators.app_of(ada)
    browser = Browser(ada)

    assert "Turn it all off" not in browser.read("/security").text
    page = browser.send("/security/app/remove")
    assert page.status == 409
    assert "must keep two-factor authentication" in page.text
    authenticators.passkey_of(ada)
    assert browser.send("/security/app/remove").location == "/security"


def test_anothers_passkey_is_not_there(browser: Browser) -> None:
    authenticators.passkey_of(make.user())
    passkey = Passkey.objects.get()

    assert browser.read(f"/security/passkeys/{passkey.pk}").status == 404
    assert browser.send(f"/security/passkeys/{passkey.pk}/remove").status == 404
    assert Passkey.objects.exists()


def test_somebody_without_an_organization_has_the_page_too() -> None:
    browser = Browser()
    enter(browser, make.user(is_staff=True))

    assert browser.read("/security").heading == "Security"

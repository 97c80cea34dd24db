"""The page behind a mailed invitation."""

from identity import staff_roles
from identity.models import User
from tests import make
from tests.make.identity import PASSWORD
from tests.pages import Browser

PAGE = "/accounts/staff-invitation/inv_token/"


def test_a_newcomer_gives_a_name_and_a_password_and_goes_to_sign_in() -> None:
    make.staff_invitation(email="nora@example.test")
    browser = Browser()

    page = browser.read(PAGE)
    assert page.heading == "Join the staff"
    assert "nora@example.test" in page.text
    assert "Choose a password" in page.text

    done = browser.send(PAGE, name="Nora Lind", password=PASSWORD)

    assert (done.status, done.location) == (302, "/admin/")
    assert staff_roles.role_of(User.objects.get(email="nora@example.test")) == "SUPPORT"
    assert browser.read(PAGE).status == 404


def test_the_holder_of_an_account_is_asked_for_its_password_only() -> None:
    make.user("ada@example.test")
    make.staff_invitation(email="ada@example.test")

    page = Browser().read(PAGE)
    assert "its password says that it is you" in page.text
    assert 'name="name"' not in page.html

    wrong = Browser().send(PAGE, password="not the password")
    assert wrong.status == 200
    assert "Not the password of your account." in wrong.text
    assert Browser().send(PAGE, password=PASSWORD).status == 302


def test_an_empty_form_is_shown_again() -> None:
    make.staff_invitation()

    assert Browser().send(PAGE, name="", password="").text.count("This field is required.") == 2


def test_an_unknown_link_leads_nowhere() -> None:
    page = Browser().read(PAGE)

    assert (page.status, page.heading) == (404, "There is nothing here")
    assert Browser().send(PAGE, name="x", password=PASSWORD).status == 404

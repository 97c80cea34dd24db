"""The page behind the mailed link by which somebody joins an organization."""

import pytest

from identity.models import User
from orgs.models import Invitation, Membership, Organization
from tests import make
from tests.make.identity import PASSWORD
from tests.pages import Browser

PAGE = "/accounts/invitation/join_nora/"


@pytest.fixture(autouse=True)
def invitation(organization: Organization) -> Invitation:
    return make.invitation(organization, "join_nora", email="nora@example.test")


def test_a_newcomer_gives_a_name_and_a_password_and_is_in(organization: Organization) -> None:
    browser = Browser()

    page = browser.read(PAGE)
    assert page.heading == "Join Harbour Bakery"
    assert "nora@example.test" in page.text
    assert "Choose a password" in page.text
    # A link in a mail is looked at by scanners too.
    assert browser.read(PAGE).status == 200

    done = browser.send(PAGE, name="Nora Lind", password=PASSWORD)

    assert (done.status, done.location) == (302, "/overview")
    assert Membership.objects.get(user__email="nora@example.test").organization == organization
    assert "Harbour Bakery" in browser.read("/overview").text
    assert Browser().read(PAGE).status == 404


def test_the_link_goes_to_nobody_else() -> None:
    assert Browser().read(PAGE).response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "", "password": ""}, "This field is required."),
        ({"name": " ", "password": PASSWORD}, "This field is required."),
        ({"name": "Nora", "password": "short"}, "too short"),
    ],
    ids=str,
)
def test_a_form_that_will_not_do_is_shown_again(given: dict[str, str], said: str) -> None:
    page = Browser().send(PAGE, **given)

    assert page.status == 200
    assert said in page.text
    assert not User.objects.filter(email="nora@example.test").exists()


def test_the_holder_of_an_account_signs_in_and_says_yes(organization: Organization) -> None:
    nora = make.user("nora@example.test")
    make.membership(make.organization("Annex"), nora)

    page = Browser().read(PAGE)
    assert "/accounts/login/?next=%2Faccounts%2Finvitation%2Fjoin_nora%2F" in page.links
    assert 'name="password"' not in page.html

    browser = Browser(nora)
    assert "Join Harbour Bakery" in browser.read(PAGE).text
    assert browser.send(PAGE).location == "/overview"
    assert Membership.objects.filter(user=nora, organization=organization).exists()
    assert "Harbour Bakery" in browser.read("/overview").text


def test_somebody_else_is_told_to_sign_out(organization: Organization) -> None:
    mallory = make.person(make.organization(), email="mallory@example.test")
    browser = Browser(mallory)

    assert "You are signed in as mallory@example.test" in browser.read(PAGE).text
    assert browser.send(PAGE).status == 403
    assert not Membership.objects.filter(user=mallory, organization=organization).exists()


@pytest.mark.usefixtures("one_moment")
def test_an_unknown_link_leads_nowhere_and_guessing_ends() -> None:
    browser = Browser()

    assert browser.read("/accounts/invitation/join_other/").status == 404
    assert [browser.read(f"/accounts/invitation/join_{number}/").status for number in range(60)][-1] == 429

"""A purchase under somebody's address becomes theirs when they say so, and not before."""

import re

import pytest

from billing.models import Subscription
from identity.models import User
from platform_core.models import Mail
from tests import kept, make
from tests.billing import month, shop
from tests.pages import Browser


@pytest.fixture
def link() -> str:
    """The mailed link of a purchase under kim's address."""

    def buy() -> None:
        shop.opened()
        make.person(make.organization("Harbour Bakery"), email="kim@harbour.test")
        shop.bought(None, email="kim@harbour.test")
        month.hear("checkout.session.completed")

    kept.situation("a purchase under kim's address", buy)
    found = re.search(r"(/checkout/claim/\S+)", Mail.objects.get(template="billing/checkout_claim").text)
    assert found is not None
    return found[1]


def kim() -> Browser:
    return Browser(User.objects.get(email="kim@harbour.test"))


def test_the_link_asks_and_changes_nothing(link: str) -> None:
    page = kim().read(link)

    assert (page.status, page.heading) == (200, "Was this you?")
    assert not Subscription.objects.exists()


def test_the_answer_makes_the_purchase_theirs(link: str) -> None:
    page = kim().send(link)

    assert (page.status, page.location) == (302, "/overview")
    assert Subscription.objects.get().organization.name == "Harbour Bakery"


def test_the_link_works_once(link: str) -> None:
    browser = kim()
    browser.send(link)

    page = browser.send(link)

    assert page.status == 404
    assert "it works once" in page.text
    assert Subscription.objects.count() == 1


def test_somebody_else_cannot_say_so(link: str) -> None:
    page = Browser(make.person(make.organization())).send(link)

    assert page.status == 403
    assert "made with another address" in page.text
    assert not Subscription.objects.exists()


def test_who_is_not_signed_in_signs_in_first(link: str) -> None:
    assert Browser().read(link).location == f"/accounts/login/?next={link}"

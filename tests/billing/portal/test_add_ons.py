"""What is beside the plan, on its page: had and on offer, shown before it is confirmed."""

import pytest

from billing.models import SubscriptionChange
from billing.services.proposals import Timing
from orgs.roles import Role
from tests import make
from tests.billing.beside import BACKUP, BACKUPS, PACKS, SUPPORT, done, has, held, present
from tests.billing.cards import CANNOT_PAY, set_card
from tests.billing.changing import STARTER, charged, customer, upgraded
from tests.billing.portal.test_billing import _hidden, owner
from tests.pages import Browser


def field(code: str) -> str:
    return f"add_on_{code}"


def path() -> str:
    return f"/billing/{present().pk}/add-ons"


def test_what_is_had_and_on_offer_says_what_it_costs() -> None:
    held()
    done({BACKUPS: 2})

    page = owner().read(path())

    assert (page.status, page.heading) == (200, "Add-ons")
    assert "More backups: how many (optional) $19.01 a month for each" in page.text
    assert _hidden(page.html, field(BACKUPS)) == "2"
    assert "More support: none or one (optional) $50 a month" in page.text
    assert "Up to 3: $7.00333333333 each and $1; beyond: $5 each, tier by tier, a month" in page.text
    assert "$9.99 for every 4 begun, a month" in page.text
    assert "Confirm" not in page.text
    assert path() in owner().read("/billing").links


def test_what_it_costs_is_shown_before_it_is_confirmed_and_charged_as_shown() -> None:
    held()
    browser = owner()

    page = browser.read(path(), **{field(BACKUPS): "2", field(SUPPORT): "0"})

    assert "What it costs now" in page.text
    assert "Remaining time on More backups" in page.text
    assert f"From then on ${(STARTER + 2 * BACKUP) / 100:.2f} a month." in page.text
    assert not SubscriptionChange.objects.exists()
    shown = {name: _hidden(page.html, name) for name in ("due", "at")}
    other = browser.send(path(), **{**shown, field(BACKUPS): "2", "due": "1"})
    assert (other.status, "has changed since it was shown" in other.text) == (409, True)
    sent = browser.send(path(), **{**shown, field(BACKUPS): "2"})
    assert (sent.status, sent.location, has()) == (302, "/billing", {BACKUPS: 2})
    assert charged() == [STARTER, int(shown["due"])]
    billing = browser.read("/billing").text
    assert "Your add-ons are changed." in billing
    assert "2 × More backups" in billing  # noqa: RUF001


def test_less_is_planned_shown_and_taken_back() -> None:
    held()
    done({BACKUPS: 2, SUPPORT: 1})
    browser = owner()

    page = browser.read(path(), **{field(BACKUPS): "1", field(SUPPORT): ""})
    assert "With the next period" in page.text
    assert "In force from 1 Apr 2027" in page.text
    browser.send(path(), **{field(BACKUPS): "1", field(SUPPORT): ""})

    billing = browser.read("/billing").text
    assert "Your add-ons change with the next period, on 1 April 2027." in billing
    assert "Planned 1 × More backups, no More support from 1 Apr 2027" in billing  # noqa: RUF001
    assert "Keep the add-ons" in billing
    # What comes at once forgets what was planned, and says so.
    assert "What is planned for 1 Apr 2027 is forgotten" in browser.read(path(), **{field(BACKUPS): "3"}).text
    browser.send(f"/billing/{present().pk}/resume")
    assert "Planned" not in browser.read("/billing").text
    assert has() == {BACKUPS: 2, SUPPORT: 1}


def test_another_plan_and_fewer_add_ons_are_planned_together() -> None:
    held("hosting-pro")
    done({BACKUPS: 2})
    upgraded("hosting-starter")
    done({BACKUPS: 0})

    billing = owner().read("/billing").text

    assert "Planned no More backups; Hosting Starter at $49 a month from 1 Apr 2027" in billing
    assert "Stay on Hosting Pro" in billing


@pytest.mark.parametrize(
    ("counts", "status", "said"),
    [
        ({BACKUPS: "-1"}, 400, "greater than or equal to 0"),
        ({BACKUPS: "many"}, 400, "Enter a whole number."),
        ({SUPPORT: "2"}, 400, "less than or equal to 1"),
        ({}, 400, "Choose another count"),
    ],
)
def test_what_cannot_be_had_is_said(counts: dict[str, str], status: int, said: str) -> None:
    held()

    page = owner().send(path(), **{field(code): count for code, count in counts.items()})

    assert (page.status, said in page.text) == (status, True)
    assert not SubscriptionChange.objects.exists()


def test_a_declined_card_is_said_and_changes_nothing() -> None:
    set_card(held(), CANNOT_PAY)

    page = owner().send(path(), **{field(PACKS): "1"})

    assert (page.status, "declined" in page.text, has()) == (402, True, {})


def test_whoever_may_only_look_confirms_nothing() -> None:
    held()
    browser = Browser(make.person(present().organization, Role.MEMBER))

    assert "Only owners and billing managers can confirm." in browser.read(path(), **{field(BACKUPS): "1"}).text
    assert browser.send(path(), **{field(BACKUPS): "1"}).status == 403
    assert has() == {}


def test_where_nothing_is_sold_beside_the_plan_there_is_nothing_to_choose() -> None:
    customer()

    assert "Nothing is sold beside this plan." in owner().read(path()).text
    assert path() not in owner().read("/billing").links


def test_one_that_is_not_sold_any_more_is_shown_while_it_is_had() -> None:
    held()
    done({BACKUPS: 2})
    done({BACKUPS: 3}, timing=Timing.RENEWAL)
    present().add_ons.get().price.plan.prices.update(is_active=False)

    assert "More backups: how many" in owner().read(path()).text

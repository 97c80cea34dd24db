"""Usage as customers see it: against the allotment, by day, by agent and by model."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from billing.models import BillingPeriod, Subscription
from billing.services.periods import mirror
from billing.services.usage import Bucket, record_buckets
from orgs.models import Organization
from tests import make
from tests.clocks import at
from tests.pages import Browser

SOURCE = UUID("018f0000-0000-7000-8000-000000000001")
NOW = datetime(2026, 1, 4, 12, tzinfo=UTC)


@pytest.fixture
def browser(organization: Organization) -> Browser:
    return Browser(make.person(organization))


def period_of(subscription: Subscription, *used: tuple[int, str, str, int]) -> BillingPeriod:
    """The period in hand, and what was used in it: day, agent, model, tokens."""
    period = mirror(subscription)
    assert period is not None
    told = [
        Bucket(agent, model, datetime(2026, 1, day, 9, tzinfo=UTC), tokens_input=tokens)
        for day, agent, model, tokens in used
    ]
    with at(NOW):
        record_buckets(subscription, SOURCE, told)
    return period


def test_nothing_to_count_says_how_it_begins(browser: Browser) -> None:
    page = browser.read("/usage")

    assert (page.status, page.heading) == (200, "Usage")
    assert "Usage begins with a hosting plan." in page.text


def test_usage_within_the_allotment(browser: Browser, organization: Organization) -> None:
    period_of(make.subscription(organization), (1, "sales", "small", 200_000), (3, "marketing", "large", 50_000))

    with at(NOW):
        page = browser.read("/usage")

    assert "250K of 1M included 25%" in page.text
    assert "750,000 left; beyond them $20.00 a million." in page.text
    assert "sales 200,000 80%" in page.text
    assert "large 50,000 20%" in page.text
    assert 'aria-label="Tokens per day: 250,000 in 4 days, most on 1 January (200,000)."' in page.html
    assert "bar-over" not in page.html


def test_usage_beyond_the_allotment_says_what_it_costs(browser: Browser, organization: Organization) -> None:
    period_of(make.subscription(organization), (1, "sales", "small", 900_000), (2, "sales", "small", 350_000))

    with at(NOW):
        page = browser.read("/usage")

    assert "1.25M of 1M included 125%" in page.text
    assert "250,000 beyond the allotment , at $20.00 a million; they come on the invoice" in page.text
    assert page.html.count('class="bar-over"') == 2


def test_a_plan_without_tokens_counts_them_all_the_same(browser: Browser, organization: Organization) -> None:
    plan = make.hosting_plan(token_allotment=None, overage_nano=None)
    period_of(make.subscription(organization, plan), (1, "sales", "small", 12_345))

    with at(NOW):
        page = browser.read("/usage")

    assert "12.3K tokens" in page.text
    assert "included" not in page.text


def test_each_subscription_has_its_own(browser: Browser, organization: Organization) -> None:
    first, second = (make.subscription(organization, make.hosting_plan(name=name)) for name in ("One", "Two"))
    period_of(first, (1, "sales", "small", 11_000))
    period_of(second, (1, "sales", "small", 22_000))

    with at(NOW):
        page = browser.read("/usage", subscription=str(first.pk))

    assert "11K of 1M" in page.text
    assert f"?subscription={second.pk}" in page.links


def test_an_earlier_period_can_be_looked_at(browser: Browser, organization: Organization) -> None:
    subscription = make.subscription(organization)
    period = period_of(subscription, (1, "sales", "small", 11_000))

    with at(NOW):
        page = browser.read("/usage", period=str(period.pk))

    assert "11K of 1M" in page.text


@pytest.mark.parametrize("query", ["period", "subscription"])
def test_what_is_not_there_or_another_s_is_not_found(browser: Browser, query: str) -> None:
    theirs = period_of(make.subscription(), (1, "sales", "small", 11_000))
    pk = str(theirs.pk if query == "period" else theirs.subscription_id)

    assert browser.read("/usage", **{query: pk}).status == 404
    assert browser.read("/usage", **{query: "nonsense"}).status == 404

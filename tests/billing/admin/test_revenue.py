"""The console's page of revenue."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import clocks, kept, make
from tests.billing import lives
from tests.clients import staff, staff_in
from tests.pages import Browser, Outline

PAGE = "/admin/billing/mrrmovement/revenue/"
LIST = "/admin/billing/mrrmovement/"
NOW = datetime(2026, 3, 20, tzinfo=UTC)
SEES_ALL = ("billing.view_mrrmovement", "billing.view_subscription", "billing.view_invoice", "billing.view_payment")


@pytest.fixture(autouse=True)
def _year() -> None:
    kept.situation("a year of revenue", lives.a_year)


def opened(browser: Browser, query: str = "", path: str = PAGE) -> Any:
    with clocks.at(NOW):
        return browser.get(f"{path}{query}")


def words(answer: Any) -> str:
    outline = Outline()
    outline.feed(answer.content.decode().partition('<div class="dash">')[2])
    return " ".join(" ".join(outline.text).split())


@pytest.fixture
def browser() -> Browser:
    return Browser(staff(*SEES_ALL).user)


def test_it_tells_the_figures_of_the_endpoint(browser: Browser) -> None:
    page = words(opened(browser, "?from=2026-01&to=2026-03"))

    assert "Monthly recurring revenue $85.00 $1,020.00 a year" in page
    assert "Net revenue retention 26.6% gross 26.6%, over the months" in page
    assert "Average per customer $28.33 lifetime value $113.33" in page
    assert "Paying customers 3 25.0% leave in a month" in page
    assert "Mar 2026 $180.00 0 $25.00 0 0 -$120.00 $85.00 33.3% 33.3%" in page
    assert "Jan 2026 1 100.0% 0.0% 100.0%" in page


def test_the_bridge_is_drawn_and_said(browser: Browser) -> None:
    html = opened(browser, "?from=2026-01&to=2026-03").content.decode()

    said = "Opening $150.00, New $50.00, Reactivation $25.00, Expansion $20.00, Contraction -$10.00, Churn -$150.00, "
    assert f'role="img" aria-label="{said}Closing $85.00."' in html
    assert html.count('<rect class="bridge-') == 7


def test_every_number_opens_its_rows(browser: Browser) -> None:
    html = opened(browser, "?from=2026-01&to=2026-03").content.decode().partition('<div class="dash">')[2]
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/admin/[^"]+)"', html)}

    assert f"{LIST}?currency=usd&kind=churn&month_on=2026-03-01" in links
    assert f"{LIST}?cohort_on=2026-01-01&kind=new" in links
    assert len(links) > 20
    answers = {link: browser.get(link).status_code for link in sorted(links)}
    assert answers == dict.fromkeys(answers, 200)
    shown = words_of_list(browser, f"{LIST}?currency=usd&kind=churn&month_on=2026-03-01")
    assert "Harbour" in shown
    assert "Mill" not in shown


def test_the_tries_behind_the_payment_success_rate_are_counted_as_they_are_listed() -> None:
    browser = Browser(staff(*SEES_ALL).user)
    for status, amount in (("succeeded", 100), ("failed", 200), ("failed", 300), ("pending", 400)):
        with clocks.at(datetime(2026, 2, 3, tzinfo=UTC)):
            make.payment(status=status, amount_minor=amount, failure="Declined." if status == "failed" else "")

    answer = opened(browser, "?from=2026-01&to=2026-03")

    page = words(answer)
    assert "Payments that went through 33.3% 1 of 3, 2 failed" in page
    assert "Feb 2026 USD 3 1 2 33.3%" in page
    assert "Declined. $3.00, 3 Feb 2026" in page
    links = re.findall(r'href="(/admin/billing/payment/\?[^"]+)"', answer.content.decode())
    assert len(links) == 4
    listed = [words_of_list(browser, link.replace("&amp;", "&")).count("visa 4242") for link in links]
    assert sorted(listed) == [1, 2, 2, 3]
    with clocks.at(datetime(2026, 2, 20, tzinfo=UTC)):
        assert "Payments that went through, this month 33.3% 1 of 3, 2 failed" in words(browser.get("/admin/"))


def words_of_list(browser: Browser, path: str) -> str:
    outline = Outline()
    outline.feed(browser.get(path).content.decode().partition('id="result_list"')[2])
    return " ".join(outline.text)


def test_another_currency_is_chosen(browser: Browser) -> None:
    assert "Monthly recurring revenue €0.00" in words(opened(browser, "?currency=eur"))
    assert "Monthly recurring revenue $85.00" in words(opened(browser, "?currency=gold"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?from=2026-03&to=2026-01", "Not after the last month."),
        ("?from=1999-03&to=2026-01", "Not before 2000-01."),
        ("?from=spring", "A month is written like 2026-03."),
    ],
)
def test_months_that_are_none_are_told_of(browser: Browser, query: str, said: str) -> None:
    answer = opened(browser, query)

    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert "Monthly recurring revenue $85.00" in words(answer)


def test_it_is_saved_as_a_file(browser: Browser) -> None:
    answer = opened(browser, "?from=2026-03&form=csv")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="revenue-2026-03-to-2026-03.csv"'


@pytest.mark.parametrize(("role", "status"), [("OWNER", 200), ("ADMIN", 200), ("MANAGER", 403), ("SUPPORT", 403)])
def test_who_of_staff_may_read_it(role: str, status: int) -> None:
    assert opened(Browser(staff_in(role).user)).status_code == status


def test_the_first_page_and_the_side_bar_lead_to_it() -> None:
    html = Browser(staff(*SEES_ALL).user).get("/admin/").content.decode()

    assert html.count(f'href="{PAGE}"') == 2
    assert PAGE not in Browser(staff("billing.view_subscription").user).get("/admin/").content.decode()

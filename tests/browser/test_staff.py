"""The same company as staff see it."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit


def test_from_the_door_to_the_log_of_an_order(visit: Visit) -> None:
    with visit() as visitor:
        visitor.open("/admin/")
        visitor.gallery("staff-door")
        visitor.sign_in("staff", then="/admin/")
        page = visitor.page
        expect(page.get_by_text("Monthly recurring revenue")).to_be_visible()
        visitor.gallery("console", "/admin/")
        page.get_by_role("link", name="Fulfilled").click()
        expect(page.get_by_role("row").nth(1)).to_contain_text("Fulfilled")
        page.get_by_role("link", name=re.compile(r"kim-lighthouse")).first.click()
        expect(page.get_by_text("await_heartbeat").first).to_be_visible()
        expect(page.get_by_text("The order is fulfilled")).to_be_visible()
        visitor.gallery("console-order")
        page.get_by_role("link", name="provision_order").click()
        expect(page.get_by_text("Effects")).to_be_visible()
        visitor.gallery("console-job")


def test_the_billing_cycle_runs_and_figures_hold(visit: Visit) -> None:
    with visit() as visitor:
        visitor.sign_in("staff", then="/admin/")
        page = visitor.open("/admin/billing/billingperiod/")
        page.get_by_role("button", name="Run the billing cycle now").click()
        expect(page.get_by_text(re.compile(r"\d+ closed, \d+ charged"))).to_be_visible()
        page = visitor.open("/admin/billing/invoice/?status__exact=paid")
        page.get_by_role("row").nth(1).get_by_role("link").first.click()
        page.get_by_role("button", name="Compute the figures again").click()
        expect(page.get_by_text(re.compile("the figures hold|no closed period is on it"))).to_be_visible()
        visitor.gallery("console-invoice")


def test_a_person_is_suspended_and_let_in_again(visit: Visit) -> None:
    with visit() as visitor:
        visitor.sign_in("staff", then="/admin/")
        page = visitor.open("/admin/identity/user/?q=tom@quarry.example")
        page.get_by_role("link", name="tom@quarry.example").click()
        page.get_by_role("button", name="Suspend").click()
        expect(page.get_by_text("Suspend: tom@quarry.example: done.")).to_be_visible()
        page.get_by_role("button", name="Reactivate").click()
        expect(page.get_by_text("Reactivate: tom@quarry.example: done.")).to_be_visible()


def test_a_customer_is_refused(visit: Visit) -> None:
    with visit() as visitor:
        visitor.sign_in("owner")
        visitor.expected.add(403)
        page = visitor.open("/admin/")
        expect(page.get_by_role("heading", level=1)).to_have_text("You may not do this")
        visitor.gallery("error-refused")


def minor(text: str) -> int:
    """An amount in dollars, as the page writes it: an empty movement is 0."""
    return round(float(text.replace("$", "").replace(",", "") or "0") * 100)


def test_revenue_adds_up_month_by_month_and_opens_what_is_behind_it(visit: Visit) -> None:
    with visit() as visitor:
        visitor.sign_in("staff", then="/admin/")
        page = visitor.open("/admin/billing/mrrmovement/revenue/")
        rows = page.get_by_role("region", name="Month by month").locator("tbody tr").all()
        told = [[minor(cell) for cell in row.locator("td").all_inner_texts()[:7]] for row in rows]
        assert len(told) == 12
        assert [sum(month[:6]) for month in told] == [month[6] for month in told]
        assert [month[0] for month in told[:-1]] == [month[6] for month in told[1:]]
        tile = page.get_by_role("link", name=re.compile("^Monthly recurring revenue"))
        assert minor(tile.locator("strong").inner_text()) == told[0][6] > 0
        visitor.gallery("console-revenue")
        tile.click()
        page.wait_for_url("**/mrrmovement/?*")
        expect(page.locator("#result_list tbody tr").first).to_be_visible()

"""An address of a customer's own that hears of what happens, from the form to the log of a delivery."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.demo import until
from tests.browser.people import newcomer


def test_an_endpoint_its_secret_and_what_became_of_a_test_event(visit: Visit) -> None:
    with visit() as visitor:
        newcomer(visitor)
        page = visitor.open("/settings/webhooks")
        visitor.gallery("webhooks-empty")
        page.get_by_role("link", name="New endpoint").click()
        page.get_by_label("URL").fill("https://hooks.keel.example/a-rather-long-path/for-events-of-every-kind")
        page.get_by_label("Name").fill("Warehouse")
        page.get_by_role("button", name="Start sending").click()
        expect(page.get_by_text(re.compile("^whsec_"))).to_be_visible()
        visitor.gallery("webhook-secret")
        page.get_by_role("link", name="I have it").click()
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("A test event is on its way.")).to_be_visible()
        # Nobody answers at an address under .example (RFC 2606).
        until(lambda: page.reload() and page.get_by_text("Trying again").is_visible(), "the first try")
        visitor.gallery("webhook")
        page.get_by_role("row").nth(1).get_by_role("link").click()
        expect(page.get_by_text("No answer")).to_be_visible()
        visitor.gallery("webhook-delivery")
        page.go_back()
        page.get_by_role("link", name="Replay").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Replay")
        visitor.gallery("webhook-replay")
        page.get_by_role("button", name="Send again").click()
        expect(page.get_by_text(re.compile("will be sent once more"))).to_be_visible()
        visitor.gallery("webhooks", "/settings/webhooks")

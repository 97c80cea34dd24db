"""An organization: somebody is invited, given a role in a product, seen in the audit log, exported and reported of."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.people import PASSWORD, new_address, newcomer, prove
from tests.browser.visitor import Visitor


def invite(owner: Visitor, email: str) -> None:
    page = owner.open("/invitations")
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text(f"The invitation to {email} is on its way.")).to_be_visible()
    owner.gallery("invitations-open")


def accept(visitor: Visitor, email: str) -> None:
    """As somebody who is new here."""
    page = visitor.page
    page.goto(visitor.demo.mailed_link(email, r"http\S+/accounts/invitation/\S+"))
    visitor.gallery("invitation")
    page.get_by_label("Name").fill("Nora Quay")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Join", exact=True).click()
    page.wait_for_load_state()


def give_product_role(owner: Visitor) -> None:
    page = owner.open("/members")
    owner.gallery("members-two")
    page.get_by_role("link", name="Nora Quay").click()
    page.get_by_label("Role in Pages").select_option(label="Editor")
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state()
    owner.open("/members")
    expect(page.get_by_text("Pages: editor")).to_be_visible()


def taken(page: Page, click: Any) -> bytes:
    """What a link that leads to a file gives."""
    with page.expect_download() as download:
        click()
    return download.value.path().read_bytes()


def export(owner: Visitor) -> None:
    page = owner.open("/audit-log")
    expect(page.get_by_text("Membership update product roles").first).to_be_visible()
    owner.gallery("audit-log-of-members")
    page.locator("table a, .feed a").first.click()
    page.wait_for_load_state()
    owner.gallery("audit-event")
    owner.open("/audit-log")
    page.get_by_role("button", name="CSV").click()
    page.wait_for_load_state()
    link = page.get_by_role("link", name="Download").first
    expect(link).to_be_visible()
    owner.gallery("audit-exports-ready")
    assert b"membership.update_product_roles" in taken(page, link.click)


def report(owner: Visitor) -> None:
    page = owner.open("/reports")
    page.locator("#id_kind").select_option(label="Members and roles")
    page.get_by_role("button", name="Generate").click()
    link = page.get_by_role("link", name="Download").first
    expect(link).to_be_visible()
    owner.gallery("reports-ready")
    assert taken(page, link.click).startswith(b"%PDF")


def test_from_an_invitation_to_a_report(visit: Visit) -> None:
    nora = new_address("nora")
    with visit() as owner, visit() as invited:
        newcomer(owner, then="/members")
        invite(owner, nora)
        accept(invited, nora)
        give_product_role(owner)
        export(owner)
        report(owner)


def test_a_role_a_domain_and_a_stream_of_ones_own(visit: Visit) -> None:
    with visit() as owner:
        newcomer(owner, then="/settings")
        owner.gallery("settings")
        page = owner.open("/roles/new")
        page.get_by_label("Name").fill("Editors")
        page.get_by_label("Invite people").check()
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/roles")
        page.get_by_role("link", name="Editors").first.click()
        owner.gallery("role")

        page = owner.open("/domains")
        page.get_by_role("textbox", name="Domain").fill("keel-and-sons.example")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("heading", name="keel-and-sons.example")).to_be_visible()
        owner.gallery("domains-pending")

        owner.open("/audit-log/audit-streams/new")
        prove(page)
        owner.gallery("audit-stream-new")

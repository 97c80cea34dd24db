"""An organization: somebody is invited, given a role in a product, seen in the audit log, exported and reported of."""

import csv
import io
from typing import Any

from playwright.sync_api import Page, expect
from pypdf import PdfReader

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
    page.goto(visitor.demo.mailed_link(email, r"http\S+/invitations/stop/\S+"))
    expect(page.get_by_role("button", name="Stop invitations from Robin Keel")).to_be_visible()
    visitor.gallery("invitation-stop")
    page.goto(visitor.demo.mailed_link(email, r"http\S+/accounts/invitation/\S+"))
    visitor.gallery("invitation")
    page.get_by_label("Name").fill("Nora Quay")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Join", exact=True).click()
    expect(page.get_by_role("heading", name="Robin Keel", level=1)).to_be_visible()
    expect(page.locator(".rail").get_by_text("Member", exact=True)).to_be_visible()


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


def look_up(owner: Visitor, nora: str) -> None:
    """Found by the filter, the event says who did what to whom, from what to what."""
    page = owner.open("/audit-log?action=membership.update_product_roles")
    expect(page.locator("tbody tr")).to_have_count(1)
    owner.gallery("audit-log-of-members")
    page.get_by_role("link", name="Membership update product roles").click()
    expect(page.get_by_role("heading", name="Membership update product roles")).to_be_visible()
    expect(page.get_by_label("Event")).to_contain_text(nora)
    expect(page.get_by_role("cell", name="pages: editor")).to_be_visible()
    owner.gallery("audit-event")


def export(owner: Visitor, nora: str) -> None:
    """The whole log as a sheet: each event that the page shows, once."""
    page = owner.open("/audit-log")
    shown = page.locator("tbody tr").count()
    page.get_by_role("button", name="CSV").click()
    page.wait_for_url("**/audit-log/exports")
    link = page.get_by_role("link", name="Download").first
    expect(link).to_be_visible()
    owner.gallery("audit-exports-ready")
    rows = list(csv.DictReader(io.StringIO(taken(page, link.click).decode("utf-8-sig"))))
    given = [row for row in rows if row["action"] == "membership.update_product_roles"]
    assert len(rows) == shown
    assert [nora in str(row) and "editor" in str(row) for row in given] == [True]


def report(owner: Visitor) -> None:
    """Generated, watched, opened: it names who belongs here, and as what."""
    page = owner.open("/reports")
    page.locator("#id_kind").select_option(label="Members and roles")
    page.get_by_role("button", name="Generate").click()
    link = page.get_by_role("link", name="Download").first
    expect(link).to_be_visible()
    owner.gallery("reports-ready")
    told = "".join(each.extract_text() for each in PdfReader(io.BytesIO(taken(page, link.click))).pages)
    assert [word for word in ("Nora Quay", "Robin Keel", "editor") if word not in told] == []


def test_from_an_invitation_to_a_report(visit: Visit) -> None:
    nora = new_address("nora")
    with visit() as owner, visit() as invited:
        newcomer(owner, then="/members")
        invite(owner, nora)
        accept(invited, nora)
        give_product_role(owner)
        look_up(owner, nora)
        export(owner, nora)
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

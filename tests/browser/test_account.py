"""What people do with their own account: who is signed in, how they look, what is kept of them, and leaving."""

import io
import zipfile
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.people import PASSWORD, knock, new_address, newcomer, prove
from tests.browser.visitor import Visitor


def test_ending_a_session_signs_that_browser_out_and_no_other(visit: Visit) -> None:
    with visit() as here, visit() as there:
        email = newcomer(here, then="/profile/sessions")
        knock(there, email, then="/profile/sessions")
        expect(there.page.get_by_role("heading", name="Sessions")).to_be_visible()

        page = here.open("/profile/sessions")
        expect(page.get_by_role("button", name="End ")).to_have_count(1)
        here.gallery("sessions-two")
        page.get_by_role("button", name="End ").click()
        expect(page.get_by_text("That session has ended.")).to_be_visible()
        expect(page.get_by_text("This one")).to_be_visible()

        there.page.reload()
        there.page.wait_for_url("**/accounts/login/**")
        page.reload()
        expect(page.get_by_role("button", name="End ")).to_have_count(0)


def test_signing_out_everywhere_else_keeps_this_browser(visit: Visit) -> None:
    with visit() as here, visit() as there:
        email = newcomer(here, then="/profile/sessions")
        knock(there, email, then="/overview")
        there.page.wait_for_url("**/overview")

        page = here.open("/profile/sessions")
        page.get_by_role("button", name="Sign out everywhere else").click()
        expect(page.get_by_text("You are signed out everywhere else.")).to_be_visible()

        there.open("/overview")
        assert there.path == "/accounts/login/"


def picture(folder: Path) -> Path:
    """A photograph as a phone makes it, larger than what is kept."""
    file = folder / "me.jpg"
    Image.linear_gradient("L").resize((900, 1200)).convert("RGB").save(file)
    return file


def test_a_name_and_a_picture_are_shown_everywhere_until_they_are_taken_away(visit: Visit, tmp_path: Path) -> None:
    with visit() as visitor:
        newcomer(visitor, then="/profile")
        page = visitor.page
        page.get_by_label("First name").fill("Robyn")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Your name is saved.")).to_be_visible()
        expect(page.locator(".rail-foot").get_by_text("Robyn Keel")).to_be_visible()

        page.get_by_label("New picture").set_input_files(picture(tmp_path))
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_text("Your picture is saved.")).to_be_visible()
        shown = page.locator("main img.avatar").evaluate("(image) => [image.naturalWidth, image.naturalHeight]")
        assert shown[0] == shown[1] > 0
        visitor.gallery("profile-with-picture")

        (tmp_path / "me.jpg").write_text("no picture at all")
        page.get_by_label("New picture").set_input_files(tmp_path / "me.jpg")
        visitor.expected.add(400)
        page.get_by_role("button", name="Replace").click()
        expect(page.locator("#id_photo_error")).to_be_visible()
        visitor.gallery("profile-picture-refused")

        page.get_by_role("button", name="Remove").click()
        expect(page.get_by_text("Your picture is gone.")).to_be_visible()
        expect(page.locator("main img.avatar")).to_have_count(0)


def test_one_s_data_comes_by_mail_once(visit: Visit, tmp_path: Path) -> None:
    with visit() as visitor:
        email, page = newcomer(visitor, then="/profile"), visitor.page
        page.get_by_role("link", name="Export").click()
        prove(page)
        page.get_by_role("button", name="Put my data together").click()
        expect(page.get_by_text(f"mail a link to {email}")).to_be_visible()
        visitor.gallery("export-asked")

        link = visitor.demo.mailed_link(email, r"http\S+/accounts/export/\S+")
        page.goto(link)
        visitor.gallery("export-ready")
        with page.expect_download() as download:
            page.get_by_role("button", name="Fetch my data").click()
        download.value.save_as(tmp_path / "data.zip")
        with zipfile.ZipFile(io.BytesIO((tmp_path / "data.zip").read_bytes())) as file:
            assert any(email in file.read(name).decode() for name in file.namelist())

        visitor.expected.add(410)
        page.goto(link)
        expect(page.get_by_text("This link has been used")).to_be_visible()
        visitor.gallery("export-gone")


def test_a_sole_owner_may_not_leave_and_reads_which_organizations_stand_in_the_way(visit: Visit) -> None:
    with visit() as visitor:
        visitor.sign_in("owner", then="/profile")
        page = visitor.page
        page.get_by_role("link", name="Delete", exact=True).click()
        prove(page)
        expect(page.get_by_role("alert")).to_contain_text("You are the only owner of Harbour Coffee Roasters.")
        expect(page.get_by_role("button", name="Delete my account")).to_have_count(0)
        visitor.gallery("delete-refused")


def another_organization(visitor: Visitor, email: str) -> None:
    """A second one, made by its owner through the API."""
    signed_in = httpx.post(
        visitor.demo.url("/api/user/auth/login"), json={"email": email, "password": PASSWORD}, timeout=20
    ).raise_for_status()
    headers = {"Authorization": f"Bearer {signed_in.json()['accessToken']}"}
    body = {"name": "Sail Loft"}
    httpx.post(visitor.demo.url("/api/v1/organizations"), json=body, headers=headers, timeout=20).raise_for_status()


def in_use(page: Page) -> str:
    """The organization that the switcher names."""
    return page.locator(".rail details.menu-down summary .who > span").inner_text()


def test_whoever_belongs_to_two_organizations_switches_and_the_choice_stays(visit: Visit) -> None:
    with visit() as visitor:
        email, page = newcomer(visitor), visitor.page
        another_organization(visitor, email)
        page.reload()
        first = in_use(page)
        page.locator(".rail details.menu-down summary").click()
        visitor.gallery("switcher")
        page.get_by_role("button", name="Sail Loft").click()
        page.wait_for_url("**/overview")
        assert in_use(page) == "Sail Loft" != first
        visitor.open("/invoices")
        assert in_use(page) == "Sail Loft"
        visitor.gallery("profile-two-organizations", "/profile")


def test_a_forgotten_password_is_replaced_by_mail(visit: Visit) -> None:
    with visit() as visitor, visit() as other:
        email = newcomer(visitor)
        page = other.open("/accounts/password/reset/")
        page.get_by_label("Email").fill(email)
        page.get_by_role("button", name="Send").click()
        page.goto(visitor.demo.mailed_link(email, r"http\S+/accounts/password/reset/key/\S+"))
        other.gallery("reset-new-password")
        for label in ("New password", "New password, again"):
            page.get_by_label(label, exact=True).fill("a-lantern-in-another-harbour")
        page.get_by_role("main").get_by_role("button").click()
        other.gallery("reset-done")

        visitor.open("/overview")
        assert visitor.path == "/accounts/login/"


def test_a_mailed_code_lets_in(visit: Visit) -> None:
    with visit() as visitor, visit() as other:
        email = newcomer(visitor)
        page = other.open("/accounts/code/")
        page.get_by_label("Email").fill(email)
        page.get_by_role("button", name="Mail me a code").click()
        other.gallery("enter-code")
        page.get_by_label("Code").fill("00000000")
        other.expected.add(400)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(".errorlist").first).to_be_visible()
        other.gallery("enter-code-wrong")
        page.get_by_label("Code").fill(visitor.demo.mailed_link(email, r"(?m)^\d{4} \d{4}$"))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/overview")


def test_an_unknown_address_gets_the_same_page(visit: Visit) -> None:
    with visit() as visitor:
        page = visitor.open("/accounts/code/")
        email = new_address("nobody")
        page.get_by_label("Email").fill(email)
        page.get_by_role("button", name="Mail me a code").click()
        expect(page.get_by_text(f"If {email} belongs to an account")).to_be_visible()

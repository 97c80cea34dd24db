"""A person protects their account, and comes in by each way that protects it."""

import re

from playwright.sync_api import expect

from identity.services import totp
from tests.browser.conftest import Visit
from tests.browser.people import add_passkey, authenticator, code_field, knock, newcomer, set_up_app, sign_out
from tests.browser.visitor import Visitor


def test_an_app_protects_the_account_and_its_codes_and_recovery_codes_let_in(visit: Visit) -> None:
    with visit() as visitor:
        email, page = newcomer(visitor, then="/security"), visitor.page
        secret, codes = set_up_app(visitor)
        visitor.gallery("security-app-on")

        sign_out(page)
        knock(visitor, email)
        expect(page.get_by_role("heading", name="One more step")).to_be_visible()
        code_field(page).fill("000000")
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_text("The code is not correct.")).to_be_visible()
        visitor.gallery("second-factor")
        code_field(page).fill(totp.code_at(secret, totp.step_now() + 1))
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", name="Security", level=1)).to_be_visible()

        sign_out(page)
        knock(visitor, email)
        code_field(page).fill(codes[0].upper())
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_text("9 left")).to_be_visible()
        make_new_codes(visitor, codes)


def make_new_codes(visitor: Visitor, codes: list[str]) -> None:
    """For one of the old, because it is dangerous; the others stop working."""
    page = visitor.page
    page.get_by_role("button", name="Make new codes").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    visitor.gallery("step-up")
    code_field(page).fill(codes[1])
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Make new codes").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert not set(page.locator(".codes code").all_inner_texts()) & set(codes)


def first_passkey(visitor: Visitor) -> None:
    """The first passkey comes with recovery codes."""
    page = visitor.page
    page.get_by_role("link", name="Add a passkey").click()
    add_passkey(visitor, "Blue laptop")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Blue laptop")).to_be_visible()
    visitor.gallery("security-passkey")


def remove_passkey(visitor: Visitor) -> None:
    page = visitor.open("/security")
    page.get_by_role("link", name="Change Blue laptop").click()
    visitor.gallery("passkey")
    page.get_by_role("button", name="Remove this passkey").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()


def test_a_passkey_lets_in_by_itself_after_the_password_and_steps_up(visit: Visit) -> None:
    with visit() as visitor:
        email, page = newcomer(visitor, then="/security"), visitor.page
        with authenticator(page):
            first_passkey(visitor)
            sign_out(page)
            visitor.open("/accounts/login/?next=/security")
            visitor.gallery("sign-in-passkey")
            page.get_by_role("button", name="Sign in with a passkey").click()
            expect(page.get_by_text(re.compile("^Used "))).to_be_visible()

            sign_out(page)
            knock(visitor, email)
            visitor.gallery("second-factor-passkey")
            page.get_by_role("button", name="Use a passkey").click()
            expect(page.get_by_role("heading", name="Security", level=1)).to_be_visible()

            page.get_by_role("button", name="Make new codes").click()
            visitor.gallery("step-up-passkey")
            page.get_by_role("button", name="Use a passkey").click()
            page.get_by_role("button", name="Make new codes").click()
            expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
            remove_passkey(visitor)


def test_an_app_and_a_passkey_on_one_account_each_let_in_and_a_recovery_code_does_once(visit: Visit) -> None:
    with visit() as visitor, visit() as other:
        email, page = newcomer(visitor, then="/security"), visitor.page
        secret, codes = set_up_app(visitor)
        with authenticator(page):
            visitor.open("/security/passkeys/new")
            add_passkey(visitor, "Blue laptop")
            expect(page.get_by_text("Blue laptop", exact=True)).to_be_visible()

            sign_out(page)
            visitor.open("/accounts/login/?next=/security")
            page.get_by_role("button", name="Sign in with a passkey").click()
            expect(page.get_by_role("heading", name="Security", level=1)).to_be_visible()

        sign_out(page)
        knock(visitor, email)
        visitor.enter_code(secret)
        expect(page.get_by_role("heading", name="Security", level=1)).to_be_visible()
        recover(other, email, codes[0])
        code_field(other.page).fill(codes[1])
        other.page.get_by_role("button", name="Continue").click()
        revoke(visitor, other)


def recover(other: Visitor, email: str, code: str) -> None:
    """In another browser, by a code that was kept; the same code lets in no second time."""
    page = knock(other, email)
    code_field(page).fill(code)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("9 left")).to_be_visible()
    sign_out(page)
    knock(other, email)
    code_field(page).fill(code)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("The code is not correct.")).to_be_visible()


def revoke(here: Visitor, there: Visitor) -> None:
    """The other browser, ended from this one, is out; this one stays in."""
    expect(there.page.get_by_text("8 left")).to_be_visible()
    page = here.open("/profile/sessions")
    page.get_by_role("button", name="End ").click()
    expect(page.get_by_text("That session has ended.")).to_be_visible()
    there.open("/security")
    assert there.path == "/accounts/login/"
    here.open("/security")
    assert here.path == "/security"

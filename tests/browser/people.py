"""What several people do in the same way: come new, sign out, and prove that it is they."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Locator, Page, expect

from identity.services import totp
from tests.browser.visitor import Visitor

PASSWORD = "harbour-lantern-42"
AUTHENTICATOR: dict[str, Any] = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def new_address(name: str) -> str:
    """One that nobody has."""
    return f"{name}.{time.monotonic_ns()}@keel.example"


def newcomer(visitor: Visitor, then: str = "/overview") -> str:
    """Somebody with an account of their own, signed in; gives their address."""
    email = new_address("robin")
    body = {"email": email, "password": PASSWORD, "name": "Robin Keel"}
    httpx.post(visitor.demo.url("/api/user/auth/register"), json=body, timeout=20).raise_for_status()
    knock(visitor, email, then)
    visitor.page.wait_for_url(f"**{then}")
    return email


def knock(visitor: Visitor, email: str, then: str = "/security") -> Page:
    """To the door, with address and password."""
    page = visitor.open(f"/accounts/login/?next={then}")
    visitor.enter(email, PASSWORD)
    return page


def sign_out(page: Page) -> None:
    """By the menu, like anybody."""
    page.locator(".rail details.menu-up summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/")


def code_field(page: Page) -> Locator:
    """Where a code goes."""
    return page.get_by_role("textbox", name="Code")


def set_up_app(visitor: Visitor) -> tuple[str, list[str]]:
    """Turn on an app, its code computed from the key on the page; gives the key and the recovery codes."""
    page = visitor.page
    page.get_by_role("button", name="Set up an app").click()
    expect(page.get_by_role("heading", name="Set up your app")).to_be_visible()
    secret = page.locator("#secret").inner_text()
    expect(page.locator(".qr svg")).to_be_visible()
    visitor.gallery("security-app")
    code_field(page).fill(totp.code_at(secret, totp.step_now()))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    codes = page.locator(".codes code").all_inner_texts()
    assert len(set(codes)) == 10
    visitor.gallery("recovery-codes")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "mainstay-recovery-codes.txt"
    assert download.value.path().read_text().split() == codes
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 left")).to_be_visible()
    return secret, codes


@contextmanager
def authenticator(page: Page) -> Iterator[None]:
    """The device's own passkeys, its owner always willing."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield
    session.send("WebAuthn.removeVirtualAuthenticator", made)


def add_passkey(visitor: Visitor, name: str) -> None:
    """Create one on this device, from the page that offers it."""
    page = visitor.page
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create the passkey").click()


@contextmanager
def staff_with_a_passkey(visitor: Visitor) -> Iterator[Page]:
    """The first member of staff in the console, who proves by passkey: an app has one code in thirty seconds."""
    visitor.sign_in("staff", then="/admin/")
    page = visitor.page
    with authenticator(page):
        visitor.open("/security/passkeys/new")
        if visitor.path == "/security/confirm":
            visitor.enter_code(visitor.demo.app_secret("staff"), button="Confirm")
        add_passkey(visitor, "Desk")
        expect(page.get_by_text("Desk", exact=True).first).to_be_visible()
        yield page


def prove(page: Page) -> None:
    """By passkey, or by password where there is nothing stronger; what was proved for a purpose holds ten minutes."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    asked = page.get_by_role("heading", name="Is it you?")
    password = page.get_by_role("textbox", name="Password")
    if not asked.is_visible():
        return
    if password.is_visible():
        password.fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
    else:
        page.get_by_role("button", name="Use a passkey").click()
    expect(asked).to_be_hidden()

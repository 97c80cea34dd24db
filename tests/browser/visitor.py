"""A person at a browser, who fails the test at anything that a person would not want to see."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from identity.services import totp
from tests.browser import looks
from tests.browser.demo import Demo

SCREENSHOTS = Path(__file__).parent / "screenshots"
PHONE_WIDTH = 390
Scheme = Literal["light", "dark"]
SIZES: dict[str, Any] = {
    "desktop": {"viewport": {"width": 1280, "height": 860}},
    "phone": {"viewport": {"width": PHONE_WIDTH, "height": 844}, "has_touch": True, "is_mobile": True},
}
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SPARING: dict[str, tuple[Scheme, ...]] = {"desktop": ("light",), "phone": ("dark",)}
# Pages that are not wholly ours: their targets and colours are a library's, or the played payment provider's.
CONSOLE, FOREIGN = "/admin/", ("/admin/", "/sandbox/")
# The console chooses its colours by script as it loads.
CONSOLE_DARK = "(dark) => document.documentElement.classList.toggle('dark', dark)"
# What fades from one colour to another has faded, before it is measured.
SETTLE = """() => {
  document.documentElement.getBoundingClientRect();
  for (const each of document.getAnimations()) {
    if (each.effect.getComputedTiming().endTime !== Infinity) each.finish();
  }
}"""
# Cookies of who signed in, by demo and name: one code of an app holds for thirty seconds, and lets in once.
SIGNED_IN: dict[tuple[str, str], Any] = {}
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} blocked ${event.blockedURI} ${event.sourceFile}`);
});
"""


@dataclass
class Visitor:
    """One browser profile. `troubles` collects what went wrong on any of its pages."""

    demo: Demo
    context: BrowserContext
    page: Page
    troubles: list[str] = field(default_factory=list)
    # Statuses that a step provokes on purpose.
    expected: set[int] = field(default_factory=set)
    # Under which key the cookies are kept for whoever comes next as the same person.
    kept: tuple[str, str] | None = None

    def watch(self, page: Page) -> None:
        """Note every error of a page."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        provoked = any(f"status of {status}" in message.text for status in self.expected)
        if message.type in ("error", "warning") and not provoked:
            where = message.page.url if message.page else self.page.url
            self.troubles.append(f"{where}: console {message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        # A page that is left takes its open questions with it, and a download is no page.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"{request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.troubles.append(f"{response.url}: status {response.status}")
        if not response.url.startswith((self.demo.base_url, "data:", "blob:")):
            self.troubles.append(f"{response.url} is not ours")

    @property
    def path(self) -> str:
        """The address of the page, without the demo's and without its query."""
        return urlsplit(self.page.url).path

    def open(self, path: str) -> Page:
        """Go to a page of the demo."""
        self.page.goto(self.demo.url(path))
        return self.page

    def sign_in(self, who: str, then: str = "/overview") -> None:
        """Through the door, like anybody; who went through it before has kept the cookies."""
        self.kept = (self.demo.base_url, who)
        if self.kept in SIGNED_IN:
            self.context.add_cookies(SIGNED_IN[self.kept])
            self.open(then)
            if self.path == then:
                return
            self.context.clear_cookies()
        email, password = self.demo.login(who)
        self.open(f"/accounts/login/?next={then}")
        self.enter(email, password)
        if secret := self.demo.app_secret(who):
            self.enter_code(secret)
        self.page.wait_for_url(f"**{then}")

    def enter(self, email: str, password: str) -> None:
        """Fill in the door's form."""
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()

    def enter_code(self, secret: str, button: str = "Continue") -> None:
        """What the app shows, or shows next where that was used already: each code lets in once."""
        asked_at, step = self.path, totp.step_now()
        while self.path == asked_at:
            while step > totp.step_now() + 1:
                self.page.wait_for_timeout(500)
            self.page.get_by_role("textbox", name="Code").fill(totp.code_at(secret, step))
            self.page.get_by_role("button", name=button).click()
            self.page.wait_for_load_state()
            step += 1

    def gallery(self, name: str, path: str = "", *, sparing: bool = False) -> None:
        """The page as it stands, in light and dark, on a desk and on a phone: measured, and kept as pictures.

        A picture takes longer than all measures: two are kept of each page, and with PICTURES=all every one.
        Sparing: of many pages of one kind, light on the desk and dark on the phone, and a picture of the desk.
        """
        page = self.open(path) if path else self.page
        page.wait_for_load_state()
        before = page.viewport_size
        for size, options in SIZES.items():
            page.set_viewport_size(options["viewport"])
            for scheme in SPARING[size] if sparing else SCHEMES:
                self._wear(scheme)
                if self._is_kept(size, scheme, sparing=sparing):
                    self._picture(f"{name}-{size}-{scheme}")
                self._measure(f"{name} ({size}, {scheme})")
        self._wear("light")
        if before is not None:
            page.set_viewport_size(before)

    def _is_kept(self, size: str, scheme: Scheme, *, sparing: bool) -> bool:
        if os.environ.get("PICTURES") == "all":
            return True
        return scheme in SPARING[size] and not (sparing and size == "phone")

    def _wear(self, scheme: Scheme) -> None:
        self.page.emulate_media(color_scheme=scheme)
        if self.path.startswith(CONSOLE):
            self.page.evaluate(CONSOLE_DARK, scheme == "dark")
        self.page.evaluate(SETTLE)

    def _picture(self, name: str) -> None:
        file = SCREENSHOTS / f"{name}.jpg"
        self.page.screenshot(path=file, type="jpeg", quality=85, full_page=True, animations="disabled")

    def _measure(self, name: str) -> None:
        found = looks.too_wide(self.page)
        if not self.path.startswith(FOREIGN):
            is_phone = self.page.viewport_size == SIZES["phone"]["viewport"]
            found += looks.too_small(self.page) if is_phone else looks.too_faint(self.page)
            found += looks.not_for_people(self.page)
        self.troubles += [f"{name}: {each}" for each in found]


@contextmanager
def visiting(demo: Demo, browser: Browser, **options: Any) -> Iterator[Visitor]:
    """A fresh profile; at the end, nothing may have gone wrong."""
    context = browser.new_context(**(SIZES["desktop"] | {"accept_downloads": True} | options))
    context.add_init_script(REPORT_VIOLATIONS)
    context.set_default_timeout(30_000)
    visitor = Visitor(demo, context, context.new_page())
    visitor.watch(visitor.page)
    try:
        yield visitor
    finally:
        if visitor.kept:
            SIGNED_IN[visitor.kept] = context.cookies()
        context.close()
    assert not visitor.troubles, "\n".join(visitor.troubles)


def order_id_of(url: str) -> str:
    """The order whose page this is."""
    found = re.search(r"/orders/([0-9a-f-]{36})", url)
    assert found is not None, url
    return found[1]

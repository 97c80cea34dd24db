"""One customer's whole way, through HTTP only: sign-up, payment, server, use, a month, invoice."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

PASSWORD = "harbour-lantern-42"  # noqa: S105 - printed by the demo, valid nowhere else
DECLINED, GOOD = "4000 0000 0000 0002", "4242 4242 4242 4242"
PATIENCE = 45.0
Json = dict[str, Any]
T = TypeVar("T")


class StepFailed(Exception):
    """A step did not come out as it must."""


@dataclass
class Journey:
    """What is known on the way. `say` prints one line of progress."""

    base_url: str
    cron_token: str
    tenant_root: Path
    say: Callable[[str], None]
    email: str = field(default_factory=lambda: f"kim.{int(time.monotonic() * 1000) % 10**9}@lighthouse.example")
    token: str = ""
    order: Json = field(default_factory=dict)
    checkout_url: str = ""
    invoice: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.base_url, timeout=40)
        self.began = time.monotonic()

    def run(self) -> None:
        """Every step, in order; raises StepFailed at the first that fails."""
        self._step("signs up and in", self.sign_up)
        self._step("chooses Hosting Pro and opens the payment page", self.choose)
        self._step("pays with a card that is declined, and is told why", self.pay_declined)
        self._step("pays with a good card", self.pay)
        self._step("has an order, opened by the signed webhook", self.wait_for_order)
        self._step("watches the server come up", self.watch)
        self._step("uses 16.25 million tokens of 15 million included", self.use)
        self._step("a month passes (the sandbox's clock is advanced)", self.pass_month)
        self._step("the billing cycle runs", self.bill)
        self._step("downloads the paid invoice", self.download)

    def _step(self, title: str, action: Callable[[], str]) -> None:
        result = action()
        self.say(f"[{time.monotonic() - self.began:5.1f} s] {title}: {result}")

    # --- Steps: each gives what it saw ----------------------------------------------------------------------------

    def sign_up(self) -> str:
        """A new account, the link in its mail, and an access token."""
        credentials = {"email": self.email, "password": PASSWORD}
        self._call("POST", "/api/user/auth/register", {**credentials, "name": "Kim Lighthouse"}, wanted=201)
        self._call("POST", "/api/user/auth/verify-email", {"token": _until(self._mailed_key, "The mail arrives.")})
        self.token = self._call("POST", "/api/user/auth/login", credentials)["accessToken"]
        return self.email

    def choose(self) -> str:
        """A hosted checkout for the plan."""
        body = {"product": "hosting", "plan": "pro"}
        self.checkout_url = self._call("POST", "/api/v1/billing/checkout", body, wanted=201)["checkoutUrl"]
        return self.checkout_url

    def pay_declined(self) -> str:
        """The bank says no: the page says so, and nothing was bought."""
        page = self._submit_card(DECLINED)
        reason = re.search(r'role="alert"[^>]*>(.*?)</', page.text, re.DOTALL)
        _require(page.status_code != httpx.codes.FOUND and reason is not None, "The payment page gave no reason.")
        return unescape(re.sub(r"<[^>]+>|\s+", " ", reason[1])).strip() if reason else ""

    def pay(self) -> str:
        """The bank says yes: the page sends the customer back to us."""
        page = self._submit_card(GOOD)
        _require(page.is_redirect, f"The payment page answered {page.status_code}.")
        return f"sent back to {urlsplit(page.headers['Location']).path}"

    def wait_for_order(self) -> str:
        """The webhook was taken in: there is a subscription and an order."""
        self.order = _until(lambda: next(iter(self._dashboard()["orders"]), None), "An order appears.")
        return f"{self.order['domain']} ({self.order['status']})"

    def watch(self) -> str:
        """Each line of the job's log as it comes, until the order is fulfilled."""
        for line in self._log_lines():
            self.say(f"           │ {line['text']}")
        self.order = _until(self._fulfilled, "The order is fulfilled.")
        return f"{self.order['status']} at {self.order['dashboardUrl']}"

    def use(self) -> str:
        """The customer's agents work; the tenant agent reports it."""
        home = self.tenant_root / self.order["id"] / "agent"
        for agent, model, tokens in (
            ("marketing", "deepseek/deepseek-v3.2", 9_000_000),
            ("sales", "anthropic/claude-haiku-4.5", 7_250_000),
        ):
            record = ["record", "--agent", agent, "--model", model, "--input", str(tokens)]
            subprocess.run([sys.executable, "-m", "tenants.agent", "--home", str(home), *record], check=True)
        usage = _until(self._usage_of(16_250_000), "The usage is reported.")
        return f"{usage['tokensUsed']:,} used, {usage['overageTokens']:,} beyond the allotment"

    def pass_month(self) -> str:
        """The provider renews the subscription and drafts the next invoice."""
        ended = self._call("GET", "/api/v1/customer/billing")["periodEnd"]
        page = self.http.get("/sandbox/")
        after = datetime.fromisoformat(ended) + timedelta(minutes=1)
        form = {"to": after.strftime("%Y-%m-%dT%H:%M:%S"), "csrfmiddlewaretoken": _csrf(page)}
        answer = self.http.post("/sandbox/clock", data=form, headers={"Referer": str(page.url)})
        _require(answer.is_redirect, f"The clock's page answered {answer.status_code}.")
        begun = _until(lambda: self._period_after(ended), "The next period begins.")
        return f"a period is over, and the next began on {begun[:10]}"

    def bill(self) -> str:
        """What the scheduler does at midnight, asked for by its endpoint."""
        headers = {"x-cron-token": self.cron_token}
        result = self._call("POST", "/api/v1/cron/billing-cycle", {}, headers=headers)
        self.invoice = _until(self._paid_renewal, "The renewal's invoice is paid.")
        return ", ".join(f"{name} {value}" for name, value in result.items())

    def download(self) -> str:
        """Base and overage on one invoice, as a PDF."""
        path = f"/api/user/billing/download-invoice/{self.invoice['id']}"
        answer = self.http.post(path, headers=self._bearer())
        _require(answer.content.startswith(b"%PDF-"), "That is no PDF.")
        lines = "; ".join(f"{line['description']} {line['amountMinor'] / 100:.2f}" for line in self.invoice["lines"])
        total = f"{self.invoice['totalMinor'] / 100:.2f} {self.invoice['currency'].upper()}"
        return f"{self.invoice['number']}: {lines}; total {total}, {len(answer.content):,} bytes"

    # --- Looking --------------------------------------------------------------------------------------------------

    def _mailed_key(self) -> str | None:
        """The end of the link in the newcomer's mail, which the demo keeps in a folder."""
        for file in (self.tenant_root.parent / "mail").glob("*.log"):
            mail = file.read_text()
            found = re.search(r"/accounts/confirm-email/([^/\s]+)/", mail)
            if found and f"To: {self.email}" in mail:
                return found[1]
        return None

    def _dashboard(self) -> Json:
        return self._call("GET", "/api/v1/customer/dashboard")

    def _fulfilled(self) -> Json | None:
        order: Json = self._dashboard()["orders"][0]
        _require(order["status"] != "FAILED", f"The order failed: {order}")
        return order if order["status"] == "FULFILLED" else None

    def _log_lines(self) -> Iterator[Json]:
        after, end = 0, time.monotonic() + PATIENCE
        while time.monotonic() < end:
            page = self._call("GET", f"/api/v1/customer/orders/{self.order['id']}/logs?after={after}&wait=10")
            yield from page["lines"]
            after = page["after"]
            if page["ended"]:
                return
        raise StepFailed("The job's log did not end.")

    def _usage_of(self, tokens: int) -> Callable[[], Json | None]:
        def look() -> Json | None:
            usage = self._call("GET", "/api/v1/customer/usage")
            return usage if usage["tokensUsed"] >= tokens else None

        return look

    def _period_after(self, ended: str) -> str | None:
        start: str = self._call("GET", "/api/v1/customer/billing")["periodStart"]
        return start if start >= ended else None

    def _paid_renewal(self) -> Json | None:
        invoices: list[Json] = self._call("GET", "/api/user/billing/invoices")["items"]
        newest = invoices[0]
        kinds = {line["kind"] for line in newest["lines"]}
        return newest if newest["status"] == "paid" and kinds == {"base", "overage"} else None

    # --- Talking --------------------------------------------------------------------------------------------------

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        wanted: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Json:
        answer = self.http.request(method, path, json=body, headers=headers or self._bearer())
        _require(answer.status_code == wanted, f"{method} {path}: {answer.status_code}, wanted {wanted}: {answer.text}")
        content: Json = answer.json()
        return content["data"] if content.get("success") else content

    def _submit_card(self, number: str) -> httpx.Response:
        page = self.http.get(self.checkout_url)
        form = {"number": number, "expiry": "12 / 34", "cvc": "123", "csrfmiddlewaretoken": _csrf(page)}
        return self.http.post(self.checkout_url, data=form, headers={"Referer": self.checkout_url})


def _csrf(page: httpx.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    if found is None:
        raise StepFailed(f"{page.url} has no form.")
    return found[1]


def _require(condition: bool, complaint: str) -> None:  # noqa: FBT001
    if not condition:
        raise StepFailed(complaint)


def _until(look: Callable[[], T | None], wanted: str) -> T:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise StepFailed(f"Waited {PATIENCE:.0f} s in vain: {wanted}")

"""An open verb that does something refuses whoever asks too often, or says why it need not."""

import pytest

from identity.services import limits
from platform_core import routes
from platform_core.api.access import OPEN
from tests.architecture import description
from tests.clients import ApiClient

SIGNED = "whoever signs is known, and is answered at once"
# Verbs that may be called without end, and why. Whoever shows a credential is counted by the surface.
UNLIMITED = {
    "/api/auth/signout": "it ends the caller's own sign-in",
    "/auth/logout": "it ends the caller's own sign-in",
    "/auth/refresh": "the token is too long to be guessed",
    "/api/user/auth/refresh": "the token is too long to be guessed",
    "/auth/set-cookie": "the token is too long to be guessed",
    "/api/v1/auth/2fa/verify": "the token is too long to be guessed, and codes are counted for the sign-in it names",
    "/api/v1/tenant/register": "the token is too long to be guessed",
    "/api/v1/billing/webhook": SIGNED,
    "/api/v1/webhooks/stripe": SIGNED,
    "/webhooks/stripe": SIGNED,
}
DOING = {route.path for route in routes.routes() if route.rule in OPEN and route.method != "GET"}


def body_of(path: str) -> object:
    """What the description shows."""
    media = description.written()["paths"][path]["post"].get("requestBody", {}).get("content", {})
    shown = media.get("application/json", {})
    return (
        shown["example"] if "example" in shown else next((x["value"] for x in shown.get("examples", {}).values()), {})
    )


def test_nothing_is_excused_that_is_gone() -> None:
    assert set(UNLIMITED) <= DOING


@pytest.mark.parametrize("path", sorted(DOING - set(UNLIMITED)))
def test_whoever_asks_too_often_is_refused(
    path: str, anonymous: ApiClient, one_moment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for action, rates in limits.RATES.items():
        monkeypatch.setitem(limits.RATES, action, dict.fromkeys(rates, (2, limits.MINUTE)))

    first, *_, last = (anonymous.post(path, body_of(path)) for _ in range(3))

    assert first.status_code != 429
    assert (last.status_code, "Retry-After" in last.headers) == (429, True), last.content

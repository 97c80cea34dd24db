"""Endpoints that take webhooks, or do not."""

from collections.abc import Mapping

import stripe

SECRET = "whsec_test"


def accepting(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Says yes to everything."""
    return 200


def failing(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Is out of order."""
    return 500


class Receiver:
    """Verifies and notes what arrives, and answers as it is told."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.urls: list[str] = []
        self.events: list[stripe.Event] = []
        self.secret = SECRET

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.urls.append(url)
        event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], self.secret, api_key="sk_test_x")
        self.events.append(event)
        return self.answers.pop(0) if self.answers else 200

    @property
    def kinds(self) -> list[str]:
        """The events' types, as they arrived."""
        return [str(event.type) for event in self.events]

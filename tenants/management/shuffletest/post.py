"""The provider's events on their way: each three times, in no order, a part of them held back for months."""

import hashlib
import hmac
import json
import random
from dataclasses import dataclass, field

from django.conf import settings

from billing.providers.sandbox.models import Record
from billing.services import inbox
from platform_core import clock, scoping

COPIES = 3
# What share of the copies at hand is delivered now; the rest waits for later news.
AT_ONCE = 2 / 3


@dataclass
class Post:
    """Every copy that is yet to arrive."""

    chance: random.Random
    bag: list[str] = field(default_factory=list)
    seen: int = 0
    events: int = 0
    delivered: int = 0

    def collect(self) -> None:
        """Take what the provider has told since."""
        told = Record.objects.filter(kind="event", sequence__gt=self.seen).order_by("sequence")
        for record in told:
            self.bag += [json.dumps(record.data)] * COPIES
            self.seen, self.events = record.sequence, self.events + 1

    def deliver(self, *, everything: bool = False) -> None:
        """Some of it arrives, shuffled, through the receiver's own door."""
        self.collect()
        self.chance.shuffle(self.bag)
        count = len(self.bag) if everything else round(len(self.bag) * AT_ONCE)
        now, self.bag = self.bag[:count], self.bag[count:]
        for body in now:
            with scoping.system():
                inbox.receive(body.encode(), _signature(body))
        self.delivered += len(now)


def _signature(body: str) -> str:
    """As the provider signs: the moment, and what was sent at it."""
    at = int(clock.wall().timestamp())
    secret = settings.STRIPE_WEBHOOK_SECRETS[0].encode()
    return f"t={at},v1={hmac.new(secret, f'{at}.{body}'.encode(), hashlib.sha256).hexdigest()}"

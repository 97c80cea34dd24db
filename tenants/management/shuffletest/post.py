"""The provider's events on their way: each three times, in no order, a part of them held back for months."""

import hashlib
import hmac
import json
import random
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction

from billing.providers.sandbox.models import Record
from billing.services import inbox
from platform_core import clock, scoping

COPIES = 3
# What share of the copies at hand is delivered now; the rest waits for later news.
AT_ONCE = 2 / 3
# So many arrive in one transaction.
TOGETHER = 50


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
        for first in range(0, count, TOGETHER):
            # Where there is one writer at a time, each event by itself would wait for the workers again.
            with scoping.system(), transaction.atomic():
                for body in now[first : first + TOGETHER]:
                    inbox.receive(body.encode(), _signature(body))
        self.delivered += count


def _signature(body: str) -> str:
    """As the provider signs: the moment, and what was sent at it."""
    at = int(clock.wall().timestamp())
    secret = settings.STRIPE_WEBHOOK_SECRETS[0].encode()
    return f"t={at},v1={hmac.new(secret, f'{at}.{body}'.encode(), hashlib.sha256).hexdigest()}"

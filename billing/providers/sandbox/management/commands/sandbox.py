"""Runs the payment sandbox's own process."""

import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from billing.providers.sandbox import pump, webhooks
from platform_core.stopping import Stop


class Command(BaseCommand):
    help = "Runs the payment sandbox: renews subscriptions as their time comes and delivers signed webhooks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--disorder",
            type=int,
            metavar="SEED",
            help="deliver each batch of webhooks shuffled, and some of them twice",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("This instance does not use the payment sandbox.")
        seed = options["disorder"]
        stop = Stop()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write(f"Delivering webhooks to {settings.BASE_URL}{webhooks.RECEIVER}")
        pump.run(stop, list if seed is None else webhooks.disorderly(seed))

"""Hold the movements of recurring revenue against what subscriptions bring."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from billing.models import MrrMovement
from billing.services import mrr
from platform_core import scoping
from platform_core.management.audited import AuditedCommand


class Command(AuditedCommand):
    help = "Sum every subscription's movements and list those that do not come to what it brings, or that lie wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mend", action="store_true", help="add the movements that are missing, dated today")

    def handle(self, *args: Any, **options: Any) -> None:
        with scoping.system():
            if options["mend"]:
                self.stdout.write(f"{mrr.mend()} movements added")
            problems = [*mrr.disagreements(), *mrr.misplaced()]
            count = MrrMovement.objects.count()
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{len(problems)} problems in {count} movements")
        self.stdout.write(f"{count} movements: nothing wrong")

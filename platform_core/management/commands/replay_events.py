"""`manage.py replay_events`: have what a provider told in a range acted upon once more."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError

from platform_core import scoping
from platform_core.errors import DomainError
from platform_core.management.audited import AuditedCommand
from platform_core.services import inbox


def moment(text: str) -> datetime:
    """A date or a moment in ISO 8601; UTC where it names no zone."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Command(AuditedCommand):
    help = (
        "Act upon the provider's events of a range again. What they are about is read anew: nothing comes about twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=moment, required=True, help="a date or a moment, such as 2026-03-01")
        parser.add_argument("--until", type=moment, required=True, help="the first moment that is no part of it")
        parser.add_argument("--kind", default="", help="only of this kind, or of kinds that begin so: invoice.")

    def handle(self, *args: Any, since: datetime, until: datetime, kind: str, **options: Any) -> None:
        try:
            with scoping.system():
                count = inbox.replay_range(since, until, kind=kind)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{count} events are acted upon again.")

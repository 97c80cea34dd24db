"""Django's own, within a scope: a migration that moves rows sees them under row-level security too."""

from typing import Any

from django.core.management.commands import migrate

from platform_core import scoping


class Command(migrate.Command):
    """Migrations are the platform's own work."""

    def handle(self, *args: Any, **options: Any) -> None:
        with scoping.system():
            super().handle(*args, **options)

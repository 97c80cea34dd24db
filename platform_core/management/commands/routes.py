"""Prints the route table, or writes it where it is reviewed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from platform_core import routes


class Command(BaseCommand):
    """`manage.py routes [--write]`."""

    help = "Print every API endpoint with its class and its access rule."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true", help="rewrite docs/routes.txt")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"]:
            routes.table_path().write_text(routes.table())
        else:
            self.stdout.write(routes.table(), ending="")

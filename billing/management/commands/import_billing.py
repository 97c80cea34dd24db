"""Bring in a consumer's billing from before it sold through us. Looks first; --apply does it."""

import csv
import re
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from billing.services import legacy_books
from platform_core import foreign_json, scoping
from platform_core.management.audited import AuditedCommand

# Files carry the names of the API: consumerKey, tenantId.
HUMP = re.compile(r"(?<!^)(?=[A-Z])")


class Command(AuditedCommand):
    help = "Import tenants, subscriptions and purchases from JSON lines or CSV (docs/howto/import_billing.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--apply", action="store_true", help="do it; without it nothing is changed")
        parser.add_argument("--quiet-same", action="store_true", help="leave out lines that change nothing")

    def handle(self, *args: Any, file: Path, apply: bool, quiet_same: bool, **options: Any) -> None:
        try:
            lines = list(read(file))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: {error}") from error
        with scoping.system():
            outcomes = legacy_books.bring_in(lines, apply=apply)
        for outcome in outcomes:
            if outcome.verb == "error":
                self.stderr.write(str(outcome))
            elif not (quiet_same and outcome.verb in ("same", "kept")):
                self.stdout.write(str(outcome))
        self._conclude(Counter(outcome.verb for outcome in outcomes), apply=apply)

    def _conclude(self, counts: Counter[str], *, apply: bool) -> None:
        told = ", ".join(f"{counts[verb]} {verb}" for verb in ("create", "update", "same", "kept", "error"))
        if counts["error"]:
            raise CommandError(f"{told}: nothing was changed")
        self.stdout.write(f"{told}: {'done' if apply else 'nothing was changed; --apply does it'}")


def read(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Each line by its number; one that cannot be read is told as any other that is wrong."""
    if file.suffix.lower() == ".csv":
        with file.open(newline="", encoding="utf-8-sig") as opened:
            for number, row in enumerate(csv.DictReader(opened), 2):
                yield number, {_snake(name or "?"): value for name, value in row.items() if value not in (None, "")}
        return
    for number, text in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), 1):
        if text.strip():
            yield number, _object(text)


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = foreign_json.read(text)
    except ValueError:
        return {"type": "not JSON"}
    return (
        {_snake(str(name)): value for name, value in found.items()}
        if isinstance(found, dict)
        else {"type": "no object"}
    )


def _snake(name: str) -> str:
    return HUMP.sub("_", name).lower()

"""Walks the URL space: every endpoint of the API, its class and its access rule."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
UNDECLARED = "UNDECLARED"
Entry = URLPattern | URLResolver


@dataclass(frozen=True)
class Route:
    """One verb of one path."""

    method: str
    # As in docs: "/api/v1/admin/orders/<uuid:pk>".
    path: str
    view: type[APIView]
    rule: str

    @property
    def module(self) -> str:
        """Where the class lives."""
        return self.view.__module__

    def line(self) -> str:
        """The route's line in docs/routes.txt."""
        return f"{self.method:<6} {self.path}  {self.module}.{self.view.__name__}  [{self.rule}]"


def _entries(entries: list[Entry], prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for entry in entries:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _entries(entry.url_patterns, path)
        else:
            yield path, entry


def patterns() -> Iterator[tuple[str, URLPattern]]:
    """Every path of the whole URL space, pages included."""
    yield from _entries(get_resolver().url_patterns, "/")


def api_patterns() -> Iterator[tuple[str, type[APIView]]]:
    """Every path that an API view answers."""
    for path, pattern in patterns():
        view = getattr(pattern.callback, "cls", None)
        if isinstance(view, type) and issubclass(view, APIView):
            yield path, view


def routes() -> list[Route]:
    """Every endpoint, by path and then by verb."""
    found = [
        Route(verb, path, view, _declared(view).get(verb, UNDECLARED))
        for path, view in api_patterns()
        for verb in VERBS
        if _offers(view, verb)
    ]
    return sorted(found, key=lambda route: (_plain(route.path), VERBS.index(route.method)))


def _declared(view: type[APIView]) -> Mapping[str, str]:
    declared: Mapping[str, str] = getattr(view, "access", {})
    return declared


def _offers(view: type[APIView], verb: str) -> bool:
    """Declared verbs, and those that our own code answers; a verb that a generic view brings along is neither."""
    handler = getattr(view, verb.lower(), None)
    return handler is not None and (verb in _declared(view) or not handler.__module__.startswith("rest_framework."))


def _plain(path: str) -> str:
    """Sort `<uuid:pk>` after words, so that a collection stands before its rows."""
    return re.sub(r"<[^>]+>", "~", path)


def table() -> str:
    """docs/routes.txt."""
    return "".join(f"{route.line()}\n" for route in routes())


def table_path() -> Path:
    """Where the table is kept under review."""
    root: Path = settings.BASE_DIR
    return root / "docs" / "routes.txt"

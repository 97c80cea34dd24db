"""The project's own source, as text and as trees."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("config", "platform_core", "orgs", "identity", "billing", "tenants")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(*roots: str) -> list[Path]:
    """Python files below these folders (all apps if none is named), relative to the root, without migrations."""
    found = (path for root in roots or APPS for path in (ROOT / root).rglob("*.py") if "migrations" not in path.parts)
    return sorted(path.relative_to(ROOT) for path in found)


@cache
def text(path: Path) -> str:
    return (ROOT / path).read_text()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of a file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def calls(path: Path) -> Iterator[ast.Call]:
    """Every call in a file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield node

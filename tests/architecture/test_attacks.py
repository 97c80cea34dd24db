"""Each attack that we know of is held by a test, which `tests/attacks.csv` names."""

import ast
import csv
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

FILE = Path(settings.BASE_DIR) / "tests" / "attacks.csv"
ROWS = list(csv.DictReader(FILE.read_text().splitlines()))


@cache
def nodes(path: str) -> frozenset[str]:
    """The tests of a file, those of a class under its name."""
    file = Path(settings.BASE_DIR) / path
    if not file.exists():
        return frozenset()
    body = ast.parse(file.read_text()).body
    classes = [node for node in body if isinstance(node, ast.ClassDef)]
    within = {f"{each.name}::{test.name}" for each in classes for test in _functions(each.body)}
    return frozenset({test.name for test in _functions(body)} | within)


def _functions(body: list[ast.stmt]) -> list[ast.FunctionDef]:
    return [node for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["number"])
def test_what_holds_an_attack_off_is_there(row: dict[str, str]) -> None:
    named = row["tests"].split()

    assert row["attack"].strip()
    assert named
    assert [each for each in named if each.partition("::")[2] not in nodes(each.partition("::")[0])] == []


def test_each_attack_stands_once_in_its_order() -> None:
    numbers = [int(row["number"]) for row in ROWS]

    assert numbers == sorted(set(numbers))

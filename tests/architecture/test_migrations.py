"""Models and migrations agree; history is a line; what goes forward can go back."""

import ast
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.operations import RunPython, RunSQL

from tests.architecture.source import ROOT

LABELS = ("platform_core", "orgs", "identity", "billing", "tenants", "sandbox", "djstripe")
FOLDERS = {"sandbox": "billing/providers/sandbox", "djstripe": "billing/providers/stripe"}


@pytest.fixture
def loader(settings: Any) -> MigrationLoader:
    """The suite makes its tables without migrations; here they are loaded as in production."""
    settings.MIGRATION_MODULES = {"djstripe": "billing.providers.stripe.migrations"}
    return MigrationLoader(None)


def of(loader: MigrationLoader, label: str) -> list[Migration]:
    return [migration for (app, _), migration in loader.disk_migrations.items() if app == label]


@pytest.mark.parametrize("label", LABELS)
def test_history_is_a_line(loader: MigrationLoader, label: str) -> None:
    assert len(loader.graph.leaf_nodes(label)) == 1
    for migration in of(loader, label):
        assert len([name for app, name in migration.dependencies if app == label]) <= 1


@pytest.mark.parametrize("label", LABELS)
def test_a_migration_is_named_by_what_it_does(loader: MigrationLoader, label: str) -> None:
    assert [migration.name for migration in of(loader, label) if "auto" in migration.name] == []


@pytest.mark.parametrize("label", LABELS)
def test_data_moves_can_be_undone(loader: MigrationLoader, label: str) -> None:
    moves = [step for row in of(loader, label) for step in row.operations if isinstance(step, RunPython | RunSQL)]

    assert [step for step in moves if not step.reversible] == []


def test_models_and_migrations_agree(loader: MigrationLoader) -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.parametrize("label", LABELS)
def test_rows_never_refer_upward_to_the_mirror(label: str) -> None:
    """dj-stripe's tables hang on ours; ours must stay migratable without them."""
    folder = ROOT / FOLDERS.get(label, label) / "migrations"
    names = {str(node.value) for path in folder.glob("0*.py") for node in _constants(path)}

    assert label == "djstripe" or "djstripe" not in names


def _constants(path: Path) -> list[ast.Constant]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]

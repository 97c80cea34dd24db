"""What others wrote is read in one place, because Python's reader has a failure that nobody expects of it."""

import ast
from pathlib import Path

from tests.architecture import source

READERS = {Path("platform_core/foreign_json.py"), Path("tenants/agent/foreign_json.py")}
# What we wrote ourselves, or a machine of ours just before.
OWN = {
    Path("platform_core/api/parsing.py"): "handed to the reader as how it decodes",
    Path("billing/services/rating.py"): "a copy of a row of ours",
    Path("tenants/provisioner/steps.py"): "the health check of a server that was just set up, which is asked again",
    Path("tenants/management/shuffletest/verdict.py"): "its own journal",
    Path("tenants/management/demo/credentials.py"): "the demo's own file",
    Path("tenants/management/commands/demo.py"): "what the demo's own processes print",
}


def _reads(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) in {"json.load", "json.loads", "json.JSONDecoder"}


def _is_form_field(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) == "forms.JSONField"


def test_only_the_reader_reads_json_that_others_wrote() -> None:
    found = {path for path in source.files() for node in ast.walk(source.tree(path)) if _reads(node)}
    hidden = [
        path for path in source.files() for node in ast.walk(source.tree(path)) if getattr(node, "module", "") == "json"
    ]

    assert found - READERS == set(OWN)
    assert hidden == []


def test_no_form_has_a_field_that_reads_it_otherwise() -> None:
    """Django's field lets RecursionError through, and numbers of five thousand digits."""
    assert [p for p in source.files() for node in ast.walk(source.tree(p)) if _is_form_field(node)] == []

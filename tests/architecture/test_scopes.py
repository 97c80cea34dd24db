"""Who may look beyond one organization: what answers callers does so at few places, each for a reason."""

import ast
from pathlib import Path

from tests.architecture import source

EDGES = ("api", "admin", "portal")
# Files at the edge that see every organization's rows by themselves, and why.
BEYOND = {
    "platform_core/api/surfaces.py": "staff, the scheduler, our own services and signed webhooks are of none",
    "tenants/api/surfaces.py": "a server is looked up by its key before it is known whose it is",
    "orgs/portal/audit_download.py": "a signed link is read before it is known whose it is",
    "orgs/portal/settings.py": "a deleted organization is out of its owner's scope, who may restore it",
    "billing/portal/checkout.py": "a guest belongs to no organization yet",
    "tenants/portal/checkouts.py": "a guest belongs to no organization yet",
}
WORDS = {"system", "SYSTEM", "STAFF"}


def looks_beyond(path: Path) -> bool:
    """Whether the file names a scope of every organization."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in WORDS
        and isinstance(node.value, ast.Name)
        and node.value.id == "scoping"
        for node in ast.walk(source.tree(path))
    )


def imports_a_scope_by_name(path: Path) -> bool:
    """So that it could not be found by `scoping.`."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "platform_core.scoping"
        and bool(WORDS & {name.name for name in node.names})
        for node in ast.walk(source.tree(path))
    )


def test_what_answers_callers_looks_beyond_their_organization_for_a_reason() -> None:
    edges = [path for path in source.files() if set(EDGES) & set(path.parts)]

    assert edges
    assert {str(path) for path in edges if looks_beyond(path)} == set(BEYOND)


def test_a_scope_of_everything_is_named_in_full() -> None:
    assert [path for path in source.files() if imports_a_scope_by_name(path)] == []

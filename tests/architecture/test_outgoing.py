"""HTTP to addresses that others chose goes through `platform_core.http`, which looks where a name leads."""

import ast
from pathlib import Path

from tests.architecture import source

# Files that make a client of their own, and why.
OWN = {
    Path("platform_core/http.py"): "the guard itself",
    Path("billing/providers/sandbox/webhooks.py"): "Stripe's side of the street, which calls this instance",
    Path("tenants/agent/hub.py"): "a program of its own, which calls the hub that its operator set",
    Path("tenants/provisioner/steps.py"): "the health check of a server on this machine",
    Path("tenants/management/commands/demo.py"): "the demo calls itself",
    Path("tenants/management/commands/seed.py"): "the demo calls itself",
    Path("tenants/management/demo/credentials.py"): "the demo calls itself",
    Path("tenants/management/demo/journey.py"): "the demo calls itself",
    Path("tenants/management/crashtest/driver.py"): "the crash test calls itself",
}
# What only names things: an error that the guard's client raises, the kind of an argument.
HTTPX = {"Client", "AsyncClient", "get", "post", "put", "patch", "delete", "head", "options", "request", "stream"}
URLLIB = {"urllib.request.urlopen", "urllib.request.build_opener", "urllib.request.urlretrieve"}
OTHERS = {"requests", "aiohttp", "urllib3", "http.client", "httpcore"}


def _modules(node: ast.AST) -> set[str]:
    match node:
        case ast.Import(names=names):
            return {name.name for name in names}
        case ast.ImportFrom(module=str(module), names=names):
            return {module, *(f"{module}.{name.name}" for name in names)}
    return set()


def _makes_a_client(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        module, _, name = ast.unparse(node.func).rpartition(".")
        return (module == "httpx" and name in HTTPX) or f"{module}.{name}" in URLLIB
    return bool(_modules(node) & OTHERS)


def _hides_one(node: ast.AST) -> bool:
    """Under a name by which it would not be found."""
    if isinstance(node, ast.Import):
        return any(name.asname and name.name in {"httpx", "urllib.request"} for name in node.names)
    return bool(_modules(node) & {*(f"httpx.{name}" for name in HTTPX), *URLLIB})


def test_only_the_guard_asks_other_machines() -> None:
    found = {path for path in source.files() for node in ast.walk(source.tree(path)) if _makes_a_client(node)}

    assert found == set(OWN)


def test_nobody_does_under_another_name() -> None:
    assert [path for path in source.files() for node in ast.walk(source.tree(path)) if _hides_one(node)] == []

"""Small files, real names, mirrored tests, no writes in views."""

import ast
import re
from pathlib import Path

from tests.architecture import source

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
# An escape names its reason on the function's own line: `def f():  # long: the steps of one handshake`.
REASONED = re.compile(r"#.*\blong: \w+")
BANNED = {"utils", "util", "helpers", "helper", "common", "misc", "base", "serializers"}
# The last is the name by which Django looks for a database's driver.
NAMED_ANYWAY = {
    Path("platform_core/admin/base.py"),
    Path("platform_core/portal/base.py"),
    Path("platform_core/postgresql/base.py"),
}
MIRRORED = {"api", "services", "clients"}
EDGES = {"api", "portal", "admin"}
WRITES = {"save", "create", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
# `self.client.session.save()` and `cache.delete()` are no rows.
NO_ROWS = {"cache", "session", "cookies", "response"}
# The surfaces and the base of the console save, and audit, for everybody.
SAVERS = {Path("platform_core/api/surfaces.py"), Path("platform_core/admin/base.py")}

OURS = source.files()
EVERYTHING = [*OURS, *source.files("tests")]


def test_files_are_short() -> None:
    long = {str(path): len(source.text(path).splitlines()) for path in EVERYTHING}

    assert {path: lines for path, lines in long.items() if lines > LONGEST_FILE} == {}


def _is_literal(function: source.Function) -> bool:
    """One return, docstring or not: long data is not a long way."""
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    return len(body) == 1 and isinstance(body[0], ast.Return)


def test_functions_are_short() -> None:
    long = [
        f"{path}:{function.lineno} {function.name}"
        for path in EVERYTHING
        for function in source.functions(path)
        if (function.end_lineno or 0) - function.lineno >= LONGEST_FUNCTION
        and not _is_literal(function)
        and not REASONED.search(source.text(path).splitlines()[function.lineno - 1])
    ]

    assert long == []


def test_a_name_says_what_is_inside() -> None:
    assert [path for path in EVERYTHING if BANNED & {path.stem, *path.parts} and path not in NAMED_ANYWAY] == []


def test_packages_say_what_they_are() -> None:
    """A module without a docstring leaves its reader guessing; empty __init__ files have nothing to say."""
    assert [path for path in OURS if source.text(path).strip() and not ast.get_docstring(source.tree(path))] == []


def mirrored(path: Path) -> bool:
    within = len(path.parts) > 2 and path.parts[1] in MIRRORED
    return within and path.stem not in {"__init__", "urls"} and not path.parts[0].startswith("config")


def test_edges_and_services_have_their_tests() -> None:
    mirrors = [Path("tests") / path.parent / f"test_{path.name}" for path in OURS if mirrored(path)]

    assert mirrors
    assert [mirror for mirror in mirrors if not (source.ROOT / mirror).exists()] == []


def test_each_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in source.files("tests")}

    assert [folder for folder in folders if not (source.ROOT / folder / "__init__.py").exists()] == []


def _receivers(call: ast.Call) -> list[str]:
    """The names along `a.b(x).c()`, the outermost last: ["a", "b", "c"]."""
    names: list[str] = []
    node: ast.expr = call.func
    while True:
        match node:
            case ast.Attribute(value=value, attr=attribute):
                names.append(attribute)
                node = value
            case ast.Call(func=function):
                node = function
            case ast.Name(id=name):
                return [*reversed(names)] if name == "self" and len(names) == 1 else [name, *reversed(names)]
            case _:
                return [*reversed(names)]


def _is_write(call: ast.Call) -> bool:
    *path, verb = _receivers(call) or [""]
    if not path or "super" in path or NO_ROWS & set(path):
        return False
    return verb in WRITES or (verb == "update" and bool({"objects", "filter", "all", "exclude"} & set(path)))


def test_views_do_not_write() -> None:
    edges = [path for path in OURS if len(path.parts) > 2 and path.parts[1] in EDGES and path not in SAVERS]

    assert edges
    assert [f"{path}:{call.lineno}" for path in edges for call in source.calls(path) if _is_write(call)] == []


def test_urls_are_only_lists() -> None:
    logic = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.While, ast.Try, ast.With)
    tables = [path for path in OURS if path.name == "urls.py" and path.parts[0] != "config"]

    assert [path for path in tables if any(isinstance(node, logic) for node in ast.walk(source.tree(path)))] == []


def test_nothing_is_mocked_and_nothing_is_left_to_do() -> None:
    words = re.compile(r"unittest\.mock|\bmocker\b|\bTODO\b|\bFIXME\b|\bXXX\b")
    this = Path("tests/architecture/test_shape.py")

    assert [path for path in EVERYTHING if path != this and words.search(source.text(path))] == []

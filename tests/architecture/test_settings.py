"""Every environment variable is documented, and every documented one is read."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.architecture import source

ROOT = Path(settings.BASE_DIR)
# Functions of config/settings.py whose first argument names a variable.
READERS = {"database"}
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]*)` \|", re.MULTILINE)
COMPOSED = re.compile(r"\$\{([A-Z][A-Z0-9_]*)")
LINE = re.compile(r"^#?([A-Z][A-Z0-9_]*)=", re.MULTILINE)


def _is_read(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Name(id="env"), attr=attribute):
            return attribute != "db_url"
        case ast.Name(id=name):
            return name in READERS
    return False


def read() -> set[str]:
    """The variables that config/settings.py reads."""
    tree = ast.parse((ROOT / "config" / "settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_read(node)]
    return {str(call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant)}


def _named_in(node: ast.AST) -> ast.expr | None:
    """Which variable a piece of code reads, if it reads one."""
    match node:
        case ast.Subscript(value=whole, slice=name, ctx=ast.Load()) if ast.unparse(whole) == "os.environ":
            return name
        case ast.Call(func=function, args=[name, *_]) if ast.unparse(function) in {"os.environ.get", "os.getenv"}:
            return name
        case ast.Compare(left=name, comparators=[whole]) if ast.unparse(whole) == "os.environ":
            return name
    return None


def read_elsewhere() -> dict[Path, set[str]]:
    """The variables that other files read; of a name that is no text there, its code."""
    files = [path for path in source.files() if path.name not in {"settings.py", "settings_test.py"}]
    found = ((path, _named_in(node)) for path in files for node in ast.walk(source.tree(path)))
    told: dict[Path, set[str]] = {}
    for path, name in found:
        if name is not None:
            told.setdefault(path, set()).add(str(name.value) if isinstance(name, ast.Constant) else ast.unparse(name))
    return told


# Files that hand on what they were given under names that stand elsewhere.
HANDED_ON = {
    Path("tenants/management/commands/demo.py"): "CRON_TOKEN and INTERNAL_TOKEN, which the settings read",
    Path("tenants/provisioner/programs.py"): "what a program of the system inherits",
}


def test_configuration_md_has_each_variable_once() -> None:
    documented = ROW.findall((ROOT / "docs" / "configuration.md").read_text())
    elsewhere = read_elsewhere()

    assert sorted(documented) == sorted(set(documented))
    assert {path: names for path, names in elsewhere.items() if names == {"name"}}.keys() == HANDED_ON.keys()
    composed = set(COMPOSED.findall((ROOT / "deploy" / "compose.yaml").read_text()))
    assert set(documented) == read().union(
        composed, *(names for path, names in elsewhere.items() if path not in HANDED_ON)
    )


def test_the_environment_is_read_under_no_other_name() -> None:
    """Else the page would not know of it."""
    aliased = re.compile(r"from os import .*\b(environ|getenv)|import os as |= os\.environ$", re.MULTILINE)

    assert [str(path) for path in source.files() if aliased.search(source.text(path))] == []


def test_env_example_has_each_variable_once() -> None:
    listed = LINE.findall((ROOT / ".env.example").read_text())

    assert sorted(listed) == sorted(set(listed))
    assert set(listed) == read()


def test_djangos_own_checks_find_nothing() -> None:
    call_command("check", fail_level="WARNING")


def test_under_https_no_neighbour_can_plant_a_cookie(tmp_path: Path) -> None:
    """The prefix binds a cookie to this very host, its secure address and the root path."""
    names = ("SESSION_COOKIE", "CSRF_COOKIE", "CONSOLE_COOKIE")
    code = f"from config import settings as s; print(*[getattr(s, n + '_NAME') for n in {names}])"
    flags = "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0)"
    given = {**os.environ, "BASE_URL": "https://hub.example.com", "DATA_DIR": str(tmp_path), "SANDBOX": "false"}
    told = subprocess.run(
        [sys.executable, "-c", f"{code}; {flags}"], env=given, cwd=ROOT, capture_output=True, check=True, text=True
    )

    cookies, secure = told.stdout.splitlines()
    assert cookies.split() == ["__Host-session", "__Host-csrf", "__Host-staff"]
    assert secure.split() == ["True"] * 4
    assert settings.SESSION_COOKIE_DOMAIN is None
    assert settings.CSRF_COOKIE_DOMAIN is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"DATABASE_URL": "sqlite:///unused.sqlite3", "PLATFORM_RLS": "1"}, "set DATABASE_URL to postgres://"),
        ({"COUNTS_SECONDS": "0"}, "COUNTS_SECONDS is more than 0"),
        ({"DATABASE_URL": "mysql://root:hunter2@db/mainstay"}, "DATABASE_URL: wanted sqlite:///path or postgres://"),
        ({"SANDBOX_DATABASE_URL": "/data/db.sqlite3"}, "SANDBOX_DATABASE_URL: wanted sqlite:///path or postgres://"),
    ],
    ids=["row-level security on SQLite", "counts that nobody writes", "another database", "a path for an address"],
)
def test_what_cannot_work_is_refused_in_clear_words(tmp_path: Path, wrong: dict[str, str], said: str) -> None:
    given = {**os.environ, **wrong, "DATA_DIR": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 1
    assert said in told.stderr
    assert "hunter2" not in told.stderr


def test_a_variable_that_is_there_and_empty_is_one_that_is_not_there(tmp_path: Path) -> None:
    """Compose files leave such."""
    empty = dict.fromkeys(("DATABASE_URL", "SANDBOX_DATABASE_URL", "CELERY_BROKER_URL"), "")
    known = {"REDIS_URL": "redis://127.0.0.1:6379/9", "DATA_DIR": str(tmp_path), "PLATFORM_RLS": "0"}
    given = {**os.environ, **empty, **known}
    code = "from config import settings as s; print(*[d['NAME'] for d in s.DATABASES.values()], s.CELERY_BROKER_URL)"
    told = subprocess.run([sys.executable, "-c", code], env=given, cwd=ROOT, capture_output=True, check=True, text=True)

    assert told.stdout.split() == [
        str(tmp_path / "mainstay.sqlite3"),
        str(tmp_path / "sandbox.sqlite3"),
        "redis://127.0.0.1:6379/9",
    ]

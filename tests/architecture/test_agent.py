"""The tenant's agent is a program of its own."""

import subprocess
import sys

from tests.architecture import source

FORBIDDEN = (
    "django",
    "rest_framework",
    "celery",
    "stripe",
    "djstripe",
    "platform_core",
    "orgs",
    "identity",
    "billing",
    "config",
)


def test_it_runs_without_django() -> None:
    modules = [".".join(path.with_suffix("").parts) for path in source.files("tenants/agent")]
    imports = [module for module in modules if not module.endswith("__main__")]
    code = f"import importlib, sys\nfor name in {imports!r}: importlib.import_module(name)\n"
    code += f"print([name for name in {FORBIDDEN!r} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], cwd=source.ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
    assert "tenants.agent.__main__" in modules

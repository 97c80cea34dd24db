"""Each app's `tasks.py` is its table of contents; this reads them all.

WORKFLOWS: what its jobs do. WORK: functions that do one unit of waiting work. SCHEDULE: what runs by the clock.
PERSONAL_DATA: what an export of a person's data holds of the app. REPORTS: kinds of reports (orgs.reports).
PURGED: what of the app goes with an organization (platform_core.purged).
"""

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import module_has_submodule


def _ours() -> Iterator[ModuleType]:
    for config in apps.get_app_configs():
        if config.path.startswith(str(settings.BASE_DIR)) and module_has_submodule(config.module, "tasks"):
            yield import_module(f"{config.name}.tasks")


def entries(table: str) -> list[Any]:
    """What every app lists under this name, in the order of INSTALLED_APPS."""
    return [entry for module in _ours() for entry in getattr(module, table, ())]

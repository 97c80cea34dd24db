"""Which workflows there are: those that the apps' tasks.py name."""

from platform_core import tables
from platform_core.workflow.definitions import UnknownWorkflow, Workflow

_registered: dict[str, Workflow] = {}


def register(workflow: Workflow) -> None:
    """Make a workflow known; a kind belongs to one workflow."""
    if _registered.setdefault(workflow.kind, workflow) is not workflow:
        raise ValueError(f"Two workflows are called {workflow.kind!r}.")


def forget(kind: str) -> None:
    """The opposite of register."""
    _registered.pop(kind, None)


def find(kind: str) -> Workflow:
    """The workflow of this kind."""
    if kind not in _registered:
        for workflow in tables.entries("WORKFLOWS"):
            register(workflow)
    if kind not in _registered:
        raise UnknownWorkflow(kind)
    return _registered[kind]

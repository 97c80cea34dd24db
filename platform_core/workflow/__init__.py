"""Durable work in steps. The row is the truth; whoever runs it next reads there how far it is."""

from platform_core.workflow.context import Context, Fenced
from platform_core.workflow.control import cancel, retry, start, wake
from platform_core.workflow.definitions import Again, Done, Fail, Next, Outcome, Retry, Step, Wait, Workflow

__all__ = [
    "Again",
    "Context",
    "Done",
    "Fail",
    "Fenced",
    "Next",
    "Outcome",
    "Retry",
    "Step",
    "Wait",
    "Workflow",
    "cancel",
    "retry",
    "start",
    "wake",
]
